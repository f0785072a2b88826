"""A cell that holds two coordinates, told by its values: which order and decimal sign put most points in France."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from governance.contracts.model import Column
from governance.federation import ColumnFormats
from governance.intake.axes import are_in_france
from governance.intake.parsers import is_marked, parse_part
from governance.mapping.values import CONFORMING
from governance.mapping.words import meaning_of

ORDERS: tuple[Literal["lat-lon", "lon-lat"], ...] = ("lat-lon", "lon-lat")
DECIMALS: tuple[Literal[".", ","], ...] = (".", ",")


@dataclass(frozen=True)
class Point:
    """The place of a header whose cells hold two coordinates, how they are read for each column, and how many fit."""

    place: int
    formats: Mapping[str, ColumnFormats]
    share: float


def find_point(columns: Sequence[Column], texts: Mapping[int, Sequence[str]]) -> Point | None:
    """Return the header that gives both the one latitude and the one longitude among columns, or None.

    ``texts`` are different values by place of the header.
    """
    latitude, longitude = _one(columns, "@latitude"), _one(columns, "@longitude")
    if latitude is None or longitude is None:
        return None
    found: list[Point] = []
    for place, values in texts.items():
        for order in ORDERS:
            for decimal in DECIMALS:
                north = ColumnFormats(coordinates=order, take="latitude", decimal=decimal)
                east = ColumnFormats(coordinates=order, take="longitude", decimal=decimal)
                share = _share(values, north, east)
                if share >= CONFORMING:
                    found.append(Point(place, {latitude.name: north, longitude.name: east}, share))
    return max(found, key=lambda point: point.share) if len({point.place for point in found}) == 1 else None


def _one(columns: Sequence[Column], concept: str) -> Column | None:
    found = [column for column in columns if column.type == "number" and concept in meaning_of(column.name).concepts]
    return found[0] if len(found) == 1 else None


def _share(values: Sequence[str], north: ColumnFormats, east: ColumnFormats) -> float:
    cell = pl.col("cell")
    parts = {"x": parse_part(cell, east), "y": parse_part(cell, north)}
    points = pl.DataFrame({"cell": values}, schema={"cell": pl.String}).select(
        pl.when(is_marked(part).not_()).then(part.str.replace(",", ".")).cast(pl.Float64, strict=False).alias(name)
        for name, part in parts.items()
    )
    return float(are_in_france(points["x"], points["y"]).mean() or 0.0)  # type: ignore[arg-type]
