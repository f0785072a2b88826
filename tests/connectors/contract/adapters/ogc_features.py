"""A layer of an OGC API - Features; WFS has its own tests."""

import json
from pathlib import Path
from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.geo_services import GeoServices, point


class Adapter(ApiAdapter[GeoServices]):
    connector = "ogc_features"
    cannot = {
        "unchanged_costs_nothing": "the service does not say what changed, so all features come each time",
        "has_a_watermark": "the service does not say what changed, so all features come each time",
        "tells_what_is_gone": "all features come each time; max_shrink guards the rows",
    }

    def make(self) -> GeoServices:
        return GeoServices()

    def options(self) -> dict[str, Any]:
        return {"url": self.address, "layer": "bornes", "auth": "bearer"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": self.address, "layer": "absent"}

    def content_of(self, path: Path) -> Any:
        return {one["id"]: one for one in json.loads(path.read_bytes())["features"]}

    def expected(self) -> Any:
        return {one["id"]: one for one in self.service.features}

    def change(self) -> None:
        self.service.features.append(point(250))
