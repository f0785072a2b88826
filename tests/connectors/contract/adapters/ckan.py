"""A resource of a CKAN portal."""

from pathlib import Path
from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.ckan_portal import CkanPortal

FILE = "/dataset/d/resource/r1/download/fichier.csv"


class Adapter(ApiAdapter[CkanPortal]):
    connector = "ckan"
    cannot = {
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def make(self) -> CkanPortal:
        return CkanPortal()

    def options(self) -> dict[str, Any]:
        return {"url": self.address, "resource": "r1", "auth": "key"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": self.address, "resource": "absent"}

    def content_of(self, path: Path) -> bytes:
        return path.read_bytes()

    def expected(self) -> bytes:
        return self.service.files[FILE]

    def change(self) -> None:
        self.service.files[FILE] += b"99999;nouveau\n"
        self.service.resources[0]["hash"] = "h2"
