"""What differs between a dataset as it was served and as it was made again: rows and columns."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

SHOWN = 5
"""Places of rows that are named of each kind."""
_PLACE = ("member_id", "source_id", "line_number")


@dataclass(frozen=True)
class Differences:
    """Counts of rows that only one of both has, and where the first of them stand.

    ``only_served`` and ``only_again`` are absent where the served file is there no more.
    """

    only_served: int | None
    only_again: int | None
    columns: tuple[str, ...]
    """Columns that are not in both, or not of the same type."""
    first: tuple[str, ...]


def find_differences(served: Path, again: Path) -> Differences:
    """Return what differs between two Parquet files."""
    if not served.is_file():
        return Differences(None, None, (), ())
    before, after = pl.read_parquet(served), pl.read_parquet(again)
    columns = {name for name in {*before.columns, *after.columns} if before.schema.get(name) != after.schema.get(name)}
    names = [name for name in before.columns if name not in columns]
    gone = before.join(after, on=names, how="anti", nulls_equal=True)
    come = after.join(before, on=names, how="anti", nulls_equal=True)
    first = (*_places(gone, "-"), *_places(come, "+"))
    return Differences(gone.height, come.height, tuple(sorted(columns)), first)


def _places(rows: pl.DataFrame, sign: str) -> list[str]:
    named = [name for name in _PLACE if name in rows.columns] or rows.columns[:3]
    return [f"{sign} " + " ".join(str(value) for value in row) for row in rows.select(named).head(SHOWN).iter_rows()]
