"""From a catalogue to what CKAN keeps of it. Pure; and the one place that says which fields of CKAN are ours.

Whatever is not listed here belongs to people: another field, a group, a resource of their own, a tag they added.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.catalogue.model import FORMAT_NAMES, Catalogue, Distribution, Organisation, PublishedDataset
from governance.catalogue.vocabulary import (
    COMPANY,
    COMPLETED,
    FRENCH,
    LOCAL_AUTHORITY,
    PUBLIC,
    STABLE,
    file_type_uris,
    frequency_uri,
    place_uri,
    theme_uri,
)

OWNED_BY_US = (
    "title", "title_en", "notes", "notes_en", "owner_org", "license_id", "url", "issued", "modified", "frequency",
    "version", "provenance", "temporal_coverage", "spatial_coverage", "contact", "publisher", "theme", "conforms_to",
    "applicable_legislation", "hvd_category", "access_rights", "language", "is_part_of", "identifier", "uri",
    "offer_uri", "quality_rows", "quality_quarantined", "archived_on", "external_catalogue",
)  # fmt: skip
"""Fields of a dataset that each publication makes equal to the catalogue; a person's edit of one is undone."""

OWNED_BY_US_IN_RESOURCES = (
    "url", "name", "description", "format", "mimetype", "size", "hash", "hash_algorithm", "hash_sha1", "rights",
    "availability", "status", "license", "access_url", "download_url", "issued", "modified", "language",
    "conforms_to", "applicable_legislation", "access_service_uri", "uri",
)  # fmt: skip
"""The same of our resources. A resource with another id is a person's, and is not looked at."""

OWNED_BY_US_IN_ORGANISATIONS = ("title", "siren", "insee_code", "population", "homepage", "kind", "uri")
"""The same of an organisation. Its description and groups are people's; its logo too, unless one is declared."""

_KINDS = {"member": "commune membre", "partner": "partenaire", "federation": "fédération"}
_NOT_IN_A_TAG = re.compile(r"[^\w \-.]", re.UNICODE)


@dataclass(frozen=True)
class CkanDataset:
    """What CKAN has to keep of one dataset."""

    name: str
    fields: Mapping[str, Any]
    """Exactly ``OWNED_BY_US``; empty text or list where there is nothing."""
    tags: tuple[str, ...]
    """Always there; people may add others."""
    resources: tuple[Mapping[str, Any], ...]
    """Exactly ``OWNED_BY_US_IN_RESOURCES`` and ``id``, in the order of the formats."""
    resource_mark: str
    """What the identifiers of our resources have and nobody else's. What begins them may have changed since."""


def resource_id(dataset_id: str, kind: str) -> str:
    """Return a resource's id: always the same, so that a cut publication makes no double.

    It does not depend on the platform's address, which may change: the resource and its views then stay.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"archipel/{dataset_id}/{kind}"))


def as_tag(keyword: str) -> str:
    """Return a keyword as CKAN accepts it: letters, digits, spaces, ``-``, ``_`` and ``.``, up to a hundred."""
    return " ".join(_NOT_IN_A_TAG.sub(" ", keyword).split())[:100].strip()


def organisation_fields(catalogue: Catalogue, organisation: Organisation) -> dict[str, Any]:
    """Return what CKAN has to keep of an organisation."""
    fields: dict[str, Any] = {
        "title": organisation.name,
        "siren": organisation.siren,
        "insee_code": organisation.insee_code or "",
        "population": organisation.population or "",
        "homepage": organisation.homepage or "",
        "kind": _KINDS[organisation.kind] + (" (exemple)" if organisation.example else ""),
        "uri": f"{catalogue.public_address}/id/organisation/{organisation.id}",
    }
    return fields | ({"image_url": organisation.logo} if organisation.logo else {})


def ckan_dataset(catalogue: Catalogue, dataset: PublishedDataset) -> CkanDataset:
    """Return what CKAN has to keep of a dataset of the catalogue.

    Raises:
        CatalogueError: its theme is none of the EU table.
    """
    base = f"{catalogue.public_address}/id"
    files = [_file(base, catalogue, dataset, distribution) for distribution in dataset.distributions]
    tags = tuple(dict.fromkeys(tag for tag in map(as_tag, dataset.keywords) if len(tag) > 1))
    return CkanDataset(
        name=dataset.id,
        fields={
            **_about(base, catalogue, dataset),
            **_extent(dataset),
            **_people(base, catalogue, dataset),
            **_terms(base, dataset),
        },
        tags=tags,
        resources=(*files, *_services(base, catalogue, dataset)),
        resource_mark=f"/id/distribution/{dataset.id}/",
    )


def _about(base: str, catalogue: Catalogue, dataset: PublishedDataset) -> dict[str, Any]:
    quality = dataset.quality
    return {
        "title": dataset.title.fr,
        "title_en": dataset.title.en,
        "notes": dataset.description.fr,
        "notes_en": dataset.description.en,
        "url": f"{catalogue.public_address}/fr/datasets/{dataset.dataset}",
        "issued": dataset.issued.isoformat(),
        "modified": dataset.modified.isoformat(),
        "version": dataset.contract_version,
        "provenance": dataset.provenance.fr,
        "language": [str(FRENCH)],
        "is_part_of": f"{base}/dataset/{dataset.part_of}" if dataset.part_of else "",
        "identifier": dataset.id,
        "uri": f"{base}/dataset/{dataset.id}",
        "quality_rows": dataset.rows,
        "quality_quarantined": f"{quality.quarantined_share:.4f}" if quality else "",
        "archived_on": "",
        "external_catalogue": "",
    }


def _extent(dataset: PublishedDataset) -> dict[str, Any]:
    period = dataset.period
    return {
        "frequency": str(frequency_uri(dataset.frequency)) if dataset.frequency else "",
        "theme": [str(theme_uri(dataset.theme))] if dataset.theme else [],
        "spatial_coverage": [{"uri": str(place_uri(place)), "text": place.name} for place in dataset.places],
        "temporal_coverage": [{"start": str(period.start), "end": str(period.end)}] if period else [],
    }


def _people(base: str, catalogue: Catalogue, dataset: PublishedDataset) -> dict[str, Any]:
    who = catalogue.organisation(dataset.publisher)
    uri = f"{base}/organisation/{who.id}"
    agent = {
        "uri": uri,
        "name": who.name,
        "url": who.homepage or "",
        "type": str(COMPANY if who.kind == "partner" else LOCAL_AUTHORITY),
        "identifier": who.siren,
    }
    contact = {"uri": f"{uri}#contact", "name": who.contact_name or who.name, "email": who.contact_email}
    return {"owner_org": who.id, "publisher": [agent], "contact": [contact] if who.contact_email else []}


def _terms(base: str, dataset: PublishedDataset) -> dict[str, Any]:
    return {
        "license_id": dataset.licence.rstrip("/").rsplit("/", 1)[-1],
        "access_rights": str(PUBLIC),
        "conforms_to": [dataset.conforms_to] if dataset.conforms_to else [],
        "applicable_legislation": list(dataset.applicable_legislation),
        "hvd_category": [dataset.hvd_category] if dataset.hvd_category else [],
        "offer_uri": f"{base}/offer/{dataset.id}",
    }


def _resource(base: str, dataset: PublishedDataset, kind: str) -> dict[str, Any]:
    """What every resource of a dataset says."""
    uri = f"{base}/distribution/{dataset.id}/{kind}"
    nothing: dict[str, Any] = dict.fromkeys(OWNED_BY_US_IN_RESOURCES, "")
    return nothing | {
        "id": resource_id(dataset.id, kind),
        "uri": uri,
        "rights": str(PUBLIC),
        "availability": str(STABLE),
        "status": str(COMPLETED),
        "license": dataset.licence,
        "modified": dataset.modified.isoformat(),
        "language": [str(FRENCH)],
        "conforms_to": [dataset.conforms_to] if dataset.conforms_to else [],
        "applicable_legislation": list(dataset.applicable_legislation),
        "access_service_uri": f"{base}/feed/{dataset.dataset}" if dataset.has_feed else "",
    }


def _file(base: str, catalogue: Catalogue, dataset: PublishedDataset, file: Distribution) -> dict[str, Any]:
    address = f"{catalogue.public_address}/catalogue/{file.file}"
    _, media_type = file_type_uris(file.format)
    return _resource(base, dataset, file.format) | {
        "url": address,
        "access_url": address,
        "download_url": address,
        "name": f"Toutes les lignes ({FORMAT_NAMES[file.format]})",
        "description": f"{dataset.title.fr}, {dataset.rows} lignes.",
        "format": FORMAT_NAMES[file.format],
        "mimetype": str(media_type).split("media-types/")[-1],
        "size": file.bytes,
        "hash": file.sha256,
        "hash_sha1": file.sha1,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "issued": file.issued.isoformat(),
    }


def _services(base: str, catalogue: Catalogue, dataset: PublishedDataset) -> list[dict[str, Any]]:
    feed = [_feed(base, catalogue, dataset)] if dataset.has_feed else []
    return [*feed, *([_map(base, catalogue, dataset)] if dataset.has_map else [])]


def _map(base: str, catalogue: Catalogue, dataset: PublishedDataset) -> dict[str, Any]:
    """The harmonised dataset's OGC API Features collection."""
    return _resource(base, dataset, "ogc") | {
        "url": f"{catalogue.public_address}/v1/ogc/collections/{dataset.dataset}",
        "name": "Sur une carte (OGC API Features)",
        "description": f"{dataset.title.fr}, pour QGIS et d'autres, avec filtres, emprise et pages.",
        "format": "API",
        "issued": dataset.issued.isoformat(),
        "access_service_uri": f"{base}/ogc/{dataset.dataset}",
    }


def _feed(base: str, catalogue: Catalogue, dataset: PublishedDataset) -> dict[str, Any]:
    """The feed is the harmonised dataset's; a slice asks it for its own rows."""
    own = f"?member_id={dataset.publisher}" if dataset.part_of else ""
    return _resource(base, dataset, "api") | {
        "url": f"{catalogue.public_address}/v1/feeds/{dataset.dataset}{own}",
        "name": "Lignes choisies (API)",
        "description": f"{dataset.title.fr}, par appel, en CSV, JSON ou Parquet, avec filtres et pages.",
        "format": "API",
        "issued": dataset.issued.isoformat(),
    }
