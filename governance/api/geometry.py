"""Where a feed's rows lie: which visible columns make a geometry, and how DuckDB draws it, boxes it and names it.

A contract has a geometry where it has one GeoJSON column, one point column, or exactly one longitude and one latitude.
Coordinates are degrees, WGS 84, longitude first (OGC:CRS84), whatever the file was in. A masked coordinate that is
no number any more draws nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from governance.api.query import quote
from governance.contracts.model import Column, ColumnType, Contract
from governance.decisions.model import Decision
from governance.mapping.words import meaning_of

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_ON_GLOBE = "{east} BETWEEN -180 AND 180 AND {north} BETWEEN -90 AND 90"
_PROVIDER = ("member_id", "source_id")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?"


@dataclass(frozen=True)
class Geometry:
    """The geometry of each row of a relation, made of the columns it names."""

    kind: Literal["pair", "geopoint", "geojson"]
    columns: tuple[str, ...]
    """One column, or for a pair longitude and latitude."""

    def to_sql(self) -> str:
        """The geometry as DuckDB's GEOMETRY; NULL where a cell is empty, unreadable or off the globe."""
        if self.kind == "geojson":
            return f"TRY(ST_GeomFromGeoJSON({quote(self.columns[0])}))"
        east, north = self._coordinates()
        on_globe = _ON_GLOBE.format(east=east, north=north)
        return f"CASE WHEN {on_globe} THEN ('POINT(' || {east} || ' ' || {north} || ')')::GEOMETRY END"

    def bounds_sql(self) -> str | None:
        """Least and greatest coordinates of points, as four aggregates: west, south, east, north; None for shapes."""
        if self.kind == "geojson":
            return None
        east, north = self._coordinates()
        here = f"FILTER (WHERE {_ON_GLOBE.format(east=east, north=north)})"
        return ", ".join(f"{least}({axis}) {here}" for least in ("min", "max") for axis in (east, north))

    def within(self, west: float, south: float, east: float, north: float) -> "Box":
        """The condition that a row's geometry meets a box of degrees."""
        return Box(self, west, south, east, north)

    def _coordinates(self) -> tuple[str, str]:
        if self.kind == "pair":
            east, north = (f"CAST({quote(name)} AS DOUBLE)" for name in self.columns)
            return east, north
        # A point is written "lon, lat", with brackets or without (Table Schema, geopoint).
        cell = quote(self.columns[0])
        pattern = rf"^\s*\[?\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]?\s*$"
        east, north = (f"TRY_CAST(regexp_extract({cell}, '{pattern}', {group}) AS DOUBLE)" for group in (1, 2))
        return east, north


@dataclass(frozen=True)
class Box:
    """The condition that a row's geometry meets a box; west beyond east crosses the antimeridian (RFC 7946, 5.2)."""

    geometry: Geometry
    west: float
    south: float
    east: float
    north: float

    @property
    def values(self) -> tuple[str, ...]:
        """One rectangle, or the two that a box over the antimeridian falls into, as WKT."""
        if self.west <= self.east:
            return (self._rectangle(self.west, self.east),)
        return self._rectangle(self.west, 180.0), self._rectangle(-180.0, self.east)

    def to_sql(self) -> str:
        """The condition, with one ``?`` for each rectangle."""
        drawn = self.geometry.to_sql()
        met = " OR ".join(f"ST_Intersects_Extent({drawn}, CAST(? AS GEOMETRY))" for _ in self.values)
        return f"coalesce({met}, FALSE)"

    def _rectangle(self, west: float, east: float) -> str:
        corners = (west, self.south), (east, self.south), (east, self.north), (west, self.north), (west, self.south)
        return f"POLYGON(({', '.join(f'{x!r} {y!r}' for x, y in corners)}))"


def geometry_of(contract: Contract, decision: Decision, present: Collection[str]) -> Geometry | None:
    """Return the geometry that a decision leaves of a dataset; ``present`` are the table's columns."""
    shown = [column for column in contract.columns if column.name in present and decision.shows(column.name)]
    clear = [column for column in shown if decision.column_masks[column.name].mask == "show"]
    drawn, point = _of_type(clear, "geojson"), _of_type(clear, "geopoint")
    if drawn is not None:
        return Geometry("geojson", (drawn.name,))
    if point is not None:
        return Geometry("geopoint", (point.name,))
    # A coordinate rounded down is still a number, and a coarser place is what such a mask asks for.
    numbers = [column for column in shown if decision.column_masks[column.name].mask in ("show", "generalise")]
    east, north = _of_meaning(numbers, "@longitude"), _of_meaning(numbers, "@latitude")
    return Geometry("pair", (east.name, north.name)) if east and north else None


def _of_type(columns: list[Column], wanted: ColumnType) -> Column | None:
    found = [column for column in columns if column.type == wanted]
    return found[0] if len(found) == 1 else None


def _of_meaning(columns: list[Column], concept: str) -> Column | None:
    found = [column for column in columns if column.type == "number" and concept in meaning_of(column.name).concepts]
    return found[0] if len(found) == 1 else None


def feature_id_sql(contract: Contract, decision: Decision, present: Collection[str]) -> str:
    """SQL of what a feature is known by, the same in every version: a hash of the key and of who provides the row.

    Of what the decision shows alone; where it does not show the whole key, of every cell.
    """
    shown = [name for name in present if decision.shows(name)]
    plain = {name for name in shown if decision.column_masks[name].mask in ("show", "hash")}
    is_keyed = bool(contract.primary_key) and set(contract.primary_key) <= plain
    made_of = [*contract.primary_key, *(name for name in _PROVIDER if name in plain)] if is_keyed else shown
    cells = ", ".join(f"coalesce(CAST({quote(name)} AS VARCHAR), chr(30))" for name in made_of)
    return f"left(sha256(concat_ws(chr(31), {cells})), 24)"
