"""What tells that a page of the catalogue need not be written again."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from governance.catalogue.model import Catalogue, ExternalCatalogue, Organisation, PublishedDataset
from governance.catalogue.paging import Page, names_of, split
from governance.catalogue.withdrawn import Tombstone

LAYOUT = "3"
"""Counted up when the same facts are written in another way, so that an update of the platform writes every page."""


@dataclass(frozen=True)
class Fingerprints:
    """SHA-256 over all that is written of each dataset, of each organisation's part, by id, and of each page."""

    whole: str
    datasets: dict[str, str]
    organisations: dict[str, str]
    pages: tuple[str, ...]
    external: dict[str, str]
    """Of each catalogue of others, by its id."""
    external_datasets: dict[str, str]
    """Of each of their datasets, by the id of our entry."""


def fingerprints_of(catalogue: Catalogue, pages: int = 1, tombstones: Sequence[Tombstone] = ()) -> Fingerprints:
    """Return the fingerprints of a catalogue that is cut into so many pages, and of what left it.

    Who publishes a dataset counts too: a new contact address is an update for whoever reads the dataset alone.
    """
    about = {who.id: who.model_dump_json() for who in catalogue.organisations}
    common = (LAYOUT, catalogue.publisher, catalogue.public_address)
    datasets = {each.id: _hash(*common, each.model_dump_json(), about[each.publisher]) for each in catalogue.datasets}
    frame = _hash(*common, *_frame(catalogue, about))
    organisations = {
        who.id: _of_organisation(catalogue, who, frame, about, datasets) for who in catalogue.organisations
    }
    cut = tuple(_of_page(catalogue, page, about, datasets) for page in split(catalogue, pages))
    gone = [each.model_dump_json() for each in tombstones]
    external = {each.id: _of_external(catalogue, each, about) for each in catalogue.external}
    theirs = {entry.id: _hash(entry.model_dump_json()) for each in catalogue.external for entry in each.datasets}
    whole = _hash(LAYOUT, catalogue.fingerprint, str(pages), *gone)
    return Fingerprints(whole, datasets, organisations, cut, external, theirs)


def _of_external(catalogue: Catalogue, external: ExternalCatalogue, about: dict[str, str]) -> str:
    return _hash(LAYOUT, catalogue.public_address, about[catalogue.publisher], external.model_dump_json())


def _of_page(catalogue: Catalogue, page: Page, about: dict[str, str], datasets: dict[str, str]) -> str:
    """What a page repeats: the catalogue's own words, the feeds of its datasets, and the names of their parts."""
    facts = {"title", "description", "homepage", "licence", "issued", "public_address"}
    moving = (str(catalogue.modified), str(len(catalogue.datasets))) if page.number == 1 else ()
    feeds = [whole for name in names_of(page.datasets) if (whole := catalogue.whole(name))]
    return _hash(
        LAYOUT,
        catalogue.model_dump_json(include=facts),
        about[catalogue.publisher],
        f"{page.number}/{page.count}",
        *moving,
        *(_of_feed(each) + about[each.publisher] for each in feeds),
        *(part.id for each in page.datasets for part in catalogue.slices_of(each.id)),
        *(datasets[each.id] for each in page.datasets),
    )


def _of_organisation(
    catalogue: Catalogue, who: Organisation, frame: str, about: dict[str, str], datasets: dict[str, str]
) -> str:
    return _hash(frame, about[who.id], *(datasets[each.id] for each in catalogue.published_by(who.id)))


def _frame(catalogue: Catalogue, about: dict[str, str]) -> list[str]:
    """What every organisation's part repeats: the catalogue's own words, and the feeds' that serve its rows."""
    facts = {"title", "description", "homepage", "licence", "issued"}
    feeds = [each for each in catalogue.harmonised if each.has_feed]
    return [catalogue.model_dump_json(include=facts), *(_of_feed(each) + about[each.publisher] for each in feeds)]


def _of_feed(dataset: PublishedDataset) -> str:
    told = {"id", "title", "keywords", "theme", "licence", "publisher", "has_feed"}
    return dataset.model_dump_json(include=told) + str(dataset.has_map)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
