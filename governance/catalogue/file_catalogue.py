"""The catalogue as files: one folder a version, and a symbolic link ``current`` that is replaced in one step.

current -> versions/<fingerprint>      what the API serves under ``{public}/catalogue/``
  catalog.ttl, catalog.jsonld          DCAT-AP 3.0.1, whole
  catalog-2.1.1.ttl                    the same for harvesters that still read DCAT-AP 2.1.1
  index.json                           every dataset, its files and fingerprint
  datasets/<id>.{ttl,jsonld,json}      one dataset, with its dictionary in the last
  datasets/<id>-2.1.1.ttl              the same as DCAT-AP 2.1.1
  organisations/<id>.{ttl,jsonld}      what one organisation publishes under its name
  pages/<n>.{ttl,jsonld}               the whole by pages, for harvesters; the first is 1
  external/<id>.{ttl,jsonld}           what others have for the territory; of the above in index.json alone
  withdrawn.ttl, withdrawn.jsonld      what was published once and is no longer
  files/<id>.<hash>.{csv,json,…}         the data; hard links to the store, so nothing is copied
archive/<id>/                          last state of what vanished and a tombstone; never served as they are
"""

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from governance.catalogue.fingerprints import Fingerprints, fingerprints_of
from governance.catalogue.model import Catalogue, ExternalDataset, PublishedDataset
from governance.catalogue.pages import DATASET_PAGES, Kept, as_json, link, write_pages
from governance.catalogue.paging import address_of, count_pages
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from governance.catalogue.withdrawn import Tombstone, read_tombstones, tombstone_path, tombstones_of
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


class IndexedPage(BaseModel):
    """One page of the catalogue as the index names it; in the order in which they follow each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    fingerprint: str


class IndexedExternal(BaseModel):
    """One dataset of somebody else's as the index names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    uri: str
    title: str
    publisher: str
    landing_page: str
    licence: str | None
    fingerprint: str


class IndexedExternalCatalogue(BaseModel):
    """One catalogue of others as the index names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    url: str
    fingerprint: str
    datasets: tuple[IndexedExternal, ...]


class Index(BaseModel):
    """``index.json``: what a program needs to follow the catalogue, and what the next publication compares with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    modified: datetime
    organisations: tuple[IndexedOrganisation, ...] = ()
    datasets: tuple[IndexedDataset, ...]
    pages: tuple[IndexedPage, ...] = ()
    withdrawn: tuple[Tombstone, ...] = ()
    external: tuple[IndexedExternalCatalogue, ...] = ()

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of all that stands in the catalogue, by id: datasets, and entries of others' datasets."""
        theirs = {dataset.id: dataset.fingerprint for each in self.external for dataset in each.datasets}
        return {dataset.id: dataset.fingerprint for dataset in self.datasets} | theirs


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


def build_index(catalogue: Catalogue, prints: Fingerprints, tombstones: tuple[Tombstone, ...] = ()) -> Index:
    """Return the index of a catalogue."""
    return Index(
        fingerprint=prints.whole,
        modified=catalogue.modified,
        organisations=tuple(
            IndexedOrganisation(id=name, fingerprint=print_) for name, print_ in prints.organisations.items()
        ),
        datasets=tuple(_indexed(catalogue, dataset, prints.datasets[dataset.id]) for dataset in catalogue.datasets),
        pages=tuple(
            IndexedPage(url=address_of(catalogue.public_address, number, ".ttl"), fingerprint=print_)
            for number, print_ in enumerate(prints.pages, 1)
        ),
        withdrawn=tombstones,
        external=tuple(
            IndexedExternalCatalogue(
                id=each.id,
                name=each.name,
                url=f"{catalogue.public_address}/catalogue/external/{each.id}.ttl",
                fingerprint=prints.external[each.id],
                datasets=tuple(_indexed_external(entry, prints) for entry in each.datasets),
            )
            for each in catalogue.external
        ),
    )


def _indexed_external(entry: ExternalDataset, prints: Fingerprints) -> IndexedExternal:
    told = {name: getattr(entry, name) for name in ("id", "uri", "title", "publisher", "landing_page", "licence")}
    return IndexedExternal(**told, fingerprint=prints.external_datasets[entry.id])


def _unchanged(before: Mapping[str, str], now: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, print_ in now.items() if before.get(name) == print_)


@lru_cache(maxsize=2)
def _index_of(version: Path) -> Index:
    """A version never changes, so its index is read once, however many look at it."""
    return Index.model_validate_json((version / "index.json").read_bytes())


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
            return _index_of(self.current.resolve(strict=True))
        except FileNotFoundError:
            return None

    def publish(self, catalogue: Catalogue, store: DistributionStore) -> PublicationResult:
        """Make the folder equal to the catalogue; see ``CataloguePublisher``."""
        index = self.read_index()
        tombstones = self._tombstones(index, catalogue)
        pages = count_pages(len(catalogue.datasets), len(index.pages) if index and index.pages else 1)
        prints = fingerprints_of(catalogue, pages, tombstones)
        before = index.fingerprints if index else {}
        now = prints.datasets | prints.external_datasets
        unchanged = _unchanged(before, now)
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
        written = self._archive([each for each in tombstones if each.id in result.archived], index)
        written += self._write_version(catalogue, store, prints, kept, tombstones)
        self._switch(result.version)
        self._forget_old_versions(result.version, kept.folder if kept else None)
        return result.model_copy(update={"bytes_written": written})

    def _tombstones(self, index: Index | None, catalogue: Catalogue) -> tuple[Tombstone, ...]:
        """What is withdrawn after this publication."""
        now = {dataset.id for dataset in catalogue.datasets}
        known = index.datasets if index else ()
        vanished = {dataset.id: dataset.modified for dataset in known if dataset.id not in now}
        return tombstones_of(read_tombstones(self.root), vanished, now, datetime.now(UTC))

    def _kept(self, index: Index | None, prints: Fingerprints) -> Kept | None:
        if index is None:
            return None
        datasets = {dataset.id: dataset.fingerprint for dataset in index.datasets}
        organisations = {organisation.id: organisation.fingerprint for organisation in index.organisations}
        return Kept(
            self.current.resolve(),
            _unchanged(datasets, prints.datasets),
            _unchanged(organisations, prints.organisations),
            frozenset(
                number
                for number, (page, print_) in enumerate(zip(index.pages, prints.pages, strict=False), 1)
                if page.fingerprint == print_
            ),
            _unchanged({each.id: each.fingerprint for each in index.external}, prints.external),
        )

    def _write_version(
        self,
        catalogue: Catalogue,
        store: DistributionStore,
        prints: Fingerprints,
        kept: Kept | None,
        tombstones: tuple[Tombstone, ...],
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
            written = write_pages(draft, catalogue, kept, len(prints.pages), tombstones)
            written += (draft / "index.json").write_bytes(as_json(build_index(catalogue, prints, tombstones)))
            draft.chmod(0o755)
            draft.rename(final)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return written

    def _archive(self, vanished: list[Tombstone], index: Index | None) -> int:
        """Keep aside the last state of what vanished, out of readers' reach, with a tombstone."""
        written = 0
        datasets = {dataset.id: dataset for dataset in index.datasets} if index else {}
        for tombstone in vanished:
            name = tombstone.id
            folder = self.root / "archive" / name
            folder.mkdir(parents=True, exist_ok=True)
            pages = [self.current / "datasets" / f"{name}{ending}" for ending in DATASET_PAGES]
            files = [self.current / "files" / file.url.rsplit("/", 1)[-1] for file in datasets[name].files]
            for path in (*filter(Path.is_file, pages), *files):
                (folder / path.name).unlink(missing_ok=True)
                link(path, folder / path.name)
            write_atomically(tombstone_path(self.root, name), tombstone.content)
            written += len(tombstone.content)
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
