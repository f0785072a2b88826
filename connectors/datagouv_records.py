"""A dataset as udata's search (API v2) tells it, as a record of ``connectors.listings``.

Quirks: what data.gouv.fr harvested names the page it came from under ``harvest``, which is how a portal finds its own
again; licences are short names; zones are named ``fr:commune:44184``.
"""

from typing import Any

from connectors.listings import Record, objects_at, said, text_at


def record_of(described: dict[str, Any]) -> Record:
    """Return what the portal says of one dataset; fields that are not said are absent."""
    page, source = text_at(described, "page"), ("harvest", "remote_url")
    spatial = described.get("spatial")
    zones = spatial.get("zones") if isinstance(spatial, dict) else None
    tags = described.get("tags")
    return said(
        {
            "uri": text_at(described, "uri") or page,
            "identifier": text_at(described, "harvest", "uri") or text_at(described, "id"),
            "title": text_at(described, "title"),
            "description": text_at(described, "description"),
            "publisher": text_at(described, "organization", "name"),
            "issued": text_at(described, "created_at"),
            "modified": text_at(described, "last_update") or text_at(described, "last_modified"),
            "license": text_at(described, "license"),
            "landingPage": [page, text_at(described, *source)],
            "keyword": [str(tag) for tag in tags] if isinstance(tags, list) else [],
            "spatial": [text_at(each, "id") if isinstance(each, dict) else str(each) for each in zones or []],
            "distribution": [
                said(
                    {
                        "title": text_at(each, "title"),
                        "downloadURL": text_at(each, "url"),
                        "format": text_at(each, "format"),
                    }
                )
                for each in objects_at(described, "resources")
            ],
        }
    )
