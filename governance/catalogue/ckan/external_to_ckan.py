"""From an entry of somebody else's dataset to what CKAN keeps of it: theirs by every field, and a link to each file.

The same fields are ours as of our own datasets (``to_ckan``); there is no table and no preview, for no row is here.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from governance.catalogue.ckan.to_ckan import OWNED_BY_US, OWNED_BY_US_IN_RESOURCES, CkanDataset, as_tag, resource_id
from governance.catalogue.model import Catalogue, ExternalCatalogue, ExternalDataset, ExternalLink
from governance.catalogue.vocabulary import theme_uri


def external_organisation_fields(catalogue: Catalogue, external: ExternalCatalogue) -> dict[str, Any]:
    """Return what CKAN has to keep of a catalogue of others, which is an organisation there."""
    return {
        "title": external.name,
        "siren": "",
        "insee_code": "",
        "population": "",
        "homepage": external.homepage,
        "kind": "catalogue externe",
        "uri": f"{catalogue.public_address}/id/external/{external.id}",
    }


def external_ckan_dataset(catalogue: Catalogue, external: ExternalCatalogue, entry: ExternalDataset) -> CkanDataset:
    """Return what CKAN has to keep of somebody else's dataset."""
    fields: dict[str, Any] = dict.fromkeys(OWNED_BY_US, "")
    lists = ("contact", "conforms_to", "applicable_legislation", "hvd_category", "language", "temporal_coverage")
    base = f"{catalogue.public_address}/id/record/{entry.id}"
    told = {
        "title": entry.title,
        "notes": entry.description,
        "owner_org": external.id,
        "license_id": (entry.licence or "").rstrip("/").rsplit("/", 1)[-1] if _is_listed(entry.licence) else "",
        "url": entry.landing_page,
        "issued": entry.first_seen.isoformat(),
        "modified": entry.modified.isoformat() if entry.modified else "",
        "provenance": _provenance(external, entry),
        "publisher": [{"name": entry.publisher}] if entry.publisher else [],
        "theme": [str(theme_uri(code)) for code in entry.themes],
        "spatial_coverage": [{"uri": place} for place in entry.places],
        "identifier": entry.identifier,
        "uri": entry.uri,
        "external_catalogue": external.id,
    }
    return CkanDataset(
        name=entry.id,
        fields=fields | dict.fromkeys(lists, []) | told,
        tags=tuple(dict.fromkeys(tag for tag in map(as_tag, entry.keywords) if len(tag) > 1)),
        resources=tuple(_resource(base, entry, link) for link in entry.links),
        resource_mark=f"/id/record/{entry.id}#file-",
    )


def _provenance(external: ExternalCatalogue, entry: ExternalDataset) -> str:
    who = f"Jeu de données de {entry.publisher}" if entry.publisher else "Jeu de données d'un autre producteur"
    return f"{who}, signalé d'après {external.name}. Les données restent chez qui les publie."


def _is_listed(licence: str | None) -> bool:
    """Whether CKAN's list of licences can know it: that one is of SPDX's."""
    return bool(licence) and str(licence).startswith("https://spdx.org/licenses/")


def _resource(base: str, entry: ExternalDataset, link: ExternalLink) -> Mapping[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(OWNED_BY_US_IN_RESOURCES, "")
    return nothing | {
        "id": resource_id(entry.id, link.url),
        "uri": f"{base}#file-{hashlib.sha256(link.url.encode()).hexdigest()[:16]}",
        "url": link.url,
        "access_url": link.url,
        "name": link.title or link.format or "Fichier",
        "format": link.format,
        "license": entry.licence or "",
        "language": [],
        "conforms_to": [],
        "applicable_legislation": [],
    }
