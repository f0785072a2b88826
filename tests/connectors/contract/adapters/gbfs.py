"""Stations of a system of shared bicycles, whose feeds no longer hold: they are asked for each time."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.bike_system import BikeSystem


class Adapter(ApiAdapter[BikeSystem]):
    connector = "gbfs"
    key = "station_id"
    cannot = {
        "unchanged_costs_nothing": "nothing is asked while the feed's ttl runs; past it the feeds come whole",
        "has_a_watermark": "the feeds come whole",
        "tells_what_is_gone": "the feeds come whole; max_shrink guards the rows",
    }

    def make(self) -> BikeSystem:
        return BikeSystem()

    def options(self) -> dict[str, Any]:
        return {"url": f"{self.address}/gbfs.json", "auth": "bearer"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": f"{self.address}/absent.json"}

    def expected(self) -> Any:
        stations = self.service.information
        return {key: {"station_id": key, **one, **self.service.status[key]} for key, one in stations.items()}

    def change(self) -> None:
        self.service.status["s007"] = {"num_bikes": 99}
