"""A system of shared bicycles in GBFS 2.3 or 3.0: discovery and the two feeds of its stations."""

from datetime import UTC, datetime
from typing import Any

from tests.connectors.api.served import Ask, Reply, Served, json_reply

NAMES = ("station_information", "station_status")


class BikeSystem(Served):
    """``information`` and ``status`` by station; ``written`` is when the feeds say they were."""

    def __init__(self, version: str = "2.3") -> None:
        super().__init__()
        self.version = version
        self.written, self.ttl = datetime(2025, 1, 1, tzinfo=UTC), 60
        self.languages = ("en", "fr")
        self.feeds = list(NAMES)
        self.information: dict[str, dict[str, Any]] = {f"s{number:03}": {"capacity": 20} for number in range(250)}
        self.status: dict[str, dict[str, Any]] = {f"s{number:03}": {"num_bikes": number} for number in range(250)}

    def answer(self, ask: Ask) -> Reply:
        name = ask.path.rpartition("/")[2].removesuffix(".json")
        if name == "gbfs":
            return self._feed(self._discovery(ask.base))
        if name in NAMES:
            stations = self.information if name == NAMES[0] else self.status
            return self._feed({"stations": [{"station_id": key, **one} for key, one in stations.items()]})
        return Reply(b"not found", 404)

    def _discovery(self, base: str) -> dict[str, Any]:
        def listed(folder: str) -> dict[str, Any]:
            return {"feeds": [{"name": name, "url": f"{base}{folder}/{name}.json"} for name in self.feeds]}

        if self.version.startswith("3"):
            return listed("")
        return {language: listed(f"/{language}") for language in self.languages}

    def _feed(self, data: dict[str, Any]) -> Reply:
        when = self.written.isoformat() if self.version.startswith("3") else int(self.written.timestamp())
        return json_reply({"last_updated": when, "ttl": self.ttl, "version": self.version, "data": data})
