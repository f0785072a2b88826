"""What a caller may ask of a feed, read from the address and typed by the columns that are visible to them.

Syntax: ``column=value`` for equality, ``column__operator=value`` for the rest. Only columns of the relation
after row filter and masks can be named: a hidden value can be neither read nor found by probing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.decisions.model import Reason

RESERVED = ("format", "columns", "sort", "limit", "cursor", "purpose", "bbox", "at", "since", "count", "contract")
"""Parameters that are not columns; a column of such a name is filtered with ``name__eq``."""
DEFAULT_LIMIT = 1_000
LARGEST_LIMIT = 10_000
_MOST_VALUES = 200

_ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "isnull")
_TEXT = (*_ORDERED, "startswith", "contains")
_COMPARISONS = {
    "eq": "{} = ?",
    "ne": "{} IS DISTINCT FROM ?",
    "lt": "{} < ?",
    "lte": "{} <= ?",
    "gt": "{} > ?",
    "gte": "{} >= ?",
    "startswith": "starts_with({}, ?)",
    "contains": "contains({}, ?)",
}


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise ValueError(text)
    return value


@dataclass(frozen=True)
class _Kind:
    """How the values of a DuckDB type are written in an address, and what can be asked of them."""

    expected: str
    read: Callable[[str], Any]
    operators: tuple[str, ...]


_KINDS: dict[str, _Kind] = {
    "VARCHAR": _Kind("texte / text", str, _TEXT),
    "BOOLEAN": _Kind("true, false", _boolean, ("eq", "ne", "isnull")),
    "DATE": _Kind("AAAA-MM-JJ / YYYY-MM-DD", date.fromisoformat, _ORDERED),
    "TIMESTAMP": _Kind("2024-01-31T12:00:00", datetime.fromisoformat, _ORDERED),
    **dict.fromkeys(("DOUBLE", "FLOAT", "DECIMAL"), _Kind("12.5", _number, _ORDERED)),
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT"), _Kind("12", _integer, _ORDERED)
    ),
}
_OTHER = _Kind("vide ou non / empty or not", str, ("isnull",))


def kind_of(duckdb_type: str) -> _Kind:
    """Return how values of a type are asked for; a type without an order can only be empty or not."""
    return _KINDS.get(duckdb_type.partition("(")[0], _OTHER)


class Condition(Protocol):
    """What a row must satisfy besides the decision; every value is bound."""

    @property
    def values(self) -> tuple[Any, ...]:
        """One value for each ``?``."""
        ...

    def to_sql(self) -> str:
        """The condition."""
        ...


class Place(Protocol):
    """Whatever can tell which rows meet a box of degrees."""

    def within(self, west: float, south: float, east: float, north: float) -> Condition:
        """The condition that a row meets the box."""
        ...


@dataclass(frozen=True)
class Filter:
    """One condition on one visible column; `values` are typed and always bound, never written into SQL."""

    column: str
    operator: str
    values: tuple[Any, ...]

    def to_sql(self) -> str:
        """The condition, with one ``?`` for each value."""
        name = quote(self.column)
        if self.operator == "isnull":
            return f"({name} IS NULL) = ?"
        if self.operator == "in":
            return f"{name} IN ({', '.join('?' * len(self.values))})"
        return _COMPARISONS[self.operator].format(name)


@dataclass(frozen=True)
class Shape:
    """How the answer is cut, as written in the address; all absent asks for the whole feed."""

    columns: str | None = None
    sort: str | None = None
    limit: str | None = None
    cursor: str | None = None
    bbox: str | None = None
    at: str | None = None
    since: str | None = None
    count: bool = False

    @property
    def is_paged(self) -> bool:
        """Whether anything but the whole feed of one moment is asked for."""
        return replace(self, at=None) != Shape()


@dataclass(frozen=True)
class FeedQuery:
    """What is asked of one feed."""

    columns: tuple[str, ...]
    filters: tuple[Condition, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    """(column, descending)"""
    limit: int | None = None
    """Rows of a page; nothing for the whole feed in one file."""


def quote(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class _Reader:
    """Reads parameters against the visible columns and gathers every fault before answering."""

    def __init__(self, visible: Mapping[str, str], hidden: Iterable[str]) -> None:
        self.visible = visible
        self.hidden = frozenset(hidden)
        self.faults: list[Reason] = []

    def knows(self, column: str) -> bool:
        if column in self.visible:
            return True
        code = "column_hidden" if column in self.hidden else "column_unknown"
        self.faults.append(reason(code, column=column, visible=", ".join(self.visible)))
        return False

    def filter(self, parameter: str, text: str) -> Filter | None:
        column, _, operator = (parameter, "", "eq") if parameter in self.visible else parameter.rpartition("__")
        if not column:
            column, operator = parameter, "eq"
        if not self.knows(column):
            return None
        kind = kind_of(self.visible[column])
        if operator not in kind.operators:
            possible = ", ".join(kind.operators)
            self.faults.append(reason("operator_unknown", operator=operator, column=column, possible=possible))
            return None
        read = _boolean if operator == "isnull" else kind.read
        texts = text.split(",") if operator == "in" else [text]
        if len(texts) > _MOST_VALUES:
            self.faults.append(reason("too_many_values", column=column, most=str(_MOST_VALUES)))
            return None
        try:
            return Filter(column, operator, tuple(read(item) for item in texts))
        except (ValueError, KeyError, InvalidOperation, OverflowError):
            expected = "true, false" if operator == "isnull" else kind.expected
            self.faults.append(reason("value_unreadable", value=text[:80], column=column, expected=expected))
            return None

    def columns(self, text: str | None) -> tuple[str, ...]:
        names = list(dict.fromkeys(text.split(","))) if text else list(self.visible)
        return tuple(name for name in names if self.knows(name))

    def sort(self, text: str | None) -> tuple[tuple[str, bool], ...]:
        names = text.split(",") if text else []
        return tuple((name.removeprefix("-"), name.startswith("-")) for name in names if self.knows(name.lstrip("-")))

    def box(self, text: str, place: Place | None) -> Condition | None:
        """West, south, east, north; a height may stand behind south and north and counts for nothing (OGC 17-069r4)."""
        if place is None:
            self.faults.append(reason("bbox_needs_geometry"))
            return None
        try:
            numbers = [float(_number(part)) for part in text.split(",")]
            west, south, east, north = numbers if len(numbers) == 4 else (numbers[0], numbers[1], *numbers[3:5])
            if len(numbers) not in (4, 6) or not (-90 <= south <= north <= 90 and abs(west) <= 180 >= abs(east)):
                raise ValueError(text)
        except (ValueError, IndexError, InvalidOperation):
            self.faults.append(reason("bbox_unreadable", value=text[:80]))
            return None
        return place.within(west, south, east, north)

    def limit(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_LIMIT:
            self.faults.append(reason("parameter_invalid", parameter="limit", expected=f"1 … {LARGEST_LIMIT}"))
            return DEFAULT_LIMIT
        return int(text)


def read_query(
    filters: Iterable[tuple[str, str]],
    shape: Shape,
    visible: Mapping[str, str],
    hidden: Iterable[str],
    place: Place | None = None,
) -> FeedQuery:
    """Return the query of an address.

    `visible` gives the DuckDB type of each column of the relation, in order; `hidden` names the contract's
    other columns, so that a refusal can say "not open to you" instead of "unknown"; `place` is the relation's
    geometry, where it has one.

    Raises:
        ProblemError: 400 with one reason for each fault, naming the column.
    """
    reader = _Reader(visible, hidden)
    found: list[Condition | None] = [reader.filter(name, value) for name, value in filters]
    if shape.bbox is not None:
        found.append(reader.box(shape.bbox, place))
    is_paged = bool(found) or shape.is_paged
    query = FeedQuery(
        columns=reader.columns(shape.columns),
        filters=tuple(item for item in found if item is not None),
        sort=reader.sort(shape.sort),
        limit=reader.limit(shape.limit or str(DEFAULT_LIMIT)) if is_paged else None,
    )
    if reader.faults:
        raise ProblemError(400, *reader.faults)
    return query
