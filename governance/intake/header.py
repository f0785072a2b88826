"""Which header means which column of the contract, and which row of a file is the header.

A declared mapping wins; otherwise a header is recognised when it is the column's name but for case, accents,
spaces and punctuation. Nothing is guessed beyond that: a wrong match would publish one thing as another.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from types import MappingProxyType

from governance.contracts.model import Contract
from governance.intake.table import Fault

SEARCHED_ROWS = 60
"""How many rows may stand above the header."""
MAX_HEADER_ROWS = 3
"""How many rows may make up a header that is found; a pinned one may have more."""

NOTHING_JOINED: Mapping[str, tuple[str, ...]] = MappingProxyType({})


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
    keys: frozenset[str] = frozenset()
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column of the contract → headers whose cells make it up; such a column is not in ``headers``."""

    def __hash__(self) -> int:
        """What was found for one file of a kind holds for the next: see ``match``."""
        return hash((self.folded, self.required, self.constants))

    @classmethod
    def of(
        cls,
        contract: Contract,
        declared: Mapping[str, str],
        constants: Iterable[str],
        joined: Mapping[str, tuple[str, ...]] = NOTHING_JOINED,
    ) -> "Wanted":
        """Return what a contract and a source's declaration look for."""
        names = tuple(column.name for column in contract.columns)
        needed = tuple(column.name for column in contract.columns if column.constraints.required)
        together = tuple((name, joined[name]) for name in names if name in joined)
        keys = frozenset(contract.primary_key)
        return _wanted(names, keys.union(needed), keys, tuple(declared.items()), frozenset(constants), together)

    def headers_of(self, column: str) -> tuple[str, ...]:
        """Return the headers that a column is made of: one, unless it is joined."""
        return self.joined.get(column) or (self.headers[column],)

    def is_met_by(self, cells: Sequence[str | None]) -> bool:
        """Tell whether a row is a header beyond doubt: all that is required, two columns at least, few strangers.

        Then neither another delimiter nor a header of several rows could say more. An empty or repeated cell leaves a
        doubt: a second row may say what stands under it.
        """
        folded = {fold(cell or "") for cell in cells}
        named = self.folded & folded
        needed = {fold(header) for column in self.required - self.constants for header in self.headers_of(column)}
        is_full = "" not in folded and len(folded) == len(cells)
        return is_full and len(named) > 1 and len(cells) <= 2 * len(named) and needed <= named

    def count(self, cells: Iterable[str | None]) -> int:
        """Return how many different wanted headers stand in a row."""
        return len({folded for cell in cells if cell and (folded := fold(cell)) in self.folded})


@lru_cache(maxsize=256)
def _wanted(
    names: tuple[str, ...],
    needed: frozenset[str],
    keys: frozenset[str],
    declared: tuple[tuple[str, str], ...],
    constants: frozenset[str],
    joined: tuple[tuple[str, tuple[str, ...]], ...],
) -> Wanted:
    """As ``Wanted.of``; once for files declared alike, of which there may be as many as communes."""
    together, own = dict(joined), dict(declared)
    headers = {name: own.get(name, name) for name in names if name not in together}
    folded = frozenset(fold(header) for header in (*headers.values(), *chain.from_iterable(together.values())))
    return Wanted(headers, constants, needed, folded, keys, together)


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
class Heading:
    """Where the header stands among the rows at the top: its first row, how many rows it takes, its texts."""

    index: int
    height: int
    count: int
    headers: tuple[str, ...]


def joined(rows: Sequence[Sequence[str | None]], wanted: Wanted) -> tuple[str, ...]:
    """Return the texts of a header of several rows, the upper ones holding over the empty cells to their right.

    A lower text that is a wanted header by itself stays as it is: what stands above it may be a mere title.
    """
    width = max((len(row) for row in rows), default=0)
    levels = [[clean(cell) for cell in [*row, *[""] * (width - len(row))]] for row in rows]
    lowest = levels[-1]
    names = [[text] if text else [] for text in lowest]
    for level in reversed(levels[:-1]):
        over = ""
        for place, text in enumerate(level):
            over = text or over
            if text or lowest[place]:
                names[place].insert(0, over)
    return tuple(
        low if low and fold(low) in wanted.folded else " ".join(part for part in parts if part)
        for low, parts in zip(lowest, names, strict=True)
    )


def find_heading(rows: Sequence[Sequence[str | None]], wanted: Wanted, height: int | None = None) -> Heading:
    """Find the header among the rows at the top; several rows make one only if that names more wanted columns.

    ``height`` pins how many rows make it.
    """
    index, count = best_row(rows, wanted)
    best = Heading(index, 1, count, tuple(clean(cell) for cell in rows[index]) if rows else ())
    if height == 1 or (height is None and count == len(wanted.folded)):
        return best
    for rows_joined in (height,) if height else range(2, MAX_HEADER_ROWS + 1):
        for start in range(len(rows) - rows_joined + 1):
            headers = joined(rows[start : start + rows_joined], wanted)
            named = wanted.count(headers)
            if named > best.count or (height and best.height != height):
                best = Heading(start, rows_joined, named, headers)
    return best


@dataclass(frozen=True)
class Matched:
    """Column of the contract → index in the file, and what is odd about the headers.

    ``joined`` are the columns made of several cells: column → the indexes, all of them there.
    """

    positions: Mapping[str, int]
    faults: tuple[Fault, ...]
    joined: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def match(headers: Sequence[str], wanted: Wanted, line: int) -> Matched:
    """Find each wanted column among the headers; report what is missing, repeated or unknown."""
    return _match(tuple(headers), wanted, line)


@lru_cache(maxsize=256)
def _match(headers: tuple[str, ...], wanted: Wanted, line: int) -> Matched:
    """As above; once for files written alike, of which there may be as many as communes."""
    folded = [fold(header) for header in headers]
    found: dict[str, list[int]] = {}
    faults: list[Fault] = []
    for column in (*wanted.headers, *wanted.joined):
        if column in wanted.constants:
            continue
        for header in wanted.headers_of(column):
            exact = [i for i, name in enumerate(headers) if name == header]
            places = exact or [i for i, name in enumerate(folded) if name and name == fold(header)]
            if len(places) > 1:
                faults.append(Fault("duplicate-header", line, column, header, str(len(places))))
            if not places:
                rule = "missing-column" if column in wanted.required else "missing-optional-column"
                faults.append(Fault(rule, line, column, header if header != column else None))
            found.setdefault(column, []).extend(places[:1])
    positions = {column: places[0] for column, places in found.items() if places and column in wanted.headers}
    joined = {
        name: tuple(found[name]) for name, parts in wanted.joined.items() if len(found.get(name, ())) == len(parts)
    }
    used = {*chain.from_iterable(found.values())} | {i for i, name in enumerate(folded) if name in wanted.folded}
    faults += [Fault("extra-column", line, None, name) for i, name in enumerate(headers) if name and i not in used]
    return Matched(positions, tuple(faults), joined)
