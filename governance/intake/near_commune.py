"""Whether a point lies in the commune that its row names, or near it; distances are on a sphere, in kilometres."""

import polars as pl

from governance.contracts.model import Check, Contract, Place
from governance.intake.constraints import text, typed

EARTH_KM = 6371.0
MARGIN_KM = 1.0
"""How far outside is still near: a car park behind the border, a rounded coordinate."""


def _circle(check: Check, contract: Contract, part: str) -> pl.Expr:
    """One number of the circle of the commune that a row names: by INSEE code, by SIREN, or by SIRET."""
    named = text(check.columns[2])
    key = pl.when(named.str.len_chars() == 14).then(named.str.slice(0, 9)).otherwise(named)
    numbers = {name: getattr(place, part) for name, place in contract.places.items()}
    return key.replace_strict(numbers, default=None, return_dtype=pl.Float64)


def _distance(longitude: pl.Expr, latitude: pl.Expr, east: pl.Expr, north: pl.Expr) -> pl.Expr:
    """Great-circle distance by the haversine formula."""
    half_north = ((latitude - north).radians() / 2).sin() ** 2
    half_east = ((longitude - east).radians() / 2).sin() ** 2
    return 2 * EARTH_KM * (half_north + latitude.radians().cos() * north.radians().cos() * half_east).sqrt().arcsin()


def _beyond(check: Check, contract: Contract, *, is_exchanged: bool = False) -> pl.Expr:
    """How far outside the circle a point lies; null where the point or the commune's circle is not known."""
    x, y = (typed(name).cast(pl.Float64) for name in check.columns[:2])
    longitude, latitude = (y, x) if is_exchanged else (x, y)
    east, north, radius = (_circle(check, contract, part) for part in Place.model_fields)
    return _distance(longitude, latitude, east, north) - radius


def is_far(check: Check, contract: Contract) -> pl.Expr:
    """Mark the rows whose point lies farther from their commune than the margin."""
    return _beyond(check, contract) > float(check.parameters.get("margin_km", MARGIN_KM))


def told_distance(check: Check, contract: Contract) -> pl.Expr:
    """Return how far away points are, and whether they would not be if their axes were exchanged."""
    distance = pl.format("{} km", _beyond(check, contract).round(0).cast(pl.Int64))
    hint = pl.when(_beyond(check, contract, is_exchanged=True) <= 0).then(pl.lit(" (longitude ↔ latitude)"))
    return pl.concat_str(distance, hint.otherwise(pl.lit("")))
