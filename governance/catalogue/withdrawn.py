"""Tombstones: what was published once and is no longer, so that nobody takes its absence for a fault.

A tombstone lies with the last state in ``archive/<id>/tombstone.json``; the same facts are published as
``withdrawn.ttl`` and answered with 410 Gone at each of the dataset's addresses. It names an identifier and two dates,
nothing of what the rows held.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rdflib import DCTERMS, PROV, RDF, Graph

from governance.catalogue.graph import GraphWriter
from governance.catalogue.model import Catalogue
from governance.catalogue.vocabulary import ADMS, WITHDRAWN

_NAME = "tombstone.json"
_AN_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Tombstone(BaseModel):
    """One dataset that is no longer published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    last_modified: datetime
    archived: datetime
    """When it left the catalogue."""

    @property
    def content(self) -> bytes:
        """Return it as its file holds it."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def tombstone_path(root: Path, dataset_id: str) -> Path:
    """Where a dataset's tombstone lies below the catalogue's folder."""
    return root / "archive" / dataset_id / _NAME


def read_tombstones(root: Path) -> dict[str, Tombstone]:
    """Return every tombstone below the catalogue's folder by id, those of datasets that came back too."""
    found = (read for path in (root / "archive").glob(f"*/{_NAME}") if (read := _read(path)))
    return {each.id: each for each in found}


def find_tombstone(root: Path, dataset_id: str) -> Tombstone | None:
    """Return the tombstone of a dataset that is withdrawn now; None for one that is open or never was published."""
    if not _AN_ID.fullmatch(dataset_id) or (root / "current" / "datasets" / f"{dataset_id}.json").is_file():
        return None
    return _read(tombstone_path(root, dataset_id))


def _read(path: Path) -> Tombstone | None:
    try:
        return Tombstone.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None


def tombstones_of(
    known: Mapping[str, Tombstone], vanished: Mapping[str, datetime], open_now: Iterable[str], now: datetime
) -> tuple[Tombstone, ...]:
    """Return what is withdrawn after a publication, sorted by id.

    ``vanished`` are the last dates of change of what leaves with this publication, by id.
    """
    fresh = {
        name: Tombstone(id=name, last_modified=modified, archived=now.replace(microsecond=0))
        for name, modified in vanished.items()
    }
    back = set(open_now)
    return tuple(each for name, each in sorted({**known, **fresh}.items()) if name not in back)


def build_withdrawn_graph(catalogue: Catalogue, tombstones: Iterable[Tombstone]) -> Graph:
    """Return the tombstones as a graph.

    None is a ``dcat:Dataset``: harvesters take whatever bears that class for alive (ckanext-dcat and udata both do).
    """
    to = GraphWriter(catalogue, "3.0.1")
    for each in tombstones:
        me = to.uri("dataset", each.id)
        to.add(me, RDF.type, PROV.Entity)
        to.add(me, DCTERMS.identifier, each.id)
        to.add(me, ADMS.status, WITHDRAWN)
        to.add(me, DCTERMS.modified, each.last_modified)
        to.add(me, PROV.invalidatedAtTime, each.archived)
    return to.graph
