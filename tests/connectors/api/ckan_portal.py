"""The part of CKAN's action API that a reader meets: show, search, errors in its own form, a DataStore dump."""

from typing import Any

from tests.connectors.api.served import Ask, Reply, Served, json_reply
from tests.connectors.example_site import CONTENT


def fail(kind: str, message: str, status: int) -> Reply:
    """An error as CKAN says it."""
    return json_reply({"success": False, "error": {"__type": kind, "message": message}}, status)


class CkanPortal(Served):
    """One dataset of several resources; ``files`` by path."""

    def __init__(self) -> None:
        super().__init__()
        self.token: str | None = None
        self.packages: list[dict[str, Any]] = []
        self.announced = 0
        """How many datasets the search says there are, beyond those that it gives."""
        self.files = {"/dataset/d/resource/r1/download/fichier.csv": CONTENT}
        self.resources: list[dict[str, Any]] = [self.resource("r1", last_modified="2025-01-02T00:00:00", hash="h1")]

    def resource(self, key: str, **changed: Any) -> dict[str, Any]:
        path = f"/dataset/d/resource/{key}/download/fichier.csv"
        known = {"id": key, "name": f"Subventions {key}", "format": "CSV", "url_type": "upload", "path": path}
        return {**known, "created": "2025-01-01T00:00:00", "datastore_active": False, **changed}

    def answer(self, ask: Ask) -> Reply:
        if self.token is not None and ask.headers.get("Authorization") != self.token:
            return fail("Authorization Error", "Access denied: private", 403)
        if ask.path in self.files:
            return Reply(self.files[ask.path], headers={"Content-Type": "text/csv"}, is_file=True)
        told = [self._told(resource, ask.base) for resource in self.resources]
        if ask.path == "/api/action/package_show":
            if ask.query.get("id") == "subventions":
                return self._success({"id": "d", "name": "subventions", "resources": told})
            return fail("Not Found Error", "Not found: Dataset was not found.", 404)
        if ask.path == "/api/action/package_search":
            wanted = ask.query.get("fq", "").removeprefix("organization:")
            known = [each for each in self.packages if wanted in ("", each["organization"]["name"])]
            start, rows = int(ask.query["start"]), min(int(ask.query["rows"]), 2)
            return self._success({"count": len(known) + self.announced, "results": known[start : start + rows]})
        if ask.path == "/api/action/resource_show":
            found = [resource for resource in told if resource["id"] == ask.query.get("id")]
            return (
                self._success(found[0]) if found else fail("Not Found Error", "Not found: Resource was not found.", 404)
            )
        return Reply(b"<html>not found</html>", 404, {"Content-Type": "text/html"})

    def _told(self, resource: dict[str, Any], base: str) -> dict[str, Any]:
        path = resource["path"]
        url = path if "://" in path or not path else f"{base}{path}"
        return {name: value for name, value in resource.items() if name != "path"} | {"url": url}

    def _success(self, result: Any) -> Reply:
        return json_reply({"help": "...", "success": True, "result": result})
