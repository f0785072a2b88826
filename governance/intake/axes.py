"""Longitude and latitude that stand in each other's place: found by where France lies, mended only when declared.

A point is held exchanged only if it lies outside every part of France as written, and inside one when exchanged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from governance.federation import Reading
from governance.intake.header import Wanted, fold
from governance.intake.table import LINE, Fault

DECIMALS = 7
"""Of a degree: one centimetre."""
FRANCE = (
    (-5.6, 41.2, 9.8, 51.3), (-61.9, 15.7, -60.9, 16.6), (-61.3, 14.3, -60.7, 15.0), (-54.7, 2.0, -51.5, 5.9),
    (55.1, -21.5, 55.9, -20.8), (44.9, -13.1, 45.4, -12.6), (-56.6, 46.7, -56.0, 47.2), (-63.2, 17.8, -62.7, 18.2),
)  # fmt: skip
"""West, south, east, north, in degrees: European France, Guadeloupe, Martinique, Guyane, La Réunion, Mayotte,
Saint-Pierre-et-Miquelon, Saint-Martin and Saint-Barthélemy."""
LONGITUDE = re.compile(r"^(?:x|geometry|geo|coord|coordonnees?)?(?:longitude|long|lon|lng)(?:wgs84)?$")
LATITUDE = re.compile(r"^(?:y|geometry|geo|coord|coordonnees?)?(?:latitude|lat)(?:wgs84)?$")


def _in_france(longitude: pl.Expr, latitude: pl.Expr) -> pl.Expr:
    inside = [
        longitude.is_between(west, east) & latitude.is_between(south, north) for west, south, east, north in FRANCE
    ]
    return pl.any_horizontal(inside)


_EXCHANGED = (~_in_france(pl.col("x"), pl.col("y")) & _in_france(pl.col("y"), pl.col("x"))).fill_null(False)


def are_in_france(longitude: pl.Series, latitude: pl.Series) -> pl.Series:
    """Mark the points (degrees, null allowed) that lie in a part of France."""
    points = pl.DataFrame({"x": longitude, "y": latitude}, schema={"x": pl.Float64, "y": pl.Float64})
    return points.select(_in_france(pl.col("x"), pl.col("y")).fill_null(False)).to_series()


def are_exchanged(longitude: pl.Series, latitude: pl.Series) -> pl.Series:
    """Mark the points (degrees, null allowed) that are in France only when exchanged."""
    points = pl.DataFrame({"x": longitude, "y": latitude}, schema={"x": pl.Float64, "y": pl.Float64})
    return points.select(_EXCHANGED).to_series()


def report_exchanged(longitude: pl.Series, latitude: pl.Series, lines: pl.Series) -> list[Fault]:
    """Report exchanged points: each by its line, or once for the file if most are."""
    west, south, east, north = FRANCE[0]
    elsewhere = ~(longitude.is_between(west, east) & latitude.is_between(south, north))
    points = pl.DataFrame({"x": longitude, "y": latitude, "line": lines}).filter(elsewhere)
    exchanged = points.filter(are_exchanged(points["x"], points["y"]))
    count = exchanged.height
    if count == 0:
        return []
    x, y, at = exchanged["x"], exchanged["y"], exchanged["line"]
    faults = [
        Fault("swapped-axes", line, None, f"{one}, {other}", f"{other}, {one}")
        for line, one, other in zip(at.to_list(), x.to_list(), y.to_list(), strict=True)
    ]
    known = int((longitude.is_not_null() & latitude.is_not_null()).sum())
    if count > 1 and 2 * count > known:
        first = faults[0]
        return [Fault("swapped-axes", None, None, first.value, f"{first.detail} ; {count}/{known}")]
    return faults


@dataclass(frozen=True)
class Pair:
    """Places of a longitude and a latitude among the headers."""

    longitude: int
    latitude: int


def find_pair(headers: Sequence[str], wanted: Wanted) -> Pair | None:
    """Find the one longitude and the one latitude, by the file's headers or those of the contract that they bear."""
    names = {fold(header): fold(column) for column, header in wanted.headers.items()}
    folded = [names.get(fold(header), fold(header)) for header in headers]
    east = [place for place, name in enumerate(folded) if LONGITUDE.match(name)]
    north = [place for place, name in enumerate(folded) if LATITUDE.match(name)]
    return Pair(east[0], north[0]) if len(east) == len(north) == 1 else None


def degrees(column: pl.Series) -> pl.Series:
    """Return the numbers that a column of text holds, with a point or a comma; null for anything else."""
    plain = column.cast(pl.Float64, strict=False)
    if plain.null_count() == column.null_count():  # most files: to rewrite every cell costs ten times as much
        return plain
    return column.str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def _to_wgs84(rows: pl.DataFrame, east: str, north: str, crs: str) -> pl.DataFrame:
    """Bring two columns of text to degrees; what is no number stays as it is written, to be reported as such."""
    from governance.intake.geometry import mover_from

    values = pl.DataFrame({east: degrees(rows[east]), north: degrees(rows[north])})
    moved = mover_from(crs)(values.to_numpy())
    answer = []
    for place, name in enumerate((east, north)):
        text = pl.Series(name, moved[:, place], nan_to_null=True).round(DECIMALS).cast(pl.String)
        mark = rows[name].str.contains(",", literal=True)
        both = pl.DataFrame({"old": rows[name], "new": text, "comma": mark}).select(
            pl.when(pl.col("new").is_null()).then(pl.col("old"))
            .when("comma").then(pl.col("new").str.replace(".", ",", literal=True)).otherwise(pl.col("new"))
        )  # fmt: skip
        answer.append(both.to_series().alias(name))
    return rows.with_columns(answer)


def check_axes(
    headers: Sequence[str], rows: pl.DataFrame, wanted: Wanted, reading: Reading
) -> tuple[pl.DataFrame, list[Fault]]:
    """Report exchanged longitudes and latitudes of a table; exchange them only if the source pins ``lat-lon``.

    With a pinned system of coordinates they are brought to WGS 84.

    Raises:
        UnreadableError: that system is not known.
    """
    pair = find_pair(headers, wanted)
    if pair is None:
        return rows, []
    east, north = str(pair.longitude), str(pair.latitude)
    if reading.axes == "lat-lon":
        rows = rows.with_columns(pl.col(north).alias(east), pl.col(east).alias(north))
    if reading.crs is not None:
        rows = _to_wgs84(rows, east, north, reading.crs)
    if reading.axes == "lat-lon":
        return rows, []
    return rows, report_exchanged(degrees(rows[east]), degrees(rows[north]), rows[LINE])
