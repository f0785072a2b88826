"""The records of a DCAT-AP catalogue; the file of a distribution has its own tests."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.dcat_catalogue import DcatCatalogue


class Adapter(ApiAdapter[DcatCatalogue]):
    connector = "dcat"
    key = "identifier"
    cut_bytes = 15_000
    cannot = {
        "unchanged_costs_nothing": "a catalogue comes whole; a distribution's file costs nothing when unchanged",
        "has_a_watermark": "a catalogue comes whole",
        "tells_what_is_gone": "a catalogue comes whole; max_shrink guards the rows",
    }

    def make(self) -> DcatCatalogue:
        return DcatCatalogue()

    def options(self) -> dict[str, Any]:
        return {"url": f"{self.address}/catalog", "auth": "bearer"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": f"{self.address}/absent"}

    def expected(self) -> Any:
        return {name: self._record(name) for name in self.service.titles}

    def change(self) -> None:
        self.service.titles["d07"] = "Autre titre"

    def _record(self, name: str) -> dict[str, Any]:
        uri = f"https://data.example.org/{name}"
        file = {
            "uri": f"{uri}/csv",
            "format": "http://publications.europa.eu/resource/authority/file-type/CSV",
            "mediaType": "https://www.iana.org/assignments/media-types/text/csv",
            "downloadURL": f"{self.address}/files/fichier.csv",
        }
        return {
            "uri": uri,
            "identifier": name,
            "title": self.service.titles[name],
            "publisher": "Commune d'exemple",
            "keyword": ["associations", "subventions"],
            "distribution": [file],
        }
