"""Public facilities, after the national schema ``scdl-equipements`` 0.1.5."""

from dataclasses import dataclass
from random import Random

from infra.town_halls.rows import Row, places
from infra.town_halls.towns import Town


@dataclass(frozen=True)
class _Kind:
    code: str
    theme: str
    label: str
    erp_type: str


_KINDS = (
    _Kind("01010401", "Equipement administratif", "Mairie annexe", "W"),
    _Kind("04020101", "Equipement social et d'animation", "Maison de quartier", "L"),
    _Kind("05010201", "Equipement sportif et de loisirs", "Gymnase", "X"),
    _Kind("05010302", "Equipement sportif et de loisirs", "Aire de jeux", ""),
    _Kind("06010101", "Equipement d'enseignement", "École maternelle", "R"),
    _Kind("06010102", "Equipement d'enseignement", "École élémentaire", "R"),
    _Kind("08010101", "Equipement culturel", "Bibliothèque", "S"),
    _Kind("08020104", "Equipement culturel", "Salle des fêtes", "L"),
    _Kind("09010201", "Equipement de mobilité", "Abri à vélos", ""),
    _Kind("10010101", "Autre équipement", "Toilettes publiques", ""),
)
_HOURS = ("Mo-Fr 08:30-12:00,13:30-17:30", "Tu-Sa 10:00-18:00", "24/7", None)


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per facility; its number makes its identifier."""
    return [_facility(town, random, number) for number in numbers]


def _facility(town: Town, random: Random, number: int) -> Row:
    kind = _KINDS[number % len(_KINDS)]
    rank = number // len(_KINDS) + 1
    longitude, latitude = town.somewhere(random)
    return {
        "COLL_NOM": town.name,
        "COLL_SIRET": town.siret,
        "EQUIP_UID": f"{town.insee}-{kind.code}-{rank:03d}",
        "EQUIP_THEME": kind.theme,
        "EQUIP_CODE": f"{kind.code}-{rank:03d}",
        "EQUIP_TYPE": kind.label,
        "EQUIP_NOM": f"{kind.label} exemple {rank}",
        "ADR_NUMERO": places.street_number(random),
        "ADR_NOMVOIE": places.street(random),
        "ADR_CODEPOSTAL": town.postcode,
        "ADR_COMMUNE": town.name,
        "ADR_CLE_INTEROP": None,
        "ERP_ID": None,
        "ERP_TYPE": kind.erp_type or None,
        "ERP_CATEGORIE": random.randint(1, 5) if kind.erp_type else None,
        "EQUIP_LAT": latitude,
        "EQUIP_LONG": longitude,
        "EQUIP_OUVERTURE": random.choice(_HOURS),
        "EQUIP_TEL": f"+33 19900{random.randint(0, 9999):04d}",
        "EQUIP_EMAIL": f"exemple-{number}@example.org",
        "EQUIP_WEB": f"https://www.example.org/{town.id}/{number}",
    }
