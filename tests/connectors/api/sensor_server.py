"""The part of SensorThings 1.1 that a reader meets: one set, expanded, filtered by time, in pages that link on."""

import re
from typing import Any
from urllib.parse import urlencode

from tests.connectors.api.served import Ask, Reply, Served, json_reply

_NEWER = re.compile(r"(phenomenonTime|resultTime) ge (\S+)$")


class SensorServer(Served):
    """``observations`` of one datastream."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 100
        self.announced: int | None = None
        self.observations: list[dict[str, Any]] = [observation(number) for number in range(250)]

    def answer(self, ask: Ask) -> Reply:
        if ask.path != "/v1.1/Observations":
            return json_reply({"code": 404, "type": "error", "message": "Nothing found."}, 404)
        found = self.observations
        if condition := ask.query.get("$filter"):
            newer = _NEWER.search(condition)
            if newer is None:
                return json_reply(
                    {"code": 400, "type": "error", "message": f"Failed to parse filter: {condition}"}, 400
                )
            found = [one for one in found if str(one[newer[1]]).rpartition("/")[2] >= newer[2]]
        start, limit = int(ask.query.get("$skip", 0)), min(int(ask.query["$top"]), self.most)
        page = [self._expanded(one, ask.query.get("$expand")) for one in found[start : start + limit]]
        value: dict[str, Any] = {"value": page}
        if ask.query.get("$count") == "true":
            value["@iot.count"] = len(found) if self.announced is None else self.announced
        if start + limit < len(found):
            query = urlencode({**ask.query, "$skip": start + limit})
            value["@iot.nextLink"] = f"{ask.base}{ask.path}?{query}"
        return json_reply(value)

    def _expanded(self, one: dict[str, Any], expand: str | None) -> dict[str, Any]:
        return {**one, "Datastream": {"@iot.id": 7, "name": "NO2"}} if expand == "Datastream" else one


def observation(number: int, **changed: Any) -> dict[str, Any]:
    """One measure a second."""
    instant = f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z"
    return {"@iot.id": number, "phenomenonTime": instant, "resultTime": instant, "result": number / 10, **changed}
