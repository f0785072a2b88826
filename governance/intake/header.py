"""Which header means which column of the contract, and which row of a file is the header.

A declared mapping wins; otherwise a header is recognised when it is the column's name but for case, accents,
spaces and punctuation. Nothing is guessed beyond that: a wrong match would publish one thing as another.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from governance.contracts.model import Contract
from governance.intake.table import Fault

SEARCHED_ROWS = 60
"""How many rows may stand above the header."""


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """Return a header without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name)
    return re.sub(r"[\W_]+", "", "".join(sign for sign in plain if not unicodedata.combining(sign))).casefold()


@dataclass(frozen=True)
class Wanted:
    """The headers to look for: column of the contract → header, and the same folded."""

    headers: Mapping[str, str]
    constants: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    folded: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, contract: Contract, declared: Mapping[str, str], constants: Iterable[str]) -> "Wanted":
        """Return what a contract and a source's declaration look for."""
        headers = {column.name: declared.get(column.name, column.name) for column in contract.columns}
        needed = frozenset(column.name for column in contract.columns if column.constraints.required)
        folded = frozenset(fold(header) for header in headers.values())
        return cls(headers, frozenset(constants), needed, folded)

    def count(self, cells: Iterable[str | None]) -> int:
        """Return how many different wanted headers stand in a row."""
        return len({folded for cell in cells if cell and (folded := fold(cell)) in self.folded})


def clean(cell: str | None) -> str:
    """Return a header as it is compared: one line, without spaces around it or invisible signs."""
    return re.sub(r"\s+", " ", (cell or "").replace("\ufeff", "").replace("\u200b", "")).strip()


def best_row(rows: Sequence[Sequence[str | None]], wanted: Wanted) -> tuple[int, int]:
    """Return the index of the row that names most wanted columns (the first of them), and how many."""
    counts: list[int] = []
    for row in rows:
        counts.append(wanted.count(row))
        if counts[-1] == len(wanted.folded):
            break
    best = max(counts, default=0)
    return (counts.index(best), best) if best else (next((i for i, row in enumerate(rows) if any(row)), 0), 0)


@dataclass(frozen=True)
class Matched:
    """Column of the contract → index in the file, and what is odd about the headers."""

    positions: Mapping[str, int]
    faults: tuple[Fault, ...]


def match(headers: Sequence[str], wanted: Wanted, line: int) -> Matched:
    """Find each wanted column among the headers; report what is missing, repeated or unknown."""
    folded = [fold(header) for header in headers]
    positions: dict[str, int] = {}
    faults: list[Fault] = []
    for column, header in wanted.headers.items():
        if column in wanted.constants:
            continue
        exact = [i for i, name in enumerate(headers) if name == header]
        found = exact or [i for i, name in enumerate(folded) if name and name == fold(header)]
        if len(found) > 1:
            faults.append(Fault("duplicate-header", line, column, header, str(len(found))))
        if found:
            positions[column] = found[0]
        else:
            rule = "missing-column" if column in wanted.required else "missing-optional-column"
            faults.append(Fault(rule, line, column, header if header != column else None))
    used = {*positions.values()} | {i for i, name in enumerate(folded) if name in wanted.folded}
    faults += [Fault("extra-column", line, None, name) for i, name in enumerate(headers) if name and i not in used]
    return Matched(positions, tuple(faults))
