"""What a text means under Table Schema v1: the typed value, and whether the text is one at all.

Engine casts are laxer (``1_000``, `` 12 ``, ``infinity``), so each type has a guard on the text beside its cast.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from governance.contracts.model import Column
from governance.intake.dates import ISO_DAY, parse_any_day, parse_day, parse_instant
from governance.intake.digits import are_digits
from governance.intake.distinct import holds_for, is_one_of

NOT_FINITE = ("NaN", "INF", "-INF")
NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$|^(?:NaN|-?INF)$"
EMAIL = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9\p{L}](?:[A-Za-z0-9\p{L}.-]*[A-Za-z0-9\p{L}])?\.[A-Za-z\p{L}]{2,}$"
)
URI = r"^[A-Za-z][A-Za-z0-9+.-]*:(?://[^\s/?#]+[^\s]*|[^\s/][^\s]*)$"
UUID = r"^[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}$"
BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
STRING_FORMATS = {
    "email": EMAIL,
    "uri": URI,
    "uuid": UUID,
    "binary": BASE64,
}
_DAYS = r"(?:[0-9]+Y(?:[0-9]+M)?(?:[0-9]+W)?(?:[0-9]+D)?|[0-9]+M(?:[0-9]+W)?(?:[0-9]+D)?|[0-9]+W(?:[0-9]+D)?|[0-9]+D)"
_CLOCK = r"T(?:[0-9]+H(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?|[0-9]+M(?:[0-9]+(?:\.[0-9]+)?S)?|[0-9]+(?:\.[0-9]+)?S)"
DURATION = rf"^-?P(?:{_DAYS}(?:{_CLOCK})?|{_CLOCK})$"
"""ISO 8601 as xsd:duration has it, with weeks: one part at least, after T too."""
GEOJSON_MEMBERS: dict[str, tuple[str, ...]] = {
    "Point": ("coordinates",), "MultiPoint": ("coordinates",), "LineString": ("coordinates",),
    "MultiLineString": ("coordinates",), "Polygon": ("coordinates",), "MultiPolygon": ("coordinates",),
    "GeometryCollection": ("geometries",), "Feature": ("geometry", "properties"), "FeatureCollection": ("features",),
    "Topology": ("objects", "arcs"),
}  # fmt: skip
"""Type of a GeoJSON object (RFC 7946, 3) or TopoJSON topology → the members that it must have."""


def _is_pair(longitude: Any, latitude: Any) -> bool:
    try:
        return -180 <= float(longitude) <= 180 and -90 <= float(latitude) <= 90
    except (TypeError, ValueError):
        return False


def is_geopoint(text: str, notation: str) -> bool:
    """Tell whether a text is a longitude and a latitude in one of Table Schema's three notations."""
    if notation == "default":
        parts = text.split(",")
        return len(parts) == 2 and _is_pair(*parts)
    try:
        point = json.loads(text)
    except ValueError:
        return False
    if notation == "array":
        return isinstance(point, list) and len(point) == 2 and _is_pair(*point)
    return isinstance(point, dict) and set(point) == {"lon", "lat"} and _is_pair(point["lon"], point["lat"])


def is_json(text: str, kind: type) -> bool:
    """Tell whether a text is JSON of that kind (``list`` or ``dict``)."""
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


def is_geojson(text: str) -> bool:
    """Tell whether a text is a GeoJSON object or a TopoJSON topology, with the members of its type."""
    if not is_json(text, dict):
        return False
    found = json.loads(text)
    kind = found.get("type")
    members = GEOJSON_MEMBERS.get(kind) if isinstance(kind, str) else None
    if members is None or not all(member in found for member in members):
        return False
    first = found[members[0]]
    return isinstance(first, dict | None if kind == "Feature" else dict if kind == "Topology" else list)


def decimal_of(column: Column) -> pl.DataType | type[pl.DataType]:
    """Return the type of a number: Decimal if the contract's physical type says so, else Float64."""
    found = re.fullmatch(r"(?i)(?:decimal|numeric)\((\d+),\s*(\d+)\)", column.physical_type or "")
    return pl.Decimal(int(found[1]), int(found[2])) if found else pl.Float64


def plain_number(value: pl.Expr, column: Column) -> pl.Expr:
    """Return numbers with a dot and without groups or units, as the column's properties say they are written."""
    if not column.bare_number:
        value = value.str.replace(r"^[^0-9+.\-]+", "").str.replace(r"[^0-9]+$", "")
    if column.group_char:
        value = value.str.replace_all(column.group_char, "", literal=True)
    if column.type == "number" and column.decimal_char != ".":
        value = pl.when(value.str.contains(".", literal=True).not_()).then(value)
        value = value.str.replace(column.decimal_char, ".", literal=True)
    return value


def _guarded(value: pl.Expr, good: pl.Expr) -> pl.Expr:
    return pl.when(good).then(value)


def _boolean(value: pl.Expr, column: Column) -> pl.Expr:
    yes, no = is_one_of(value, column.true_values), is_one_of(value, column.false_values)
    return pl.when(yes).then(True).when(no).then(False)


def _string(value: pl.Expr, column: Column) -> pl.Expr:
    pattern = STRING_FORMATS.get(column.format)
    return _guarded(value, value.str.contains(pattern)) if pattern else value


def _number(value: pl.Expr, column: Column) -> pl.Expr:
    plain, dtype = plain_number(value, column), decimal_of(column)
    if dtype != pl.Float64:
        return _guarded(plain, plain.str.contains(NUMBER)).cast(dtype, strict=False)
    # Half the cost of the pattern, and the same answer: a finite float is written as a number in Polars' cast too
    # (a property test holds the two together). What is too large for a float is no value.
    cast = plain.cast(pl.Float64, strict=False)
    return _guarded(cast, cast.is_finite() | plain.is_in(NOT_FINITE))


def _integer(value: pl.Expr, column: Column) -> pl.Expr:
    return plain_number(value, column).cast(pl.Int64, strict=False)  # takes signs and ASCII digits only


def _date(value: pl.Expr, column: Column) -> pl.Expr:
    if column.format == "any":
        return parse_any_day(value)
    return parse_day(value, ISO_DAY if column.format == "default" else column.format.removeprefix("fmt:"))


def _datetime(value: pl.Expr, column: Column) -> pl.Expr:
    return parse_instant(value, None if column.format in ("default", "any") else column.format.removeprefix("fmt:"))


def _time(value: pl.Expr, column: Column) -> pl.Expr:
    if column.format not in ("default", "any"):
        return _guarded(value, value.str.to_time(column.format, strict=False).is_not_null())
    return _guarded(value, value.str.contains(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?$"))


def _shaped(pattern: str) -> Callable[[pl.Expr, Column], pl.Expr]:
    return lambda value, _: _guarded(value, value.str.contains(pattern))


def _judged(predicate: Callable[[str], bool]) -> Callable[[pl.Expr, Column], pl.Expr]:
    return lambda value, _: _guarded(value, holds_for(value, predicate))


def _geopoint(value: pl.Expr, column: Column) -> pl.Expr:
    return _guarded(value, holds_for(value, lambda text: is_geopoint(text, column.format)))


CASTS: dict[str, Callable[[pl.Expr, Column], pl.Expr]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "year": lambda value, _: _guarded(value, are_digits(value, 4)),
    "yearmonth": _shaped(r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"),
    "duration": _shaped(DURATION),
    "array": _judged(lambda text: is_json(text, list)),
    "object": _judged(lambda text: is_json(text, dict)),
    "geojson": _judged(is_geojson),
    "geopoint": _geopoint,
    "any": lambda value, _: value,
}


def cast(column: Column) -> pl.Expr:
    """Return the typed expression of a text column; null where there is no value or the text is not one."""
    return CASTS[column.type](pl.col(column.name), column)


def dtype_of(column: Column) -> pl.DataType | type[pl.DataType]:
    """Return the type that accepted rows have for a column."""
    if column.type == "number":
        return decimal_of(column)
    known: dict[str, pl.DataType | type[pl.DataType]] = {
        "integer": pl.Int64,
        "boolean": pl.Boolean,
        "date": pl.Date,
        "datetime": pl.Datetime("us"),
    }
    return known.get(column.type, pl.String)
