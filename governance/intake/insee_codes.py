"""INSEE codes of communes with the years in which each was one: communes merge, and their codes change.

``insee_codes.csv`` holds facts of the Code officiel géographique since 2000 (``infra/insee/derive_codes.py``).
"""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

LATEST = 2026
"""Year of the Code officiel géographique that the facts are of."""


class Life(NamedTuple):
    """First and last year of a code (nothing: since before 2000, and still), and the code that took its place."""

    first: int | None
    last: int | None
    successor: str | None


@cache
def lives() -> dict[str, Life]:
    """Return the life of every code."""
    found: dict[str, Life] = {}
    with (Path(__file__).parent / "insee_codes.csv").open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            first, last = (int(row[name]) if row[name] else None for name in ("first", "last"))
            found |= dict.fromkeys(_codes(row["codes"]), Life(first, last, row["successor"] or None))
    return found


def _codes(ranges: str) -> Iterator[str]:
    for part in ranges.split():
        first, _, last = part.partition("-")
        for number in range(int(first[2:]), int((last or first)[2:]) + 1):
            yield f"{first[:2]}{number:03d}"


def existed(code: str, year: int | None) -> bool:
    """Tell whether a code was a commune's in a year, at its beginning or later; without a year, whether it ever was."""
    life = lives().get(code)
    if life is None or year is None:
        return life is not None
    return (life.first is None or life.first <= year) and (life.last is None or year <= life.last)


def successor_of(code: str) -> str | None:
    """Return the code that took the place of one that is no more; nothing where that is not certain."""
    life = lives().get(code)
    if life is None or life.successor is None:
        return None
    return life.successor if lives().get(life.successor) == Life(None, None, None) else None


def last_year_of(code: str) -> int | None:
    """Return the last year in which a code was a commune's, nothing while it is."""
    life = lives().get(code)
    return life.last if life is not None else None
