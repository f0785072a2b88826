"""A whole address in one cell gives the columns that want its parts; a commune's name gives its INSEE code."""

import polars as pl
import pytest

from governance.contracts.adopt import load_from_library
from governance.federation import ColumnFormats
from governance.intake.parsers import MARKS, parse_part
from governance.mapping.match import Match
from governance.mapping.proposal import propose

COMMUNES = {"Donges": "44052", "Trignac": "44210", "Saint-André-des-Eaux": "44151"}
ADDRESSES = ["12 bis rue Haute, 44480 Donges", "Place du Bourg 44570 Trignac", "3, allée du Bois\n44210 Pornic"]


def proposed(contract: str, headers: list[str], *rows: list[str]) -> dict[str, Match]:
    frame = pl.DataFrame({str(n): [row[n] for row in rows] for n in range(len(headers))})
    return {m.column: m for m in propose(headers, frame, load_from_library(contract), None, COMMUNES)}


@pytest.mark.parametrize(
    ("address", "number", "way", "postcode", "town"),
    [
        ("12 bis rue Haute, 44480 Donges", "12 bis", "rue Haute", "44480", "Donges"),
        ("3, allée du Bois - 44117 Saint-André Cedex 2", "3", "allée du Bois", "44117", "Saint-André"),
        ("Place du Bourg 44570 Trignac", None, "Place du Bourg", "44570", "Trignac"),
        ("8 avenue du 8 mai 1945\n44600 Saint-Nazaire", "8", "avenue du 8 mai 1945", "44600", "Saint-Nazaire"),
        ("44480 Donges", None, None, "44480", "Donges"),
        ("1 rue A (44480) Donges", "1", "rue A", "44480", "Donges"),
        ("44480 Donges, 3 rue X", "3", "rue X", "44480", "Donges"),
        ("44480 DONGES CEDEX 2 ; 12 bis, rue Haute, bâtiment B", "12 bis", "rue Haute, bâtiment B", "44480", "DONGES"),
        ("44480 Saint-Malo-de-Guersac\nplace du Bourg", None, "place du Bourg", "44480", "Saint-Malo-de-Guersac"),
        ("44600 Saint-Nazaire - 8 avenue du 8 mai 1945", "8", "avenue du 8 mai 1945", "44600", "Saint-Nazaire"),
        ("(44480) Donges – ZA des Six Croix", None, "ZA des Six Croix", "44480", "Donges"),
        ("44480, Donges, 3-5 allée A", "3-5", "allée A", "44480", "Donges"),
        ("44600 Saint - Nazaire", None, None, "44600", "Saint - Nazaire"),
    ],
)  # fmt: skip
def test_an_address_is_read_by_its_parts(
    address: str, number: str | None, way: str | None, postcode: str, town: str
) -> None:
    frame = pl.DataFrame({"cell": [address]})
    parts = ("number", "way", "postcode", "town")
    declared = {part: ColumnFormats.model_validate({"address": part}) for part in parts}
    read = frame.select(parse_part(pl.col("cell"), formats).alias(part) for part, formats in declared.items())
    assert read.row(0) == (number, way, postcode, town)


@pytest.mark.parametrize(
    "cell",
    [
        "12 rue Haute, Donges", "44480", "à la mairie", "12 rue Haute, 4448 Donges", "44480 Donges, France",
        "44480 Donges, Loire-Atlantique", "44480 Donges\nLe Bourg", "44480 Donges, 3 rue X, France",
        "44480 Donges, 3 rue X, 44480 Donges", "44480 Donges, 02 40 00 00 00", "44480 Donges 3 rue X",
        "44480 Donges, Placebo", "44480 Donges, ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("part", ["number", "way", "street", "postcode", "town"])
def test_what_is_not_surely_a_street_beside_a_postcode_and_a_town_is_no_address(cell: str, part: str) -> None:
    value = parse_part(pl.col("cell"), ColumnFormats.model_validate({"address": part}))
    assert pl.DataFrame({"cell": [cell]}).select(value.alias("read")).item() == MARKS["address-unread"] + cell


def test_an_empty_address_is_empty() -> None:
    value = parse_part(pl.col("cell"), ColumnFormats(address="town"))
    assert pl.DataFrame({"cell": [None, "44480 Donges"]}).select(value.alias("read"))["read"].to_list() == [
        None,
        "Donges",
    ]


@pytest.mark.parametrize("other", [{"split": ",", "part": 1}, {"coordinates": "lat-lon", "take": "latitude"}])
def test_a_cell_is_parted_in_one_way_only(other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="by one of them only"):
        ColumnFormats.model_validate({"address": "town", **other})


def test_a_whole_address_is_proposed_for_each_of_its_columns_never_surely() -> None:
    found = proposed("equipements", ["Nom", "Adresse complète"], *([f"Salle {n}", a] for n, a in enumerate(ADDRESSES)))
    wanted = {"ADR_NUMERO": "number", "ADR_NOMVOIE": "way", "ADR_CODEPOSTAL": "postcode", "ADR_COMMUNE": "town"}
    assert {name: found[name].made.address for name in wanted} == wanted
    assert {(found[name].header, found[name].verdict) for name in wanted} == {("Adresse complète", "verify")}


def test_an_address_with_its_postcode_first_is_proposed_by_its_parts_too() -> None:
    turned = ["44480 Donges, 12 bis rue Haute", "44570 Trignac, place du Bourg", "44210 Pornic\n3, allée du Bois"]
    found = proposed("equipements", ["Nom", "Adresse"], *([f"Salle {n}", a] for n, a in enumerate(turned)))
    wanted = {"ADR_NUMERO": "number", "ADR_NOMVOIE": "way", "ADR_CODEPOSTAL": "postcode", "ADR_COMMUNE": "town"}
    assert {name: found[name].made.address for name in wanted} == wanted


def test_a_column_that_has_a_header_of_its_own_takes_no_part_of_an_address() -> None:
    rows = ([f"Salle {n}", a, "44480"] for n, a in enumerate(ADDRESSES))
    found = proposed("equipements", ["Nom", "Adresse complète", "Code postal"], *rows)
    assert (found["ADR_CODEPOSTAL"].header, found["ADR_CODEPOSTAL"].made.address) == ("Code postal", None)
    assert found["ADR_COMMUNE"].made.address == "town"


def test_texts_that_are_no_addresses_are_not_parted() -> None:
    found = proposed("equipements", ["Nom", "Adresse"], ["Salle A", "à la mairie"], ["Salle B", "12 rue Haute"])
    assert all(match.made.address is None for match in found.values())


def test_the_name_of_a_commune_of_the_federation_gives_its_code_and_stays_the_name() -> None:
    rows = (["Site A", "DONGES"], ["Site B", "Saint André des Eaux"])
    found = proposed("defibrillateurs", ["Nom du site", "Commune"], *rows)
    assert (found["com_nom"].header, found["com_nom"].verdict) == ("Commune", "sure")
    assert (found["com_insee"].header, found["com_insee"].verdict) == ("Commune", "verify")
    assert found["com_insee"].made.codes == {"DONGES": "44052", "Saint André des Eaux": "44151", "Trignac": "44210"}


def test_communes_that_the_federation_does_not_have_give_no_code() -> None:
    found = proposed("defibrillateurs", ["Nom du site", "Commune"], ["Site A", "Nantes"], ["Site B", "Donges"])
    assert found["com_insee"].origin == ""


def test_a_name_and_a_first_name_are_put_together_where_the_contract_has_one_column() -> None:
    rows = (["Exemple", "Anne", "12"], ["Modèle", "Paul", "13"])
    found = proposed("subventions", ["Nom", "Prénom", "Montant voté"], *rows)
    assert (found["nomBeneficiaire"].made.join, found["nomBeneficiaire"].verdict) == (("Nom", "Prénom"), "verify")


def test_a_name_and_a_first_name_stay_apart_where_the_contract_has_both() -> None:
    found = proposed("indemnites_elus", ["Nom", "Prénom"], ["Exemple", "Anne"], ["Modèle", "Paul"])
    assert (found["elu_nom"].header, found["elu_prenom"].header) == ("Nom", "Prénom")
    assert not any(match.made.join for match in found.values())


def test_the_name_of_somebody_else_is_not_joined_where_the_beneficiary_is_named() -> None:
    rows = (["Association A", "Exemple", "Anne"], ["Association B", "Modèle", "Paul"])
    found = proposed("subventions", ["Bénéficiaire", "Nom", "Prénom"], *rows)
    assert (found["nomBeneficiaire"].header, found["nomBeneficiaire"].made.join) == ("Bénéficiaire", ())
