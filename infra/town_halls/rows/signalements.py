"""Citizens' reports; authors are numbers, at a domain and in a telephone range kept for fiction.

Telephone numbers: 01 99 00 xx xx, which ARCEP sets apart for works of fiction. Mail: RFC 2606.
"""

from datetime import date, timedelta
from random import Random

from infra.town_halls.rows import Row, places
from infra.town_halls.towns import Town

_SUBJECTS = {
    "voirie": "Nid-de-poule devant le portail",
    "éclairage": "Lampadaire éteint",
    "propreté": "Dépôt sauvage de cartons",
    "espaces verts": "Branche tombée sur le chemin",
    "stationnement": "Panneau de stationnement tordu",
    "autre": "Banc à réparer",
}


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per report."""
    return [_report(town, random, number) for number in numbers]


def _report(town: Town, random: Random, number: int) -> Row:
    category = random.choice(list(_SUBJECTS))
    longitude, latitude = town.somewhere(random)
    author = random.randint(1, 400)
    return {
        "signalement_id": f"EX-{town.insee}-{number:05d}",
        "date_signalement": date(2025, 1, 2) + timedelta(days=random.randint(0, 350)),
        "categorie": category,
        # Some people write on several lines, and so do their cells.
        "description": f"{_SUBJECTS[category]}{random.choice((' ', ' ', ' ', chr(10)))}(exemple)",
        "adresse": places.address(random),
        "commune_insee": town.insee,
        "statut": random.choice(("reçu", "en cours", "traité", "traité", "rejeté")),
        "longitude": longitude,
        "latitude": latitude,
        "auteur_nom": f"Habitant exemple {author}",
        "auteur_courriel": f"habitant-exemple-{author}@example.org",
        "auteur_telephone": f"01 99 00 {author // 100:02d} {author % 100:02d}",
    }
