"""Observations of a SensorThings server, read by watermark."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.sensor_server import SensorServer, observation


class Adapter(ApiAdapter[SensorServer]):
    connector = "sensorthings"
    key = "@iot.id"
    cannot = {
        "unchanged_costs_nothing": "observations of the last instant are asked for again; nothing is handed over",
    }

    def make(self) -> SensorServer:
        return SensorServer()

    def options(self) -> dict[str, Any]:
        return {"url": f"{self.address}/v1.1", "watermark": "phenomenonTime", "auth": "bearer"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": f"{self.address}/v1.1", "entity": "Absent"}

    def expected(self) -> Any:
        return {one["@iot.id"]: one for one in [*self.service.observations, *getattr(self, "removed", [])]}

    def change(self) -> None:
        self.service.observations.append(observation(250, phenomenonTime="2025-02-01T00:00:00Z"))

    def remove(self) -> None:
        self.removed = [self.service.observations.pop(3)]
