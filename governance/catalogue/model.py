"""A catalogue as every publisher sees it, files and CKAN: what is open, by whom, in which files.

Nothing of a catalogue says how it is written; nothing in it was not opened by a decision.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FileFormat = Literal["csv", "json", "parquet", "geojson"]
FILE_FORMATS: tuple[FileFormat, ...] = ("csv", "json", "parquet", "geojson")
FORMAT_NAMES: dict[FileFormat, str] = {"csv": "CSV", "json": "JSON", "parquet": "Parquet", "geojson": "GeoJSON"}


class CatalogueError(RuntimeError):
    """The catalogue cannot be made from what it was given; what readers see is left as it was."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Frozen):
    """The same words in French and in English; an empty English text means that there is none."""

    fr: str
    en: str = ""


class Organisation(_Frozen):
    """Who publishes, under its own name."""

    id: str
    kind: Literal["member", "partner", "federation"]
    name: str
    siren: str
    homepage: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    insee_code: str | None = None
    population: int | None = None
    logo: str | None = None
    example: bool = Field(False, description="invented for the example federation, and shown as such")


class Place(_Frozen):
    """A territory of the official geographic code."""

    kind: Literal["commune", "epci"]
    code: str
    """INSEE code of a commune, SIREN of an EPCI."""
    name: str


class Period(_Frozen):
    """First and last day that the rows speak of."""

    start: date
    end: date


class PublishedColumn(_Frozen):
    """One column that the decision shows, and how."""

    name: str
    type: str
    title: str
    description: str
    mask: str = Field(description="show, or what the decision does to the values")


class Distribution(_Frozen):
    """One file of one dataset, addressed by its content and never changed afterwards."""

    format: FileFormat
    file: str
    """Path below the catalogue's folder, such as ``files/equipements--besne.0a1b2c3d4e5f6071.csv``."""
    bytes: int
    sha256: str
    sha1: str
    """Kept because the profile 2.1.1 accepts no other algorithm."""
    issued: datetime


class Quality(_Frozen):
    """What the last checked files of a dataset were worth, in rows."""

    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicates: int

    @property
    def quarantined_share(self) -> float:
        """Share of the rows received that failed, from 0 to 1."""
        return self.rows_quarantined / self.rows_in if self.rows_in else 0.0


class PublishedDataset(_Frozen):
    """One dataset of the catalogue: the harmonised one, or one organisation's slice of it."""

    id: str
    dataset: str
    """Id of the contract, which names the harmonised dataset."""
    part_of: str | None = None
    """Id of the harmonised dataset that this one is a slice of."""
    publisher: str
    """Id of an organisation of the catalogue."""
    title: Text
    description: Text
    provenance: Text
    keywords: tuple[str, ...] = ()
    theme: str | None = None
    frequency: str | None = None
    licence: str
    conforms_to: str | None = None
    hvd_category: str | None = None
    applicable_legislation: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    period: Period | None = None
    contract_version: str
    rows: int
    columns: tuple[PublishedColumn, ...]
    quality: Quality | None = None
    distributions: tuple[Distribution, ...]
    has_feed: bool = False
    """Whether the decision also lets everybody read it through the feeds."""
    issued: datetime
    modified: datetime

    @property
    def has_map(self) -> bool:
        """Whether everybody may also read it as an OGC API Features collection."""
        return self.has_feed and any(file.format == "geojson" for file in self.distributions)

    policy_version: str = Field(exclude=True, default="")
    """Bundle that opened it; left out of what is compared, since most new bundles change nothing here."""


class ExternalLink(_Frozen):
    """A file of somebody else's, where they have it."""

    url: str
    title: str = ""
    format: str = ""
    """As they write it, such as ``CSV``; empty where they do not say."""


class ExternalDataset(_Frozen):
    """A dataset of somebody else's that concerns the territory: described and pointed at, never copied."""

    id: str
    """Ours, of the entry in our catalogue; the dataset keeps the identifier that its publisher gave."""
    uri: str
    identifier: str = ""
    title: str
    description: str
    publisher: str
    landing_page: str
    licence: str | None = None
    """URI; None where they name none that is one."""
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    """Codes of EU themes, such as ``GOVE``."""
    places: tuple[str, ...] = ()
    """URIs of what it covers."""
    modified: datetime | None = None
    links: tuple[ExternalLink, ...] = ()
    first_seen: datetime
    changed: datetime
    """When what they say of it was last found changed."""


class ExternalCatalogue(_Frozen):
    """What one catalogue of others has for the territory, beyond what we have ourselves."""

    id: str
    name: str
    homepage: str
    datasets: tuple[ExternalDataset, ...]


class Catalogue(_Frozen):
    """Everything that is open now, and beside it what others have for the territory."""

    id: str
    title: Text
    description: Text
    publisher: str
    homepage: str
    licence: str
    public_address: str
    """Address of the console, feeds and catalogue, without a trailing slash; the root of every identifier."""
    issued: datetime
    modified: datetime
    organisations: tuple[Organisation, ...]
    datasets: tuple[PublishedDataset, ...]
    external: tuple[ExternalCatalogue, ...] = ()

    def beside(self, external: tuple[ExternalCatalogue, ...]) -> "Catalogue":
        """Return the same catalogue with what others have; made anew, since what one has worked out is its own."""
        told = {name: getattr(self, name) for name in Catalogue.model_fields}
        return Catalogue(**told | {"external": external})

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all that would be written: equal fingerprints mean nothing to do."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @cached_property
    def _organisations_by_id(self) -> dict[str, Organisation]:
        return {organisation.id: organisation for organisation in self.organisations}

    @cached_property
    def _harmonised_by_id(self) -> dict[str, PublishedDataset]:
        return {dataset.id: dataset for dataset in self.harmonised}

    @cached_property
    def _datasets_by_publisher(self) -> dict[str, list[PublishedDataset]]:
        return _grouped((dataset.publisher, dataset) for dataset in self.datasets)

    @cached_property
    def _slices(self) -> dict[str, list[PublishedDataset]]:
        return _grouped((dataset.part_of, dataset) for dataset in self.datasets if dataset.part_of)

    def organisation(self, organisation_id: str) -> Organisation:
        """Return the organisation of that id.

        Raises:
            KeyError: the catalogue has no such organisation.
        """
        return self._organisations_by_id[organisation_id]

    def published_by(self, organisation_id: str) -> Sequence[PublishedDataset]:
        """Return what an organisation publishes under its name, in the catalogue's order."""
        return self._datasets_by_publisher.get(organisation_id, ())

    def whole(self, dataset_id: str) -> PublishedDataset | None:
        """Return the harmonised dataset of that id, or None where only parts of it are open."""
        return self._harmonised_by_id.get(dataset_id)

    def slices_of(self, dataset_id: str) -> Sequence[PublishedDataset]:
        """Return the slices of a harmonised dataset, in the catalogue's order."""
        return self._slices.get(dataset_id, ())

    @property
    def harmonised(self) -> Iterator[PublishedDataset]:
        """Yield the datasets that are no slices."""
        return (dataset for dataset in self.datasets if dataset.part_of is None)


def _grouped(pairs: Iterable[tuple[str, PublishedDataset]]) -> dict[str, list[PublishedDataset]]:
    groups: dict[str, list[PublishedDataset]] = defaultdict(list)
    for key, dataset in pairs:
        groups[key].append(dataset)
    return groups


def slice_id(dataset_id: str, organisation_id: str) -> str:
    """Return the id of an organisation's slice; it is also a valid CKAN name."""
    return f"{dataset_id}--{organisation_id}"
