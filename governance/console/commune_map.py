"""Where the communes lie, drawn on the server: a point each with a link; the table beside says the same.

Points stand where ``places.csv`` has the middle of each circle; contours of communes are nobody's to invent.
"""

import math
from collections.abc import Mapping, Sequence

from governance.console.shown import Shown
from governance.contracts.model import Place
from governance.contracts.places import FILE, read_places
from governance.federation import Member
from governance.platform import Platform

_WIDTH, _MARGIN_X, _MARGIN_Y = 640.0, 90.0, 50.0
_LEAST_RADIUS, _MOST_RADIUS = 7.0, 20.0
_LABEL_BELOW, _LABEL_ABOVE = 15.0, 5.0
_SIGN_WIDTH, _LINE_HEIGHT = 8.0, 18.0
"""About as much as a sign of a name takes, and a line."""


class MapPoint(Shown):
    """One commune on the drawing, in its units; y grows downwards."""

    id: str
    name: str
    x: float
    y: float
    radius: float
    """Its area is in proportion to the commune's open rows, between two bounds."""
    label_y: float
    """Foot of its name: under the point, or above it where the name of a neighbour stands."""
    open_rows: int
    address: str
    """Of its own portal, or of its page here."""


class CommuneMap(Shown):
    """The drawing."""

    width: float
    height: float
    points: tuple[MapPoint, ...]


def commune_map(platform: Platform, open_rows: Mapping[str, int]) -> CommuneMap | None:
    """Return the drawing, given rows by member id; None where fewer than two communes have a place."""
    places = read_places(platform.federation.root / FILE)
    communes = [
        member
        for member in platform.federation.members.values()
        if member.kind == "commune" and member.insee_code in places
    ]
    if len(communes) < 2:
        return None
    spots = _projected({member.id: places[str(member.insee_code)] for member in communes})
    most = max(open_rows.get(member.id, 0) for member in communes) or 1
    points = [_point(platform, member, open_rows.get(member.id, 0), spots[member.id], most) for member in communes]
    # From north to south, so that the keyboard goes through them as the eye does.
    ordered = _labelled(sorted(points, key=lambda point: (point.y, point.x)))
    return CommuneMap(width=_WIDTH, height=round(max(point.y for point in ordered) + _MARGIN_Y, 1), points=ordered)


def _projected(places: Mapping[str, Place]) -> dict[str, tuple[float, float]]:
    """Degrees to units of the drawing: near enough to conformal over the width of a federation."""
    middle = math.radians(sum(place.latitude for place in places.values()) / len(places))
    east = {name: place.longitude * math.cos(middle) for name, place in places.items()}
    west, span = min(east.values()), max(east.values()) - min(east.values())
    scale = (_WIDTH - 2 * _MARGIN_X) / (span or 1)
    north = max(place.latitude for place in places.values())
    return {
        name: (_MARGIN_X + (east[name] - west) * scale, _MARGIN_Y + (north - place.latitude) * scale)
        for name, place in places.items()
    }


def _labelled(points: Sequence[MapPoint]) -> tuple[MapPoint, ...]:
    """Put a name above its point where it would touch one that stands already."""
    done: list[MapPoint] = []
    for point in points:
        is_crowded = any(_touch(point, other) for other in done)
        above = round(point.y - point.radius - _LABEL_ABOVE, 1)
        done.append(point.model_copy(update={"label_y": above}) if is_crowded else point)
    return tuple(done)


def _touch(one: MapPoint, other: MapPoint) -> bool:
    half = (len(one.name) + len(other.name)) * _SIGN_WIDTH / 2 + 2 * _SIGN_WIDTH
    return abs(one.label_y - other.label_y) < _LINE_HEIGHT and abs(one.x - other.x) < half


def _point(platform: Platform, member: Member, rows: int, spot: tuple[float, float], most: int) -> MapPoint:
    radius = max(_LEAST_RADIUS, _MOST_RADIUS * math.sqrt(rows / most))
    portal = member.portal
    return MapPoint(
        id=member.id,
        name=member.name,
        x=round(spot[0], 1),
        y=round(spot[1], 1),
        radius=round(radius, 1),
        label_y=round(spot[1] + radius + _LABEL_BELOW, 1),
        open_rows=rows,
        address=portal.address(platform.settings.public_address) if portal else "",
    )
