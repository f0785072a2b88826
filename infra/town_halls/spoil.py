"""Wrong rows of the kinds that real files have: what spreadsheets and hurried hands do to a cell.

Works on cells as text, after the town's formats, and only in ways that break a rule of the contract for certain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Spoil:
    """One way to go wrong: in a column, or (no column) on the row's length."""

    column: str
    how: Callable[[str], str]


def _becomes(text: str) -> Callable[[str], str]:
    return lambda _cell: text


def _in_scientific_notation(cell: str) -> str:
    """What a spreadsheet shows, and saves, of a fourteen-digit number."""
    return f"{cell[0]},{cell[1:3]}E+{len(cell) - 1}"


def _without_leading_zeros(cell: str) -> str:
    return cell.lstrip("0")


SPOILS = {
    "subventions": (
        Spoil("idBeneficiaire", _without_leading_zeros),
        Spoil("idAttribuant", _in_scientific_notation),
        Spoil("dateConvention", _becomes("31/02/2025")),
        Spoil("objet", _becomes("")),
        Spoil("nature", _becomes("numéraire")),
        Spoil("montant", _becomes("AUCUN")),
        Spoil("dateConvention", _becomes("15 mars 2025")),
        Spoil("", _becomes("")),
        Spoil("datesPeriodeVersement", _becomes("2025-01-01_2025-12-31")),
        Spoil("pourcentageSubvention", _becomes("100")),
    ),
    "equipements": (
        Spoil("COLL_SIRET", _in_scientific_notation),
        Spoil("EQUIP_THEME", _becomes("Sport")),
        Spoil("ADR_NUMERO", _becomes("")),
        Spoil("EQUIP_LAT", _becomes("NC")),
        Spoil("ADR_NOMVOIE", _becomes("3, rue du Marais")),
        Spoil("ADR_CODEPOSTAL", _becomes("44 600")),
        Spoil("ERP_CATEGORIE", _becomes("7")),
    ),
    "deliberations": (
        Spoil("DELIB_DATE", _becomes("30/02/2024")),
        Spoil("DELIB_MATIERE_CODE", _becomes("7")),
        Spoil("VOTE_POUR", _becomes("99")),
        Spoil("DELIB_OBJET", _becomes("")),
        Spoil("", _becomes("")),
        Spoil("COLL_SIRET", _in_scientific_notation),
        Spoil("DELIB_MATIERE_NOM", _becomes("Divers")),
    ),
    "menus_collectifs": (
        Spoil("menuPlatType", _becomes("plat")),
        Spoil("menuDate", _becomes("lundi 8 septembre")),
        Spoil("menuPlatNom", _becomes("")),
        Spoil("menuCollSiret", _in_scientific_notation),
        Spoil("menuRestaurantInsee", _becomes("44184.0")),
    ),
    "lieux_covoiturage": (
        Spoil("Ylat", _becomes("6689214")),
        Spoil("type", _becomes("parking relai")),
        Spoil("insee", _becomes("4418")),
        Spoil("nbre_pl", _becomes("12 places")),
    ),
    "consommation_energie": (
        Spoil("consommation_kwh", _becomes("-12")),
        Spoil("energie", _becomes("fioul")),
        Spoil("mois", _becomes("2025-13")),
        Spoil("consommation_kwh", _becomes("n. d.")),
    ),
    "signalements": (
        Spoil("categorie", _becomes("chats perdus")),
        Spoil("date_signalement", _becomes("hier")),
        Spoil("statut", _becomes("")),
        Spoil("auteur_courriel", _becomes("pas de courriel")),
    ),
}


def spoil_rows(dataset: str, columns: list[str], cells: list[list[str]], share: float, random: Random) -> set[int]:
    """Spoil some of the rows in place, each in one way, all ways by turns; return which (from 0).

    ``columns`` are contract names in the order of the cells; ways that need a column the file lacks are left out.
    """
    ways = [spoil for spoil in SPOILS[dataset] if not spoil.column or spoil.column in columns]
    count = max(1, round(share * len(cells))) if share else 0
    chosen = sorted(random.sample(range(len(cells)), count))
    first = random.randrange(len(ways))
    for turn, index in enumerate(chosen):
        spoil = ways[(first + turn) % len(ways)]
        if spoil.column:
            position = columns.index(spoil.column)
            cells[index][position] = spoil.how(cells[index][position])
        else:
            del cells[index][-2:]
    return set(chosen)
