"""Days and instants written after a strptime pattern, judged by shape first.

Parsers are laxer than the pattern says (``2024-1-5`` for ``%Y-%m-%d``, a leading sign, blanks), so a value must
have the pattern's shape before a parser sees it.
"""

import re
from functools import lru_cache

import polars as pl

SHAPES = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{2}", "d": "[0-9]{2}", "H": "[0-9]{2}", "M": "[0-9]{2}",
    "S": "[0-9]{2}", "j": "[0-9]{3}", "f": "[0-9]{1,6}", "B": r"[\p{L}.]+", "b": r"[\p{L}.]+",
    "z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})", "%": "%",
}  # fmt: skip
FRENCH_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
ENGLISH_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTHS = {
    name: f"{number:02d}" for names in (FRENCH_MONTHS, ENGLISH_MONTHS) for number, name in enumerate(names, 1)
} | {"fevrier": "02", "aout": "08", "decembre": "12"}
ISO_DAY = "%Y-%m-%d"
INSTANT_SHAPE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
ANY_DAY = (ISO_DAY, "%Y/%m/%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d")


@lru_cache(maxsize=512)
def shape_of(pattern: str) -> str:
    """Return the anchored regular expression of what a strptime pattern writes."""
    shape, position = "", 0
    for found in re.finditer(r"%(-?)([A-Za-z%])", pattern):
        shape += re.escape(pattern[position : found.start()])
        piece = SHAPES.get(found[2], r"\S+")
        if found[0] == "%-d" and "%B" in pattern:
            shape += "(?:1er|[0-9]{1,2})"
        else:
            shape += "[0-9]{1,2}" if found[1] else piece
        position = found.end()
    return f"^{shape}{re.escape(pattern[position:])}$"


def parse_day(value: pl.Expr, pattern: str) -> pl.Expr:
    """Return the Date of values written after a pattern; null where there is no such day.

    A pattern without day or month means the first: the national registry types years as dates in ``%Y``.
    """
    value = pl.when(value.str.contains(shape_of(pattern))).then(value)
    pattern = pattern.replace("%-", "%")
    if "%B" in pattern:
        value = value.str.to_lowercase().str.replace(r"\b1er\b", "1")
        value = value.str.replace_many(list(MONTHS), list(MONTHS.values()))
        pattern = pattern.replace("%B", "%m")
    for part in ("m", "d"):
        if not re.search(rf"%[{part}jb]", pattern):
            value, pattern = value + " 01", f"{pattern} %{part}"
    return value.str.to_date(pattern, strict=False)


def parse_any_day(value: pl.Expr) -> pl.Expr:
    """Return the Date of values in one of the notations that name only one day."""
    return pl.coalesce(*(parse_day(value, pattern) for pattern in ANY_DAY))


def parse_instant(value: pl.Expr, pattern: str | None = None) -> pl.Expr:
    """Return the Datetime (microseconds, UTC) of values; ISO 8601 with or without offset unless a pattern says.

    Without an offset the instant is taken as UTC, as Table Schema wants.
    """
    if pattern is None:
        value = pl.when(value.str.contains(INSTANT_SHAPE)).then(value).str.replace("Z$", "+0000")
        offset = value.str.contains(r"[+-][0-9]{2}:?[0-9]{2}$")
        value = pl.when(offset).then(value).otherwise(value + "+0000")
        parsed = value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
        return parsed.dt.replace_time_zone(None)
    value = pl.when(value.str.contains(shape_of(pattern))).then(value)
    pattern = pattern.replace("%-", "%")
    if "%z" in pattern:
        parsed = value.str.replace("Z$", "+0000").str.to_datetime(
            pattern.replace("%z", "%#z"), time_unit="us", time_zone="UTC", strict=False
        )
        return parsed.dt.replace_time_zone(None)
    return value.str.to_datetime(pattern, time_unit="us", strict=False)
