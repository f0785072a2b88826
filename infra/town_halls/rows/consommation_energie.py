"""Energy by delivery point and month, as a network operator would hand it to the authority that granted the network.

Two blocks of flats are there on purpose: one has twelve residential delivery points, one has three, on either side of
the threshold of ten below which residential consumption may not be shown.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

from infra.town_halls.rows import Row, places
from infra.town_halls.towns import COMMUNES, Town

MONTHS = 12
_KINDS = ("mairie", "école", "gymnase", "bibliothèque")
_SEASON = (1.9, 1.7, 1.4, 1.0, 0.7, 0.5, 0.4, 0.4, 0.6, 1.0, 1.4, 1.8)


@dataclass(frozen=True)
class _Point:
    id: str
    building: str
    name: str
    kind: str
    address: str
    insee: str
    energy: str
    surface_m2: int
    kwh_a_month: float


def _points_of(commune: Town, block: int, kind: str, energies: tuple[str, ...]) -> list[_Point]:
    building = f"EX-{commune.insee}-{block:02d}"
    random = Random(building)  # noqa: S311 - kept because examples are seeded, not secret
    where, surface = places.address(random), random.randint(180, 2400)
    home = kind == "logement"
    return [
        _Point(
            id=f"EXEMPLE-{commune.insee}-{block:02d}-{rank:02d}",
            building=building,
            name=f"{'Résidence' if home else kind.capitalize()} exemple {block} de {commune.name}",
            kind=kind,
            address=where,
            insee=commune.insee,
            energy=energy,
            surface_m2=surface if not home else random.randint(28, 95),
            kwh_a_month=surface * random.uniform(4, 11) if not home else random.uniform(150, 600),
        )
        for rank, energy in enumerate(energies, start=1)
    ]


@cache
def _points() -> tuple[_Point, ...]:
    """Every delivery point: 40 buildings, of which two blocks of flats."""
    electric, gas, heat = "électricité", "gaz", "réseau de chaleur"
    found: list[_Point] = []
    for position, commune in enumerate(COMMUNES):
        for block, kind in enumerate(_KINDS, start=1):
            home = {(0, 4): 12, (2, 4): 3}.get((position, block))
            if home:
                found += _points_of(commune, block, "logement", (electric,) * home)
            elif (position, block) == (1, 3):
                found += _points_of(commune, block, "piscine", (electric, heat))
            else:
                found += _points_of(commune, block, kind, (electric, gas) if block % 2 else (electric,))
    return tuple(found)


def build(town: Town, random: Random, numbers: range) -> list[Row]:  # noqa: ARG001 - kept: all builders are called alike
    """One row per delivery point and month of 2025; numbers past the last point begin new years before it."""
    return [_reading(random, number - 1) for number in numbers]


def _reading(random: Random, index: int) -> Row:
    points = _points()
    rank, month = divmod(index, MONTHS)
    earlier, rank = divmod(rank, len(points))
    point = points[rank]
    return {
        "point_livraison_id": point.id,
        "batiment_id": point.building,
        "batiment_nom": point.name,
        "batiment_type": point.kind,
        "adresse": point.address,
        "commune_insee": point.insee,
        "mois": f"{2025 - earlier}-{month + 1:02d}",
        "energie": point.energy,
        "consommation_kwh": round(point.kwh_a_month * _SEASON[month] * random.uniform(0.85, 1.15), 1),
        "surface_m2": point.surface_m2,
    }
