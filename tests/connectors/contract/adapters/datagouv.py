"""A resource of a udata portal."""

from pathlib import Path
from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.udata_portal import UdataPortal


class Adapter(ApiAdapter[UdataPortal]):
    connector = "datagouv"
    cannot = {
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def make(self) -> UdataPortal:
        return UdataPortal()

    def options(self) -> dict[str, Any]:
        return {"url": self.address, "dataset": "subventions", "schema_name": "scdl/subventions", "auth": "key"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": self.address, "resource": "absent"}

    def content_of(self, path: Path) -> bytes:
        return path.read_bytes()

    def expected(self) -> bytes:
        return self.service.files["r1"]

    def change(self) -> None:
        self.service.files["r1"] += b"99999;nouveau\n"
