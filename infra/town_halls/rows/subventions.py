"""Grants to associations, after the national schema ``scdl-subventions`` 2.1.1.

The same invented associations are funded by several communes, as happens: the sum per association crosses communes.
"""

from datetime import date, timedelta
from random import Random

from infra.town_halls.rows import Row
from infra.town_halls.towns import Town, example_siren, siret_of

_PURPOSES = (
    "Fonctionnement annuel",
    "Fête de quartier",
    "Achat de matériel",
    "Stage de vacances",
    "Tournoi",
    "Festival",
)
_NATURES = ("aide en numéraire", "aide en numéraire", "aide en nature", "aide en numéraire;aide en nature")
_PAYMENTS = ("unique", "échelonné", "en deux fois, acompte puis solde")
ASSOCIATIONS = 60


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per grant decided in 2025."""
    return [_grant(town, random, number) for number in numbers]


def _grant(town: Town, random: Random, number: int) -> Row:
    association = random.randint(1, ASSOCIATIONS)
    decided = date(2025, 1, 6) + timedelta(days=random.randint(0, 340))
    until = decided + timedelta(days=random.choice((0, 90, 180)))
    return {
        "nomAttribuant": town.name,
        "idAttribuant": town.siret,
        "dateConvention": decided,
        "referenceDecision": f"EXEMPLE-{decided:%Y}-{number:04d}",
        "nomBeneficiaire": f"Association exemple {association:02d}",
        "idBeneficiaire": siret_of(example_siren(association)),
        "rnaBeneficiaire": f"W{449900000 + association}",
        "objet": f"{random.choice(_PURPOSES)} (exemple)",
        "montant": round(random.choice((1, 10, 100)) * random.uniform(80, 320), 2),
        "nature": random.choice(_NATURES),
        "conditionsVersement": random.choice(_PAYMENTS),
        "datesPeriodeVersement": decided.isoformat() if until == decided else f"{decided}/{until}",
        "idRAE": None,
        "notificationUE": random.random() < 0.03,
        "pourcentageSubvention": round(random.uniform(0.05, 1), 2),
        "dispositifAide": random.choice((None, "Vie associative (exemple)")),
    }
