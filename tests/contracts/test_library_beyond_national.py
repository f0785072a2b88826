"""Contracts that no national schema describes: a right row passes, and each of their own rules catches its fault.

All rows are synthetic.
"""

import csv
from pathlib import Path

import pytest

from governance.contracts.adopt import load_from_library
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile

RIGHT: dict[str, dict[str, str]] = {
    "points_apport_volontaire": {
        "point_id": "PAV-0001", "flux": "verre", "commune_insee": "44184", "longitude": "-2.21", "latitude": "47.27",
        "volume_m3": "4", "horaires": "Mo-Sa 08:00-20:00", "accessible_pmr": "oui",
        "exploitant_siret": "24440064400013", "etat": "en service", "date_maj": "2024-03-01",
    },
    "qualite_air": {
        "station_id": "S1", "commune_insee": "44184", "polluant": "PM2.5", "debut": "2024-03-01T08:00:00Z",
        "fin": "2024-03-01T09:00:00Z", "valeur": "12.5", "unite": "µg/m3", "validite": "validée",
    },
    "inventaire_algorithmes": {
        "algorithme_id": "ALG-001", "nom": "Places en crèche (exemple)", "organisme_siret": "24440064400013",
        "finalite": "Classer les demandes.", "degre_automatisation": "aide à la décision",
        "decision_individuelle": "oui", "donnees_personnelles": "oui", "statut": "en service",
        "regles_url": "https://www.example.org/regles", "date_maj": "2024-03-01",
    },
    "indemnites_elus": {
        "organisme_siret": "24440064400013", "annee": "2024", "elu_nom": "EXEMPLE", "elu_prenom": "Exemple",
        "mandat": "maire", "debut_mandat": "2024-01-01", "fin_mandat": "2024-12-31",
        "indemnite_brute_eur": "1000.10", "avantages_nature_eur": "0.20", "frais_eur": "0.30", "total_eur": "1000.60",
    },
    "consommation_eau": {
        "point_livraison_id": "C1", "batiment_id": "B1", "batiment_type": "école", "commune_insee": "44184",
        "mois": "2024-03", "consommation_m3": "12.5", "releve": "télérelevé", "fuite": "non",
    },
    "eclairage_public": {
        "point_id": "EP-0001", "commune_insee": "44184", "longitude": "-2.21", "latitude": "47.27", "lampe": "LED",
        "puissance_w": "35", "regime": "extinction", "extinction_debut": "23:00:00", "extinction_fin": "05:30:00",
        "etat": "en service", "date_maj": "2024-03-01",
    },
}  # fmt: skip
FAULTS = [
    ("points_apport_volontaire", "flux", "métal", "enum"),
    ("points_apport_volontaire", "horaires", "tous les jours", "opening-hours-value"),
    ("points_apport_volontaire", "exploitant_siret", "24440064400014", "french-siret-value"),
    ("points_apport_volontaire", "latitude", "147.27", "maximum"),
    ("qualite_air", "fin", "2024-03-01T08:00:00Z", "compare-columns-value"),
    ("qualite_air", "valeur", "-1", "minimum"),
    ("qualite_air", "unite", "ppm", "enum"),
    ("inventaire_algorithmes", "finalite", "", "required"),
    ("inventaire_algorithmes", "regles_url", "www.example.org", "type-error"),
    ("inventaire_algorithmes", "organisme_siret", "24440064400014", "french-siret-value"),
    ("indemnites_elus", "total_eur", "1000.61", "sum-columns-value"),
    ("indemnites_elus", "fin_mandat", "2023-12-31", "compare-columns-value"),
    ("indemnites_elus", "mandat", "sénateur", "enum"),
    ("consommation_eau", "mois", "2024-13", "pattern"),
    ("consommation_eau", "consommation_m3", "-1", "minimum"),
    ("eclairage_public", "extinction_fin", "", "cohesive-columns-value"),
    ("eclairage_public", "extinction_debut", "23h", "type-error"),
    ("eclairage_public", "commune_insee", "4184", "pattern"),
]


def rules(folder: Path, name: str, row: dict[str, str]) -> list[str]:
    path = folder / "synthetique.csv"
    with path.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened, delimiter=";").writerows([list(row), list(row.values())])
    report = examine([ReceivedFile("row", path, path.name, "0" * 64)], load_from_library(name))[0].report
    return [error.rule for error in report.errors if error.severity == "blocks"]


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_right_row_is_valid(tmp_path: Path, name: str) -> None:
    assert rules(tmp_path, name, RIGHT[name]) == []


@pytest.mark.parametrize(("name", "column", "value", "rule"), FAULTS)
def test_wrong_value_breaks_just_the_rule_that_is_meant(
    tmp_path: Path, name: str, column: str, value: str, rule: str
) -> None:
    assert rules(tmp_path, name, RIGHT[name] | {column: value}) == [rule]


def test_who_received_an_allowance_is_personal_and_meters_are_confidential() -> None:
    tags = {
        name: {column.name: column.tags for column in load_from_library(name).columns if column.tags}
        for name in ("indemnites_elus", "consommation_eau")
    }
    assert tags == {
        "indemnites_elus": {"elu_nom": ("personal",), "elu_prenom": ("personal",)},
        "consommation_eau": {
            "point_livraison_id": ("confidential", "identifier"), "batiment_id": ("identifier",),
            "adresse": ("confidential",),
        },
    }  # fmt: skip
