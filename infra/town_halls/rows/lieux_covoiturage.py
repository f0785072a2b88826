"""Car-sharing places, after the national schema ``lieux-covoiturage`` 0.3.1."""

from datetime import date, timedelta
from random import Random

from infra.town_halls.rows import Row, places
from infra.town_halls.towns import COMMUNES, Town

_KINDS = ("Aire de covoiturage", "Parking", "Parking relais", "Supermarché", "Délaissé routier")


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per place; the EPCI's lie in any of its communes."""
    return [_place(town, random, number) for number in numbers]


def _place(town: Town, random: Random, number: int) -> Row:
    where = town if town.insee else COMMUNES[number % len(COMMUNES)]
    longitude, latitude = where.somewhere(random)
    spaces = random.randint(4, 120)
    return {
        "id_local": f"EX{where.insee}-{'C' if town.insee else 'E'}{number:03d}",
        "nom_lieu": f"Covoiturage exemple {number}",
        "ad_lieu": places.address(random),
        "com_lieu": where.name,
        "insee": where.insee,
        "type": random.choice(_KINDS),
        "date_maj": date(2025, 3, 1) + timedelta(days=random.randint(0, 200)),
        "ouvert": random.random() < 0.95,
        "source": town.siren,
        "Xlong": longitude,
        "Ylat": latitude,
        "nbre_pl": spaces,
        "nbre_pmr": spaces // 40,
        "duree": random.choice((None, 720, 1440)),
        "horaires": random.choice(("24/7", "Mo-Sa 06:00-22:00", None)),
        "proprio": "Commune" if town.insee else "EPCI",
        "lumiere": random.random() < 0.6,
        "comm": "Lieu d'exemple",
    }
