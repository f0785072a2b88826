"""Rules that only Python can judge, judged once for each distinct value instead of once a row."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_

import polars as pl

FEW = 8


def holds_for(value: pl.Expr, predicate: Callable[[str], bool]) -> pl.Expr:
    """Return a Boolean expression: does the predicate hold; false where there is no value."""

    def judge(column: pl.Series) -> pl.Series:
        good = [item for item in column.unique().drop_nulls() if predicate(item)]
        return column.is_in(pl.Series(good, dtype=pl.String).implode()).fill_null(False)

    return value.map_batches(judge, return_dtype=pl.Boolean, is_elementwise=False)


def is_one_of(value: pl.Expr, texts: Sequence[str]) -> pl.Expr:
    """Return whether a text is one of some; null stays null. A few are compared one by one, in a fifth of the time."""
    if not texts or len(texts) > FEW:
        return value.is_in(list(texts))
    return reduce(or_, (value == text for text in texts))


def first_fault(value: pl.Expr, find: Callable[[str], str | None]) -> pl.Expr:
    """Return a String expression: what the function finds wrong in each value, null if nothing."""

    def judge(column: pl.Series) -> pl.Series:
        found = {item: fault for item in column.unique().drop_nulls() if (fault := find(item)) is not None}
        if not found:
            return pl.repeat(None, len(column), dtype=pl.String, eager=True)
        return column.replace_strict(found, default=None, return_dtype=pl.String)

    return value.map_batches(judge, return_dtype=pl.String, is_elementwise=False)
