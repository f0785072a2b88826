"""Entities of an NGSI-LD broker, read by watermark."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.context_broker import ContextBroker


class Adapter(ApiAdapter[ContextBroker]):
    connector = "ngsi_ld"
    cannot = {
        "unchanged_costs_nothing": "entities of the watermark's own value are asked for again; nothing is handed over",
    }

    def make(self) -> ContextBroker:
        return ContextBroker()

    def options(self) -> dict[str, Any]:
        broker = {"url": f"{self.address}/ngsi-ld/v1", "auth": "bearer"}
        return {**broker, "type": "AirQualityObserved", "watermark": "dateObserved"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": f"{self.address}/absent", "type": "AirQualityObserved"}

    def expected(self) -> Any:
        return {one["id"]: one for one in [*self.service.entities, *getattr(self, "removed", [])]}

    def change(self) -> None:
        when = {"@type": "DateTime", "@value": "2025-02-01T00:00:00Z"}
        self.service.entities[7] = {**self.service.entities[7], "no2": 99.5, "dateObserved": when}

    def remove(self) -> None:
        self.removed = [self.service.entities.pop(3)]
