"""Facts about the organisations whose sites the examples play.

Codes, SIREN and postcodes: Code officiel géographique 2026 and BANATIC, by way of ``@etalab/decoupage-administratif``
6.0.0. Centres are approximate, in degrees (WGS 84), and only serve to scatter synthetic points.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Town:
    """One provider: a commune, the EPCI (no INSEE code) or an invented operator."""

    id: str
    name: str
    siren: str
    insee: str = ""
    postcode: str = ""
    population: int = 0
    longitude: float = 0.0
    latitude: float = 0.0

    @property
    def siret(self) -> str:
        """SIRET of the head office: SIREN, then a NIC whose last digit makes the whole pass Luhn."""
        return siret_of(self.siren)

    def somewhere(self, random: Random) -> tuple[float, float]:
        """A point (longitude, latitude) within some 600 m of the centre, to five decimals."""
        return (
            round(self.longitude + random.uniform(-0.008, 0.008), 5),
            round(self.latitude + random.uniform(-0.005, 0.005), 5),
        )


def check_digit(digits: str) -> str:
    """Return the digit that, put after ``digits``, makes the number pass Luhn (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def siret_of(siren: str, office: int = 1) -> str:
    """Return a SIRET of this SIREN: the NIC is four digits of ``office`` and a check digit."""
    stem = f"{siren}{office:04d}"
    return stem + check_digit(stem)


def example_siren(number: int) -> str:
    """Return a SIREN for an invented body: made up, evidently so (0001…), with a right check digit."""
    stem = f"0001{number:04d}"
    return stem + check_digit(stem)


COMMUNES = (
    Town("saint-nazaire", "Saint-Nazaire", "214401846", "44184", "44600", 74778, -2.2137, 47.2805),
    Town("pornichet", "Pornichet", "214401325", "44132", "44380", 12837, -2.3300, 47.2680),
    Town("trignac", "Trignac", "214402109", "44210", "44570", 8316, -2.1890, 47.3180),
    Town("donges", "Donges", "214400525", "44052", "44480", 8201, -2.0753, 47.3240),
    Town("montoir-de-bretagne", "Montoir-de-Bretagne", "214401036", "44103", "44550", 7385, -2.1480, 47.3290),
    Town("saint-andre-des-eaux", "Saint-André-des-Eaux", "214401515", "44151", "44117", 7130, -2.3110, 47.3140),
    Town("la-chapelle-des-marais", "La Chapelle-des-Marais", "214400301", "44030", "44410", 4519, -2.2410, 47.4470),
    Town("saint-joachim", "Saint-Joachim", "214401689", "44168", "44720", 4182, -2.1920, 47.3830),
    Town("besne", "Besné", "214400137", "44013", "44160", 3359, -2.0900, 47.3990),
    Town("saint-malo-de-guersac", "Saint-Malo-de-Guersac", "214401762", "44176", "44550", 3273, -2.1790, 47.3530),
)
EPCI = Town("carene", "CARENE", "244400644", "", "44600", 133980, -2.2137, 47.2805)
ENERGY_OPERATOR = Town("exemple-reseau-energie", "Réseau d'énergie (exemple)", "000000018")
TOWNS = {town.id: town for town in (*COMMUNES, EPCI, ENERGY_OPERATOR)}
