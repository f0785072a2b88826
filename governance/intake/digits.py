"""Texts of so many digits: what most French identifiers are, and what a pattern takes twice as long to see."""

import re

import polars as pl

LONGEST = 19
"""Of those, every number fits into 64 bits."""
_PATTERN = re.compile(r"\^?\[0-9\]\{(\d{1,2})\}\$?")


def are_digits(value: pl.Expr, length: int) -> pl.Expr:
    """Return whether a text is exactly so many of the digits 0 to 9; null stays null."""
    # The cast takes digits, after a plus sign at most, and a plus sign sorts before any digit.
    is_number = value.cast(pl.UInt64, strict=False).is_not_null() | value.is_null()
    return (value.str.len_bytes() == length) & is_number & (value >= "0")


def length_of(pattern: str) -> int | None:
    """Return how many digits a pattern wants, where that is all it says."""
    found = _PATTERN.fullmatch(pattern)
    return length if found and 1 <= (length := int(found[1])) <= LONGEST else None
