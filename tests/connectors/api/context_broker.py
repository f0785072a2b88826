"""The part of an NGSI-LD broker that a reader meets: entities of a type, in pages, counted, filtered by an instant."""

import re
from typing import Any

from tests.connectors.api.served import Ask, Reply, Served, json_reply

_PROBLEM = "https://uri.etsi.org/ngsi-ld/errors/"
_NEWER = re.compile(r"^(\w+)>=(\S+)$")


class ContextBroker(Served):
    """``entities`` in the simplified form; pages come in no stable order."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 100
        self.entities: list[dict[str, Any]] = [
            {
                "id": f"urn:ngsi-ld:AirQualityObserved:{number:04}",
                "type": "AirQualityObserved",
                "no2": number / 10,
                "dateObserved": {"@type": "DateTime", "@value": f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z"},
            }
            for number in range(250)
        ]

    def answer(self, ask: Ask) -> Reply:
        query = ask.query
        if ask.path != "/ngsi-ld/v1/entities":
            return self._problem("ResourceNotFound", "No such path", ask.path, 404)
        if query.get("options") != "keyValues" and query.get("format") != "simplified":
            return self._problem("BadRequestData", "Unexpected form", "options", 400)
        found = [entity for entity in self.entities if entity["type"] == query.get("type")]
        for condition in filter(None, query.get("q", "").split(";")):
            newer = _NEWER.match(condition)
            if newer is None:
                return self._problem("InvalidRequest", "Invalid query", condition, 400)
            found = [one for one in found if newer[1] in one and one[newer[1]]["@value"] >= newer[2]]
        start, limit = int(query.get("offset", 0)), min(int(query["limit"]), self.most)
        page = found[start : start + limit]
        if query.get("count") == "true":
            return json_reply(page, NGSILD_Results_Count=str(len(found)))
        return json_reply(page)

    def _problem(self, kind: str, title: str, detail: str, status: int) -> Reply:
        return json_reply({"type": _PROBLEM + kind, "title": title, "detail": detail, "status": status}, status)
