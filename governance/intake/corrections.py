"""The one right writing of a wrong value, where it can be known for certain; otherwise nothing.

A correction is only proposed if the contract would accept it, and never applied: the clerk decides.
"""

import datetime
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import polars as pl
from stdnum.fr import siren, siret

from governance.contracts.model import Column
from governance.intake import insee_codes
from governance.intake.casting import STRING_FORMATS
from governance.intake.dates import MONTHS
from governance.intake.header import fold

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})(?:[ T]00:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\- ](\d{1,2})[/.\- ](\d{1,2})(?:[ T]\d{2}:\d{2}(?::\d{2})?Z?)?")
_IN_WORDS = re.compile(r"(\d{1,2})(?:er)?\s+([^\W\d]+)\.?\s+(\d{4})")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?Z?")
_YES = frozenset({"oui", "o", "yes", "y", "vrai", "true", "1", "x"})
_NO = frozenset({"non", "n", "no", "faux", "false", "0"})
_JUDGES: dict[str, Callable[[str], bool]] = {
    "siret": lambda text: text.isdigit() and siret.is_valid(text),
    "siren": lambda text: text.isdigit() and siren.is_valid(text),
    "insee": lambda text: insee_codes.existed(text, insee_codes.LATEST),
}
_FORMS = {
    "integer": r"[+-]?\d+",
    "number": r"[+-]?\d+(?:\.\d+)?",
    "year": r"\d{4}",
    "yearmonth": r"\d{4}-(?:0[1-9]|1[0-2])",
}


def _day(value: str) -> datetime.date | None:
    text = value.strip()
    try:
        if found := _DAY_FIRST.fullmatch(text):
            return datetime.date(int(found[3]), int(found[2]), int(found[1]))
        if found := _YEAR_FIRST.fullmatch(text):
            return datetime.date(int(found[1]), int(found[2]), int(found[3]))
        if (found := _IN_WORDS.fullmatch(text.lower())) and found[2] in MONTHS:
            return datetime.date(int(found[3]), int(MONTHS[found[2]]), int(found[1]))
    except ValueError:
        return None
    return None


def _numbers(value: str, column: Column) -> Iterator[str]:
    """Spaces between groups, a decimal comma, a euro sign; never a comma that may part thousands."""
    plain = _SPACES.sub("", value).removesuffix("€").removesuffix("EUR")
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+,\d{1,2}", plain):
        plain = plain.replace(".", "")
    if re.fullmatch(r"[+-]?\d+,\d+", plain) and not (re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", plain)):
        plain = plain.replace(",", ".")
    if column.type == "integer":
        plain = re.sub(r"\.0+$", "", plain)
    yield plain.replace(".", column.decimal_char)


def _booleans(value: str, column: Column) -> Iterator[str]:
    said = fold(value)
    if said in _YES:
        yield column.true_values[0]
    if said in _NO:
        yield column.false_values[0]


def _texts(value: str, column: Column) -> Iterator[str]:
    stripped = value.strip()
    yield stripped
    same = [item for item in column.constraints.enum or () if fold(str(item)) == fold(value)]
    if len(same) == 1:
        yield str(same[0])
    if column.constraints.pattern is None and column.constraints.enum is not None:
        return
    dense = re.sub(r"\.0$", "", _SPACES.sub("", value))
    yield dense
    if len(dense) in (4, 8, 13) and dense.isdigit():  # a spreadsheet drops the leading zero of INSEE, SIREN and SIRET
        yield dense.zfill(len(dense) + 1)
    if found := re.fullmatch(r"(\d{1,2})[/-](\d{4})", dense):
        yield f"{found[2]}-{found[1].zfill(2)}"
    if (day := _day(value)) is not None:
        yield day.isoformat()
    halves = re.split(r"[_]|\s+(?:au|-)\s+", stripped)
    if len(halves) == 2 and all(_day(half) for half in halves):
        yield "/".join(str(_day(half)) for half in halves)


def _candidates(value: str, column: Column) -> Iterator[str]:
    if column.type in ("number", "integer"):
        yield from _numbers(value, column)
    elif column.type == "boolean":
        yield from _booleans(value, column)
    elif column.type == "date":
        day = _day(value)
        if day is not None:
            yield day.isoformat() if column.format in ("default", "any") else day.strftime(column.format)
    elif column.type == "datetime" and (found := _INSTANT.fullmatch(value.strip())):
        yield f"{found[1]}T{found[2]}{found[3] or ':00'}Z"
    else:
        yield from _texts(value, column)


def _fits(text: str, column: Column, identifier: str | None) -> bool:
    limits = column.constraints
    form = STRING_FORMATS.get(column.format) if column.type == "string" else None
    # Asked of Polars, which checked the cell: Python's own `re` does not know these classes of letters.
    if form is not None and not pl.Series([text]).str.contains(form)[0]:
        return False
    if column.type in _FORMS and not re.fullmatch(_FORMS[column.type], text.replace(column.decimal_char, ".")):
        return False
    if limits.pattern is not None and not re.match(rf"(?:{limits.pattern})\Z", text):
        return False
    if limits.enum is not None and text not in [str(item) for item in limits.enum]:
        return False
    if limits.max_length is not None and len(text) > limits.max_length:
        return False
    if column.type in ("number", "integer"):
        number = float(text.replace(column.decimal_char, "."))
        if (
            limits.minimum is not None
            and number < limits.minimum
            or limits.maximum is not None
            and number > limits.maximum
        ):
            return False
    return identifier is None or _JUDGES[identifier](text)


@lru_cache(maxsize=65536)
def _correct(value: str, column_json: str, identifier: str | None) -> str | None:
    column = _column(column_json)
    successor = insee_codes.successor_of(value) if identifier == "insee" else None
    for candidate in (successor,) if successor else _candidates(value, column):
        if candidate and candidate != value and _fits(candidate, column, identifier):
            return candidate
    return None


@lru_cache(maxsize=4096)
def _column(column_json: str) -> Column:
    return Column.model_validate_json(column_json)


class Corrector:
    """Corrections for one column; ``identifier`` is ``siret``, ``siren`` or ``insee`` where the contract checks one."""

    def __init__(self, column: Column, identifier: str | None) -> None:
        self._key = column.model_dump_json(exclude={"extra", "items"})
        self._identifier = identifier

    def correct(self, value: str | None) -> str | None:
        """Return the certain correction of a value, or nothing."""
        return None if not value else _correct(value, self._key, self._identifier)
