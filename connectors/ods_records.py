"""A dataset as Opendatasoft's Explore API v2.1 lists it, as a record of ``connectors.listings``.

Quirks: ``metas.default`` has the names of Opendatasoft, ``metas.dcat`` those of DCAT where the portal fills them in;
``references`` is free text, mostly the page that the dataset came from.
"""

from typing import Any
from urllib.parse import quote

from connectors.listings import Record, said, text_at


def record_of(described: dict[str, Any], portal: str) -> Record:
    """Return what a portal at that address says of one dataset; fields that are not said are absent."""
    name = quote(text_at(described, "dataset_id"), safe="")
    page = f"{portal}/explore/dataset/{name}/"
    default = ("metas", "default")
    export = f"{portal}/api/explore/v2.1/catalog/datasets/{name}/exports/csv"
    return said(
        {
            "uri": page,
            "title": text_at(described, *default, "title") or text_at(described, "dataset_id"),
            "description": text_at(described, *default, "description"),
            "publisher": text_at(described, *default, "publisher"),
            "issued": text_at(described, "metas", "dcat", "issued"),
            "modified": text_at(described, *default, "modified"),
            "license": text_at(described, *default, "license_url") or text_at(described, *default, "license"),
            "landingPage": [page, text_at(described, *default, "references")],
            "keyword": _listed(described, "keyword"),
            "theme": _listed(described, "theme"),
            "spatial": [*_listed(described, "territory"), text_at(described, "metas", "dcat", "spatial")],
            "distribution": [{"title": "CSV", "downloadURL": export, "format": "CSV"}]
            if described.get("has_records")
            else [],
        }
    )


def _listed(described: dict[str, Any], name: str) -> list[str]:
    metas = described.get("metas")
    default = metas.get("default") if isinstance(metas, dict) else None
    value = default.get(name) if isinstance(default, dict) else None
    return [str(each) for each in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
