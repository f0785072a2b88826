"""A dataset as CKAN's ``package_search`` tells it, as a record of ``connectors.listings``.

Quirks: what an extension added stands among the fields or among ``extras``; ``url`` is the page that the dataset came
from, where it was harvested; ``hash`` is whatever the publisher wrote.
"""

from connectors.listings import Record, objects_at, said, text_at


def record_of(package: Record, portal: str) -> Record:
    """Return what a portal at that address says of one dataset; fields that are not said are absent."""
    told: Record = {text_at(each, "key"): each.get("value") for each in objects_at(package, "extras")} | package
    themes = told.get("theme")
    page = f"{portal}/dataset/{told.get('name') or told.get('id')}"
    return said(
        {
            "uri": text_at(told, "uri") or page,
            "identifier": text_at(told, "id"),
            "title": text_at(told, "title") or text_at(told, "name"),
            "description": text_at(told, "notes"),
            "publisher": text_at(told, "organization", "title") or text_at(told, "organization", "name"),
            "issued": text_at(told, "issued") or text_at(told, "metadata_created"),
            "modified": text_at(told, "modified") or text_at(told, "metadata_modified"),
            "license": text_at(told, "license_url") or text_at(told, "license_id"),
            "landingPage": [page, text_at(told, "url")],
            "keyword": [text_at(tag, "display_name") or text_at(tag, "name") for tag in objects_at(told, "tags")],
            "theme": themes if isinstance(themes, list) else [],
            "spatial": [text_at(told, "spatial_uri"), text_at(told, "spatial_text"), *_places(told)],
            "distribution": [_distribution(resource) for resource in objects_at(told, "resources")],
        }
    )


def _places(told: Record) -> list[str]:
    covered = objects_at(told, "spatial_coverage")
    return [text_at(place, name) for place in covered for name in ("uri", "text")]


def _distribution(resource: Record) -> Record:
    return said(
        {
            "identifier": text_at(resource, "id"),
            "title": text_at(resource, "name"),
            "downloadURL": text_at(resource, "url"),
            "format": text_at(resource, "format"),
            "mediaType": text_at(resource, "mimetype"),
            "modified": text_at(resource, "last_modified"),
            "checksum": text_at(resource, "hash"),
        }
    )
