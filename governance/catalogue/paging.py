"""Which dataset stands on which page of the catalogue, so that whoever walks from page to page misses none.

A dataset's page follows from its identifier, not from its place in a list: what comes or goes moves no other dataset,
and a page is written again only when one of its own changed. When pages become too full their number doubles, and a
dataset stays where it is or goes to a page further on; they never become fewer. So a harvester that is half-way when a
new version is published still meets every dataset that is in both, which matters because harvesters delete what they
did not meet.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from governance.catalogue.model import Catalogue, PublishedDataset

DATASETS_A_PAGE = 100
"""How many a page holds on average at most; CKAN's own pages hold as many."""


@dataclass(frozen=True)
class Page:
    """One page, and how many there are; numbers begin with 1."""

    number: int
    count: int
    datasets: tuple[PublishedDataset, ...]

    @property
    def next(self) -> int | None:
        """Number of the page after it; None on the last."""
        return self.number + 1 if self.number < self.count else None


def count_pages(datasets: int, before: int = 1) -> int:
    """Return how many pages so many datasets need, never fewer than there were: a power of two."""
    count = before
    while datasets > count * DATASETS_A_PAGE:
        count *= 2
    return count


def page_number(dataset_id: str, count: int) -> int:
    """Return the page of a dataset among a power of two of them."""
    return int.from_bytes(hashlib.sha256(dataset_id.encode()).digest()[:8]) % count + 1


def split(catalogue: Catalogue, count: int) -> tuple[Page, ...]:
    """Return the pages of a catalogue, each with its datasets in the catalogue's order; some may be empty."""
    found: dict[int, list[PublishedDataset]] = {number: [] for number in range(1, count + 1)}
    for dataset in catalogue.datasets:
        found[page_number(dataset.id, count)].append(dataset)
    return tuple(Page(number, count, tuple(datasets)) for number, datasets in found.items())


def address_of(public_address: str, number: int, ending: str) -> str:
    """Return the address of a page in one notation, such as ``.ttl``."""
    return f"{public_address}/catalogue/pages/{number}{ending}"


def names_of(datasets: Iterable[PublishedDataset]) -> tuple[str, ...]:
    """Return the ids of the harmonised datasets that these are or are slices of, each once."""
    return tuple(dict.fromkeys(dataset.dataset for dataset in datasets))
