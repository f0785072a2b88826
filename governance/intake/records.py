"""Records with names and values to columns of text: what JSON, XML, GeoJSON and layers have in common.

Nested objects become columns with dotted names; a list stays one cell of JSON text, since a table has no other
place for it.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import polars as pl

from governance.intake.limits import check_shape
from governance.intake.table import UnreadableError, without_empty_texts

PIECE_RECORDS = 2_000
"""A piece that stays in the processor's cache is read in two thirds of the time."""
Texts = Callable[[], Sequence[Mapping[str, msgspec.Raw]]]
_OPENING = ord("{")
_FAST: dict[type, pl.DataType] = {bool: pl.Boolean(), int: pl.Int64()}
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Digits(str):
    """A number as it is written in the file; a text, but not one that was between quotes."""

    __slots__ = ()


def text_of(value: Any) -> str | None:
    """Return a value as the text of a cell: ISO 8601 for dates, true and false, JSON for lists."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return msgspec.json.encode(value).decode()


_TEXTS: set[type] = {str, Digits}


def as_texts(values: Sequence[Any], kinds: set[type] | None = None) -> Sequence[str | None] | pl.Series:
    """Return the texts of a column; ``kinds`` are the types in it, if they are known already."""
    kinds = (kinds or set(map(type, values))) - {type(None)}
    if kinds <= _TEXTS:
        return values
    one = _FAST.get(next(iter(kinds))) if len(kinds) == 1 else None
    if one is not None:
        try:
            return pl.Series(values, dtype=one).cast(pl.String)
        except (OverflowError, TypeError, pl.exceptions.PolarsError):  # an integer beyond 64 bits
            return [text_of(value) for value in values]
    return [text_of(value) for value in values]


def _raw_texts(texts: Sequence[Mapping[str, msgspec.Raw]], name: str) -> list[str | None]:
    """Return the members of that name as they are written, but for strings, which lose their quotes."""
    found: list[str | None] = []
    for members in texts:
        raw = members.get(name)
        value = None if raw is None else bytes(raw)
        if value is None or value == b"null":
            found.append(None)
        else:
            found.append(msgspec.json.decode(value) if value.startswith(b'"') else value.decode())
    return found


def _inside(texts: Texts, name: str) -> Texts:
    def members() -> Sequence[Mapping[str, msgspec.Raw]]:
        outer = (item.get(name) for item in texts())
        return [_MEMBERS.decode(raw) if raw is not None and memoryview(raw)[0] == _OPENING else {} for raw in outer]

    return members


def flatten(records: Sequence[Mapping[str, Any]], texts: Texts | None = None, before: str = "") -> dict[str, Any]:
    """Return columns of text by dotted name; ``texts`` gives the records' members as written, for lists."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(chain.from_iterable(records)):
        values = [record.get(name) for record in records]
        kinds = set(map(type, values))
        title = f"{before}{name}"
        if list in kinds:
            columns[title] = as_texts(values) if texts is None else _raw_texts(texts(), name)
        elif dict in kinds:
            nested = [value if isinstance(value, dict) else {} for value in values]
            columns |= flatten(nested, texts and _inside(texts, name), f"{title}.")
            if kinds - {dict, type(None)}:
                columns[title] = as_texts([None if isinstance(value, dict) else value for value in values])
        else:
            columns[title] = as_texts(values)
    return columns


def frame_of(columns: Mapping[str, Sequence[str | None] | pl.Series], height: int) -> pl.DataFrame:
    """Return columns of text as a frame."""
    if not columns:
        return pl.DataFrame({"": [None] * height}, schema={"": pl.String})
    return pl.DataFrame([pl.Series(name, values, dtype=pl.String) for name, values in columns.items()])


def put_together(frames: Sequence[pl.DataFrame]) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the headers, and all rows under columns named ``0``, ``1`` and so on; what a piece lacks is null.

    Raises:
        UnreadableError: no row, or more than a table may have.
    """
    if not frames:
        raise UnreadableError("no-rows")
    whole = pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]
    if whole.width > 1 and "" in whole.columns and whole[""].null_count() == whole.height:
        whole = whole.drop("")
    check_shape(whole.height, whole.width)
    whole = without_empty_texts(whole)
    headers = tuple(whole.columns)
    return headers, whole.rename({name: str(place) for place, name in enumerate(headers)})
