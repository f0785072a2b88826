"""Decisions of the council, after the national schema ``scdl-deliberations`` 2.1.5.

Subjects are those of the national nomenclature of acts sent to the prefecture (@CTES, first two levels).
"""

from datetime import date, timedelta
from random import Random

from infra.town_halls.rows import Row
from infra.town_halls.towns import Town

_SUBJECTS = (
    ("1.1", "Commande Publique/Marchés publics", "Attribution du marché d'entretien des toitures"),
    ("2.1", "Urbanisme/Documents d'urbanisme", "Modification simplifiée du plan local d'urbanisme"),
    ("3.1", "Domaine et patrimoine/Acquisitions", "Acquisition d'une parcelle en zone humide"),
    ("4.1", "Fonction publique/Personnel titulaire et stagiaire", "Tableau des effectifs"),
    ("5.2", "Institutions et vie politique/Fonctionnement des assemblées", "Règlement intérieur du conseil"),
    ("7.1", "Finances locales/Décisions budgétaires", "Décision modificative du budget"),
    ("7.5", "Finances locales/Subventions", "Subventions aux associations"),
    ("8.4", "Domaines de compétences par thèmes/Aménagement du territoire", "Convention de gestion des marais"),
    ("9.1", "Autres domaines de compétences/Autres domaines de compétences des communes", "Motion"),
)


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per decision, a dozen a sitting."""
    return [_decision(town, random, number) for number in numbers]


def _decision(town: Town, random: Random, number: int) -> Row:
    sitting = date(2023, 1, 19) + timedelta(days=35 * (number // 12))
    code, subject, title = _SUBJECTS[random.randrange(len(_SUBJECTS))]
    seats = 27 + min(town.population // 5000, 22)
    present = seats - random.randint(0, 6)
    against, abstaining = random.choice(((0, 0), (0, 0), (0, 2), (3, 1), (6, 0)))
    budget = code.startswith("7.")
    return {
        "COLL_NOM": town.name,
        "COLL_SIRET": town.siret,
        "DELIB_ID": f"EX{number:05d}",
        "DELIB_DATE": sitting,
        "DELIB_MATIERE_CODE": code,
        "DELIB_MATIERE_NOM": subject,
        "DELIB_OBJET": f"{title} (exemple {number})",
        "BUDGET_ANNEE": f"{sitting:%Y}" if budget else None,
        "BUDGET_NOM": "Budget principal" if budget else None,
        "PREF_ID": "PREF044",
        "PREF_DATE": sitting + timedelta(days=random.randint(1, 9)),
        "VOTE_EFFECTIF": seats,
        "VOTE_REEL": present,
        "VOTE_POUR": present - against - abstaining,
        "VOTE_CONTRE": against,
        "VOTE_ABSTENTION": abstaining,
        "DELIB_URL": f"https://www.example.org/{town.id}/deliberations/EX{number:05d}.pdf",
    }
