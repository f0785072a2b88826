"""The machine files of one version: each dataset described once, then joined into the whole and each one's part."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from governance.catalogue.external.to_dcat import build_external_graph
from governance.catalogue.model import Catalogue, ExternalCatalogue, Organisation, PublishedDataset
from governance.catalogue.notation import join_json_ld, join_turtle, to_json_ld, to_turtle
from governance.catalogue.paging import Page, split
from governance.catalogue.to_dcat import (
    build_catalogue_graph,
    build_dataset_graph,
    build_organisation_graph,
    build_page_graph,
)
from governance.catalogue.withdrawn import Tombstone, build_withdrawn_graph

DATASET_PAGES = (".ttl", "-2.1.1.ttl", ".jsonld", ".json")
"""How the names of a dataset's pages end."""
_GRAPH_PAGES = (".ttl", ".jsonld")


@dataclass(frozen=True)
class Kept:
    """Folder of the version before, and what has not changed since, by id."""

    folder: Path
    datasets: frozenset[str]
    organisations: frozenset[str]
    pages: frozenset[int]
    """Numbers of the pages that are as they were."""
    external: frozenset[str] = frozenset()
    """Ids of the catalogues of others of which nothing has changed."""


def write_pages(
    draft: Path, catalogue: Catalogue, kept: Kept | None, pages: int = 1, tombstones: Sequence[Tombstone] = ()
) -> int:
    """Fill a new folder with all that programs read but the index; return the bytes written.

    What has not changed is a second name of the same file. The catalogue is also cut into so many pages.

    Raises:
        CatalogueError: a dataset bears a theme that the EU table does not know.
        OSError: the disk refused.
    """
    for folder in ("datasets", "organisations", "pages", "external"):
        (draft / folder).mkdir()
    written = sum(_write_dataset(draft, catalogue, dataset, kept) for dataset in catalogue.datasets)
    written += sum(_write_organisation(draft, catalogue, who, kept) for who in catalogue.organisations)
    written += sum(_write_page(draft, catalogue, page, kept) for page in split(catalogue, pages))
    written += sum(_write_external(draft, catalogue, each, kept) for each in catalogue.external)
    gone = build_withdrawn_graph(catalogue, tombstones)
    written += _write(draft / "withdrawn.ttl", (to_turtle(gone),))
    written += _write(draft / "withdrawn.jsonld", (to_json_ld(gone),))
    head = build_catalogue_graph(catalogue)
    older = build_catalogue_graph(catalogue, "2.1.1")
    written += _write(draft / "catalog.ttl", join_turtle(_texts(to_turtle(head), draft, catalogue.datasets, ".ttl")))
    written += _write(
        draft / "catalog-2.1.1.ttl", join_turtle(_texts(to_turtle(older), draft, catalogue.datasets, "-2.1.1.ttl"))
    )
    return written + _write(
        draft / "catalog.jsonld", join_json_ld(_texts(to_json_ld(head), draft, catalogue.datasets, ".jsonld"))
    )


def as_json(model: BaseModel) -> bytes:
    """Return a model as JSON for programs and patient people."""
    return json.dumps(model.model_dump(mode="json"), ensure_ascii=False, indent=1).encode() + b"\n"


def link(source: Path, target: Path) -> None:
    """Give a file a second name; copied only where the disk has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _write_dataset(draft: Path, catalogue: Catalogue, dataset: PublishedDataset, kept: Kept | None) -> int:
    names = [f"datasets/{dataset.id}{ending}" for ending in DATASET_PAGES]
    if kept and dataset.id in kept.datasets and _link_all(kept.folder, draft, names):
        return 0
    graph = build_dataset_graph(catalogue, dataset)
    older = build_dataset_graph(catalogue, dataset, "2.1.1")
    texts = (to_turtle(graph), to_turtle(older), to_json_ld(graph), as_json(dataset))
    return sum(_write(draft / name, (text,)) for name, text in zip(names, texts, strict=True))


def _write_organisation(draft: Path, catalogue: Catalogue, organisation: Organisation, kept: Kept | None) -> int:
    names = [f"organisations/{organisation.id}{ending}" for ending in _GRAPH_PAGES]
    if kept and organisation.id in kept.organisations and _link_all(kept.folder, draft, names):
        return 0
    graph, own = build_organisation_graph(catalogue, organisation), catalogue.published_by(organisation.id)
    turtle = join_turtle(_texts(to_turtle(graph), draft, own, ".ttl"))
    json_ld = join_json_ld(_texts(to_json_ld(graph), draft, own, ".jsonld"))
    return sum(_write(draft / name, text) for name, text in zip(names, (turtle, json_ld), strict=True))


def _write_page(draft: Path, catalogue: Catalogue, page: Page, kept: Kept | None) -> int:
    names = [f"pages/{page.number}{ending}" for ending in _GRAPH_PAGES]
    if kept and page.number in kept.pages and _link_all(kept.folder, draft, names):
        return 0
    turtle, json_ld = (build_page_graph(catalogue, page, ending) for ending in _GRAPH_PAGES)
    return _write(draft / names[0], join_turtle(_texts(to_turtle(turtle), draft, page.datasets, ".ttl"))) + _write(
        draft / names[1], join_json_ld(_texts(to_json_ld(json_ld), draft, page.datasets, ".jsonld"))
    )


def _write_external(draft: Path, catalogue: Catalogue, external: ExternalCatalogue, kept: Kept | None) -> int:
    """Beside the catalogue and in none of its pages: who harvests us takes our datasets and not theirs."""
    names = [f"external/{external.id}{ending}" for ending in _GRAPH_PAGES]
    if kept and external.id in kept.external and _link_all(kept.folder, draft, names):
        return 0
    graph = build_external_graph(catalogue, external)
    return _write(draft / names[0], (to_turtle(graph),)) + _write(draft / names[1], (to_json_ld(graph),))


def _texts(head: bytes, draft: Path, datasets: Iterable[PublishedDataset], ending: str) -> Iterator[bytes]:
    yield head
    for dataset in datasets:
        yield (draft / "datasets" / f"{dataset.id}{ending}").read_bytes()


def _link_all(previous: Path, draft: Path, names: Iterable[str]) -> bool:
    """Link files of the version before; False where one is not there, as after an update of the platform."""
    present = all((previous / name).is_file() for name in names)
    for name in names if present else ():
        link(previous / name, draft / name)
    return present


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    with path.open("xb") as file:
        return sum(file.write(piece) for piece in pieces)
