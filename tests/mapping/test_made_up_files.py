"""Files of grants made up of other spellings and of columns that no contract has: nothing wrong is ever sure.

The spellings are ours, from what such files look like; the rules were written with them in sight, so they keep what was
reached and prove no more. `bench/mapping.py` measures on other people's words.
"""

import random

import polars as pl
import pytest

from governance.mapping.proposal import propose
from tests.mapping.test_proposal import GRANTS

SPELLINGS: dict[str, tuple[str, ...]] = {
    "nomAttribuant": ("Nom de l'attribuant", "Collectivité attribuante", "Financeur", "Collectivité"),
    "idAttribuant": ("SIRET de l'attribuant", "Identifiant attribuant", "SIRET de la collectivité attribuante"),
    "dateConvention": ("Date de signature de la convention", "Date décision", "Date de la délibération"),
    "referenceDecision": ("N° de délibération", "Numéro de l'acte", "Référence délibération", "Numéro de convention"),
    "nomBeneficiaire": ("Dénomination du bénéficiaire", "Tiers", "Association", "Nom de la structure", "Bénéficiaires"),
    "idBeneficiaire": ("Siret du bénéficiaire", "N° SIRET (14 chiffres)", "SIRET association"),
    "objet": ("Objet de l'aide", "Projet subventionné", "Intitulé de l'action", "Libellé du projet", "Motif"),
    "montant": ("Montant total de la subvention", "Somme allouée", "Montant voté", "Subvention 2023"),
    "nature": ("Nature de la subvention", "Type de subvention", "Nature de l'aide"),
    "conditionsVersement": ("Modalités de versement", "Conditions de paiement"),
    "datesPeriodeVersement": ("Date ou période de versement", "Période de versement", "Dates de versement"),
    "notificationUE": ("Aide notifiée à l'Europe", "Notification à la commission européenne", "Notifié UE"),
    "pourcentageSubvention": ("% de la subvention", "Pourcentage", "Part de la subvention"),
    "dispositifAide": ("Dispositif", "Programme d'aide", "Dispositif de financement"),
}  # fmt: skip
VALUES = {
    "nomAttribuant": "Commune exemple", "idAttribuant": "21440052500013", "dateConvention": "2024-03-01",
    "referenceDecision": "2024-017", "nomBeneficiaire": "Association exemple", "idBeneficiaire": "38047555800058",
    "objet": "Fonctionnement", "montant": "1200.50", "nature": "aide en numéraire", "conditionsVersement": "unique",
    "datesPeriodeVersement": "2024-04-01/2024-12-31", "notificationUE": "non", "pourcentageSubvention": "1",
    "dispositifAide": "Vie associative",
}  # fmt: skip
STRANGERS = {
    "Montant payé": "900", "Montant demandé": "2000", "Montant mandaté": "900", "Coût total du projet": "5000",
    "Reste à payer": "300", "Nature juridique": "association", "Forme juridique": "association",
    "Objet social": "Musique", "Nom du président": "Personne exemple", "Date de création": "1999-01-01",
    "Date de demande": "2023-11-01", "Date de fin de convention": "2024-12-31", "Code postal": "44480",
    "Commune": "Donges", "Exercice": "2024", "Numéro de dossier": "D-12", "Thématique": "Culture",
    "Service instructeur": "Culture", "Libellé nature comptable": "Subventions", "Type de tiers": "association",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_most_columns_come_first_and_nothing_wrong_is_sure(seed: int) -> None:
    chance = random.Random(seed)
    asked = right = 0
    for _ in range(5):
        columns = [name for name in SPELLINGS if chance.random() < 0.75]
        named = [(chance.choice(SPELLINGS[name]), VALUES[name], name) for name in columns]
        cells = [*named, *((header, STRANGERS[header], "") for header in chance.sample(sorted(STRANGERS), 6))]
        chance.shuffle(cells)
        headers, truth = [header for header, _, _ in cells], {name: header for header, _, name in named}
        rows = pl.DataFrame({str(n): [value] * 3 for n, (_, value, _) in enumerate(cells)})
        for match in propose(headers, rows, GRANTS):
            assert match.verdict != "sure" or truth.get(match.column) == match.header, match
            asked += match.column in truth
            right += match.column in truth and truth[match.column] == match.header
    assert right >= 0.9 * asked
