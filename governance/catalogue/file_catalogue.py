"""The catalogue as files: one folder a version, and a symbolic link ``current`` that is replaced in one step.

current -> versions/<fingerprint>      what the API serves under ``{public}/catalogue/``
  catalog.ttl, catalog.jsonld          DCAT-AP 3.0.1, whole
  catalog-2.1.1.ttl                    the same for harvesters that still read DCAT-AP 2.1.1
  index.json                           every dataset, its files and fingerprint
  datasets/<id>.{ttl,jsonld,json}      one dataset, with its dictionary in the last
  datasets/<id>-2.1.1.ttl              the same as DCAT-AP 2.1.1
  organisations/<id>.{ttl,jsonld}      what one organisation publishes under its name
  files/<id>.<hash>.{csv,json,parquet} the data; hard links to the store, so nothing is copied
archive/<id>/                          last state of what vanished and a tombstone; never served
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from governance.catalogue.fingerprints import Fingerprints, fingerprints_of
from governance.catalogue.model import Catalogue, PublishedDataset
from governance.catalogue.pages import DATASET_PAGES, Kept, as_json, link, write_pages
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
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


class IndexedOrganisation(BaseModel):
    """One organisation as the index names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    fingerprint: str


class Index(BaseModel):
    """``index.json``: what a program needs to follow the catalogue, and what the next publication compares with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    modified: datetime
    organisations: tuple[IndexedOrganisation, ...] = ()
    datasets: tuple[IndexedDataset, ...]


def _indexed(catalogue: Catalogue, dataset: PublishedDataset, fingerprint: str) -> IndexedDataset:
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
        fingerprint=fingerprint,
        files=files,
    )


def build_index(catalogue: Catalogue, prints: Fingerprints) -> Index:
    """Return the index of a catalogue."""
    return Index(
        fingerprint=prints.whole,
        modified=catalogue.modified,
        organisations=tuple(
            IndexedOrganisation(id=name, fingerprint=print_) for name, print_ in prints.organisations.items()
        ),
        datasets=tuple(_indexed(catalogue, dataset, prints.datasets[dataset.id]) for dataset in catalogue.datasets),
    )


def _unchanged(before: Mapping[str, str], now: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, print_ in now.items() if before.get(name) == print_)


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
        index, prints = self.read_index(), fingerprints_of(catalogue)
        before = {dataset.id: dataset.fingerprint for dataset in index.datasets} if index else {}
        now, unchanged = prints.datasets, _unchanged(before, prints.datasets)
        result = PublicationResult(
            created=tuple(sorted(now.keys() - before.keys())),
            updated=tuple(sorted((now.keys() & before.keys()) - unchanged)),
            archived=tuple(sorted(before.keys() - now.keys())),
            unchanged=tuple(sorted(unchanged)),
            version=prints.whole[:16],
        )
        if index and index.fingerprint == prints.whole:
            return result
        kept = self._kept(index, prints)
        written = self._archive(result.archived, index)
        written += self._write_version(catalogue, store, prints, kept)
        self._switch(result.version)
        self._forget_old_versions(result.version, kept.folder if kept else None)
        return result.model_copy(update={"bytes_written": written})

    def _kept(self, index: Index | None, prints: Fingerprints) -> Kept | None:
        if index is None:
            return None
        datasets = {dataset.id: dataset.fingerprint for dataset in index.datasets}
        organisations = {organisation.id: organisation.fingerprint for organisation in index.organisations}
        return Kept(
            self.current.resolve(),
            _unchanged(datasets, prints.datasets),
            _unchanged(organisations, prints.organisations),
        )

    def _write_version(
        self, catalogue: Catalogue, store: DistributionStore, prints: Fingerprints, kept: Kept | None
    ) -> int:
        """Make the whole folder of a version beside the others, then give it its name in one step."""
        versions = self.root / "versions"
        final = versions / prints.whole[:16]
        if final.exists():  # kept because going back to an earlier state finds it whole
            return 0
        versions.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=versions, prefix=".draft-"))
        try:
            (draft / "files").mkdir()
            for dataset in catalogue.datasets:
                for distribution in dataset.distributions:
                    link(store.path(distribution), draft / distribution.file)
            written = write_pages(draft, catalogue, kept)
            written += (draft / "index.json").write_bytes(as_json(build_index(catalogue, prints)))
            draft.chmod(0o755)
            draft.rename(final)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return written

    def _archive(self, vanished: tuple[str, ...], index: Index | None) -> int:
        """Keep aside the last state of what vanished, out of readers' reach, with a tombstone."""
        written = 0
        datasets = {dataset.id: dataset for dataset in index.datasets} if index else {}
        for name in vanished:
            folder = self.root / "archive" / name
            folder.mkdir(parents=True, exist_ok=True)
            pages = [self.current / "datasets" / f"{name}{ending}" for ending in DATASET_PAGES]
            files = [self.current / "files" / file.url.rsplit("/", 1)[-1] for file in datasets[name].files]
            for path in (*filter(Path.is_file, pages), *files):
                (folder / path.name).unlink(missing_ok=True)
                link(path, folder / path.name)
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
