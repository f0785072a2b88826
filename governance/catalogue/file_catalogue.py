"""The catalogue as files: one folder a version, and a symbolic link ``current`` that is replaced in one step.

current -> versions/<fingerprint>      what the API serves under ``{public}/catalogue/``
  catalog.ttl, catalog.jsonld          DCAT-AP 3.0.1, whole
  catalog-2.1.1.ttl                    the same for harvesters that still read DCAT-AP 2.1.1
  index.json                           every dataset, its files and fingerprint
  datasets/<id>.{ttl,jsonld,json}      one dataset, with its dictionary in the last
  organisations/<id>.{ttl,jsonld}      what one organisation publishes under its name
  files/<id>.<hash>.{csv,json,parquet} the data; hard links to the store, so nothing is copied
archive/<id>/                          last state of what vanished and a tombstone; never served
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from governance.catalogue.graph import to_json_ld, to_turtle
from governance.catalogue.model import Catalogue, PublishedDataset, dataset_fingerprint
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from governance.catalogue.to_dcat import (
    build_dataset_graph,
    build_graph,
    build_organisation_graph,
)
from governance.lake import write_atomically


class IndexedFile(BaseModel):
    """One file as the index names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    url: str
    bytes: int
    sha256: str


class IndexedDataset(BaseModel):
    """One dataset as the index names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    part_of: str | None
    publisher: str
    title: str
    rows: int
    modified: datetime
    fingerprint: str
    files: tuple[IndexedFile, ...]


class Index(BaseModel):
    """``index.json``: what a program needs to follow the catalogue, and what the next publication compares with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    modified: datetime
    datasets: tuple[IndexedDataset, ...]


def _indexed(catalogue: Catalogue, dataset: PublishedDataset) -> IndexedDataset:
    files = tuple(
        IndexedFile(
            format=file.format,
            url=f"{catalogue.public_address}/catalogue/{file.file}",
            bytes=file.bytes,
            sha256=file.sha256,
        )
        for file in dataset.distributions
    )
    return IndexedDataset(
        id=dataset.id,
        part_of=dataset.part_of,
        publisher=dataset.publisher,
        title=dataset.title.fr,
        rows=dataset.rows,
        modified=dataset.modified,
        fingerprint=dataset_fingerprint(catalogue, dataset),
        files=files,
    )


def build_index(catalogue: Catalogue) -> Index:
    """Return the index of a catalogue."""
    return Index(
        fingerprint=catalogue.fingerprint,
        modified=catalogue.modified,
        datasets=tuple(_indexed(catalogue, dataset) for dataset in catalogue.datasets),
    )


def render(catalogue: Catalogue, fresh: frozenset[str]) -> dict[str, bytes]:
    """Return the machine files by relative path; of single datasets, only those named ``fresh``."""
    whole = build_graph(catalogue)
    pages = {
        "catalog.ttl": to_turtle(whole),
        "catalog.jsonld": to_json_ld(whole),
        "catalog-2.1.1.ttl": to_turtle(build_graph(catalogue, profile="2.1.1")),
        "index.json": _json(build_index(catalogue)),
    }
    for dataset in catalogue.datasets:
        if dataset.id in fresh:
            graph = build_dataset_graph(catalogue, dataset)
            pages[f"datasets/{dataset.id}.ttl"] = to_turtle(graph)
            pages[f"datasets/{dataset.id}.jsonld"] = to_json_ld(graph)
            pages[f"datasets/{dataset.id}.json"] = _json(dataset)
    for organisation in catalogue.organisations:
        graph = build_organisation_graph(catalogue, organisation)
        pages[f"organisations/{organisation.id}.ttl"] = to_turtle(graph)
        pages[f"organisations/{organisation.id}.jsonld"] = to_json_ld(graph)
    return pages


def _json(model: BaseModel) -> bytes:
    return json.dumps(model.model_dump(mode="json"), ensure_ascii=False, indent=1).encode() + b"\n"


class FileCatalogue:
    """A catalogue in a folder; the folder's ``current`` is all that may be served."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def current(self) -> Path:
        """The link to the version that readers see; absent before the first publication."""
        return self.root / "current"

    def read_index(self) -> Index | None:
        """Return what readers see now, or None before the first publication."""
        try:
            return Index.model_validate_json((self.current / "index.json").read_bytes())
        except FileNotFoundError:
            return None

    def publish(self, catalogue: Catalogue, store: DistributionStore) -> PublicationResult:
        """Make the folder equal to the catalogue; see ``CataloguePublisher``."""
        index = self.read_index()
        before = {dataset.id: dataset.fingerprint for dataset in index.datasets} if index else {}
        now = {dataset.id: dataset_fingerprint(catalogue, dataset) for dataset in catalogue.datasets}
        unchanged = {name for name, print_ in now.items() if before.get(name) == print_}
        result = PublicationResult(
            created=tuple(sorted(now.keys() - before.keys())),
            updated=tuple(sorted((now.keys() & before.keys()) - unchanged)),
            archived=tuple(sorted(before.keys() - now.keys())),
            unchanged=tuple(sorted(unchanged)),
            version=catalogue.fingerprint[:16],
        )
        if index and index.fingerprint == catalogue.fingerprint:
            return result
        previous = self.current.resolve() if index else None
        written = self._archive(result.archived, index)
        written += self._write_version(catalogue, store, previous, frozenset(unchanged))
        self._switch(result.version)
        self._forget_old_versions(result.version, previous)
        return result.model_copy(update={"bytes_written": written})

    def _write_version(
        self, catalogue: Catalogue, store: DistributionStore, previous: Path | None, unchanged: frozenset[str]
    ) -> int:
        """Make the whole folder of a version beside the others, then give it its name in one step."""
        versions = self.root / "versions"
        final = versions / catalogue.fingerprint[:16]
        if final.exists():  # kept because going back to an earlier state finds it whole
            return 0
        versions.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=versions, prefix=".draft-"))
        try:
            written = self._fill(draft, catalogue, store, previous, unchanged)
            draft.chmod(0o755)
            draft.rename(final)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return written

    def _fill(
        self,
        draft: Path,
        catalogue: Catalogue,
        store: DistributionStore,
        previous: Path | None,
        unchanged: frozenset[str],
    ) -> int:
        kept = [dataset for dataset in catalogue.datasets if dataset.id in unchanged]
        names = [f"datasets/{dataset.id}.{suffix}" for dataset in kept for suffix in ("ttl", "jsonld", "json")]
        reusable = {name for name in names if previous and (previous / name).is_file()}
        fresh = frozenset(d.id for d in catalogue.datasets if f"datasets/{d.id}.ttl" not in reusable)
        for name in sorted(reusable):
            _link(previous / name if previous else draft, draft / name)
        for dataset in catalogue.datasets:
            for distribution in dataset.distributions:
                _link(store.path(distribution), draft / distribution.file)
        return _write_all(draft, render(catalogue, fresh), previous)

    def _archive(self, vanished: tuple[str, ...], index: Index | None) -> int:
        """Keep aside the last state of what vanished, out of readers' reach, with a tombstone."""
        written = 0
        datasets = {dataset.id: dataset for dataset in index.datasets} if index else {}
        for name in vanished:
            folder = self.root / "archive" / name
            for suffix in ("ttl", "jsonld", "json"):
                _link(self.current / "datasets" / f"{name}.{suffix}", folder / f"{name}.{suffix}")
            for file in datasets[name].files:
                base = file.url.rsplit("/", 1)[-1]
                _link(self.current / "files" / base, folder / base)
            tombstone = {
                "id": name,
                "last_modified": datasets[name].modified.isoformat(),
                "archived": datetime.now(UTC).isoformat(),
            }
            content = json.dumps(tombstone, indent=1).encode() + b"\n"
            write_atomically(folder / "tombstone.json", content)
            written += len(content)
        return written

    def _switch(self, version: str) -> None:
        """Replace the link in one step; a reader finds the old version or the new, never none."""
        draft = self.root / f".current-{version}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("versions") / version)
        draft.replace(self.current)

    def _forget_old_versions(self, version: str, previous: Path | None) -> None:
        """Keep the current version and the one before it, for readers who are still downloading."""
        kept = {version, previous.name if previous else version}
        for folder in (self.root / "versions").iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name; copied only where the disk has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)


def _write_all(draft: Path, pages: Mapping[str, bytes], previous: Path | None) -> int:
    """Write the files; one with the same bytes as before keeps the same inode."""
    written = 0
    for name, content in sorted(pages.items()):
        path = draft / name
        before = previous / name if previous else None
        if before and before.is_file() and before.read_bytes() == content:
            _link(before, path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written += len(content)
    return written
