"""Geometry of any layer to GeoJSON text in WGS 84 (RFC 7946), and points to longitude and latitude.

The system of coordinates is the one that the source pins, else the one that the file states, else WGS 84; if then
the numbers are no degrees, nobody knows where they are, and the file says so instead of being published wrong.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from governance.federation import Reading
from governance.intake.axes import DECIMALS, report_exchanged
from governance.intake.table import Fault, UnreadableError

if TYPE_CHECKING:
    from pyproj import CRS

WGS84 = "EPSG:4326"
_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
FIRST_POINT = rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}"
IS_POINT = r'"type"\s*:\s*"Point"'
SAID_WGS84 = re.compile(r"(?:CRS:?84|EPSG:+4326)$", re.IGNORECASE)
LAMBERT_93 = (100_000.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)
"""Where European France lies in EPSG:2154, in metres, to say what undeclared numbers probably are."""


@dataclass(frozen=True)
class Placed:
    """A table with its geometry columns, the system that the coordinates came in, and what is odd about them."""

    headers: tuple[str, ...]
    rows: pl.DataFrame
    crs: str
    faults: tuple[Fault, ...]


def _known_crs(name: str) -> "CRS":
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(name)
    except CRSError:
        raise UnreadableError("crs-unknown", name.splitlines()[0][:80] if name else "") from None


def _name_of(crs: "CRS", stated: str) -> str:
    code = crs.to_epsg(min_confidence=25)
    return f"EPSG:{code}" if code else stated.splitlines()[0][:80]


def _moved(shapes: Any, move: Callable[[Any], Any]) -> Any:
    """Apply a function of coordinates (n × 2) to shapes; heights stay as they are."""
    import shapely

    answer = shapes.copy()
    for has_z in (False, True):
        chosen = shapely.has_z(shapes) == has_z
        if chosen.any():
            answer[chosen] = shapely.transform(shapes[chosen], move, include_z=has_z)
    return answer


def _mover(crs: "CRS | None", exchange: bool) -> Callable[[Any], Any]:
    """Return what becomes of coordinates: exchanged if declared so, then brought to WGS 84, longitude first."""
    from pyproj import Transformer

    to_wgs84 = None if crs is None else Transformer.from_crs(crs, WGS84, always_xy=True)

    def move(points: Any) -> Any:
        points = points.copy()
        if exchange:
            points[:, [0, 1]] = points[:, [1, 0]]
        if to_wgs84 is not None:
            x, y = to_wgs84.transform(points[:, 0], points[:, 1])
            points[:, 0], points[:, 1] = x.round(DECIMALS), y.round(DECIMALS)
        return points

    return move


def mover_from(name: str) -> Callable[[Any], Any]:
    """Return what brings coordinates (n × 2) of a named system to WGS 84, longitude first.

    Raises:
        UnreadableError: the system is not known.
    """
    return _mover(None if SAID_WGS84.search(name) else _known_crs(name), exchange=False)


def _to_wgs84(texts: pl.Series, crs: "CRS | None", exchange: bool, lines: Sequence[int]) -> pl.Series:
    import numpy
    import shapely

    shapes = shapely.from_geojson(texts.to_numpy(), on_invalid="ignore")
    unreadable = numpy.flatnonzero(shapely.is_missing(shapes) & texts.is_not_null().to_numpy())
    if len(unreadable):
        raise UnreadableError("geometry-unreadable", str(unreadable[0] + 1), lines[int(unreadable[0])])
    moved = shapely.to_geojson(_moved(shapes, _mover(crs, exchange)))
    return pl.Series(texts.name, moved.tolist(), dtype=pl.String)


def _check_degrees(x: pl.Series, y: pl.Series) -> list[Fault]:
    beyond = ((x.abs() > 180) | (y.abs() > 90)).fill_null(False)
    if not beyond.any():
        return []
    west, south, east, north = LAMBERT_93
    lambert = (x.is_between(west, east) & y.is_between(south, north)).filter(beyond).all()
    example = f"{x.filter(beyond)[0]}, {y.filter(beyond)[0]}"
    return [Fault("crs-missing", None, None, None, example + (" : EPSG:2154 ?" if lambert else ""))]


def with_geometry(
    headers: tuple[str, ...], rows: pl.DataFrame, texts: pl.Series, stated: str | None, reading: Reading,
    lines: Sequence[int],
) -> Placed:  # fmt: skip
    """Add ``geometry`` (GeoJSON text), and for points ``geometry.longitude`` and ``geometry.latitude`` (degrees).

    Raises:
        UnreadableError: the system of coordinates is not known, or a geometry cannot be read.
    """
    name = reading.crs or stated or WGS84
    crs = None if SAID_WGS84.search(name) else _known_crs(name)
    said = WGS84 if crs is None else _name_of(crs, name)
    exchange = reading.axes == "lat-lon"
    if exchange or crs is not None:
        texts = _to_wgs84(texts, crs, exchange, lines)
    first = texts.str.extract_groups(FIRST_POINT)
    x, y = (first.struct[place].rename(name) for place, name in enumerate(("x", "y")))
    east, north = x.cast(pl.Float64, strict=False), y.cast(pl.Float64, strict=False)
    faults = _check_degrees(east, north)
    if not faults and not exchange:
        faults = report_exchanged(east, north, pl.Series(lines, dtype=pl.Int64))
    is_point = texts.str.contains(IS_POINT).fill_null(False)
    added = {"geometry": texts}
    if is_point.any():
        points = pl.DataFrame({"p": is_point, "x": x, "y": y})
        only = points.select(pl.when("p").then(pl.col("x", "y")))
        added |= {"geometry.longitude": only["x"], "geometry.latitude": only["y"]}
    columns = [column.alias(str(len(headers) + place)) for place, column in enumerate(added.values())]
    return Placed((*headers, *added), rows.hstack(columns), said, tuple(faults))
