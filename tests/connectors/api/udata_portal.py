"""The part of udata's API v2 that a reader meets: resources of a dataset in pages, one resource, errors."""

import hashlib
from typing import Any

from tests.connectors.api.served import Ask, Reply, Served, json_reply
from tests.connectors.example_site import CONTENT


class UdataPortal(Served):
    """One dataset; each resource has a hosted file."""

    def __init__(self) -> None:
        super().__init__()
        self.files = {"r1": CONTENT}
        self.described: list[dict[str, Any]] = []
        self.dates = {"r1": "2025-01-01T00:00:00+00:00"}
        self.schemas: dict[str, str] = {"r1": "scdl/subventions"}
        self.kind = "file"
        self.withdrawn = False

    def put(self, name: str, content: bytes, date: str, schema: str = "") -> None:
        self.files[name], self.dates[name] = content, date
        if schema:
            self.schemas[name] = schema

    def answer(self, ask: Ask) -> Reply:
        parts = ask.path.strip("/").split("/")
        if parts[0] == "files" and parts[1] in self.files:
            return Reply(self.files[parts[1]], headers={"Content-Type": "text/csv"}, is_file=True)
        if self.withdrawn:
            return json_reply({"message": "Dataset has been deleted"}, 410)
        match parts:
            case ["api", "1", "datasets", "r", name] if name in self.files:
                return Reply(b"", 302, {"Location": f"{ask.base}/files/{name}/fichier.csv"})
            case ["api", "2", "datasets", "resources", name] if name in self.files:
                return json_reply({"dataset_id": "d", "resource": self._resource(name, ask.base)})
            case ["api", "2", "datasets", "search"]:
                return self._found(ask)
            case ["api", "2", "datasets", "subventions", "resources"]:
                return self._page(ask)
        return json_reply({"message": "The requested URL was not found on the server."}, 404)

    def _found(self, ask: Ask) -> Reply:
        page, zone = int(ask.query["page"]), ask.query["geozone"]
        known = [each for each in self.described if zone in each["spatial"]["zones"]]
        more = page * 2 < len(known)
        link = f"{ask.base}{ask.path}?geozone={zone}&page={page + 1}" if more else None
        return json_reply({"data": known[(page - 1) * 2 : page * 2], "next_page": link, "total": len(known)})

    def _page(self, ask: Ask) -> Reply:
        page, size = int(ask.query["page"]), 2
        names = list(self.files)[(page - 1) * size : page * size]
        more = page * size < len(self.files)
        link = f"{ask.base}{ask.path}?page={page + 1}&page_size={size}" if more else None
        data = [self._resource(name, ask.base) for name in names]
        return json_reply({"data": data, "next_page": link, "page": page, "page_size": size, "total": len(self.files)})

    def _resource(self, name: str, base: str) -> dict[str, Any]:
        value = hashlib.sha1(self.files[name], usedforsecurity=False).hexdigest()
        return {
            "id": name,
            "title": f"Subventions {name}",
            "format": "csv",
            "filetype": self.kind,
            "url": f"{base}/files/{name}/fichier.csv",
            "latest": f"{base}/api/1/datasets/r/{name}",
            "checksum": {"type": "sha1", "value": value},
            "last_modified": self.dates[name],
            "schema": {"name": self.schemas[name], "version": "2.1.0"} if name in self.schemas else None,
        }
