"""What no one header gives as it stands is proposed with what comes out of it, and only a person makes it so."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from stdnum.fr import siret
from typer.testing import CliRunner

from governance.commands.main import app
from governance.contracts.adopt import load_from_library
from governance.contracts.model import Contract
from governance.federation import Member, Source, load_federation
from governance.mapping.coded import code_values
from governance.mapping.match import Match
from governance.mapping.parsed import first_results
from governance.mapping.proposal import propose
from governance.settings import PROJECT_ROOT
from tests.mapping.test_proposal import GRANTS

FACILITIES = load_from_library("equipements")
KINDS = [str(one) for one in GRANTS.column("nature").constraints.enum or ()]
FILE = """Exercice;N° délib;Jour;Mois;Année;ASSO;SIRET_ASSO;Objet;MONTANTVOTE;Nature aide
2024;2024-017;5;3;2024;Association A (synthétique);38047555800058;Fonctionnement;1 200,50;Numéraire
2024;2024-018;17;4;2024;Association B (synthétique);38047555800058;Festival;14 700,00;Prêt de salle en nature
2024;2024-019;30;4;2024;Association C (synthétique);;Tournoi;300,00;Numéraire
"""
DONGES = load_federation(PROJECT_ROOT / "federation", {"example_sites": "http://127.0.0.1:1"}).organisations["donges"]


def table(text: str) -> tuple[list[str], pl.DataFrame]:
    headers, *rows = (line.split(";") for line in text.splitlines())
    cells = {str(n): [row[n] or None for row in rows] for n in range(len(headers))}
    return headers, pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def matched(text: str, contract: Contract = GRANTS) -> dict[str, Match]:
    return {match.column: match for match in propose(*table(text), contract, DONGES)}


def results(text: str, column: str, contract: Contract = GRANTS) -> list[str]:
    return first_results(matched(text, contract)[column], *table(text), contract.column(column), 3)


def test_day_month_and_year_in_three_columns_are_one_date() -> None:
    assert matched(FILE)["dateConvention"].headers == ("Jour", "Mois", "Année")
    assert results(FILE, "dateConvention") == ["2024-03-05", "2024-04-17", "2024-04-30"]


def test_three_columns_that_make_no_dates_are_not_joined() -> None:
    match = matched(FILE.replace(";Jour;Mois;", ";Mois;Jour;").replace("17;4", "17;40"))["dateConvention"]
    assert not match.made.join


def test_postcode_and_town_in_one_cell_are_two_columns_in_the_order_of_the_header() -> None:
    text = "Nom;CP Ville\nSalle A;44480 Donges\nSalle B;44600 Saint Nazaire\n"
    assert results(text, "ADR_CODEPOSTAL", FACILITIES) == ["44480", "44600"]
    assert results(text, "ADR_COMMUNE", FACILITIES) == ["Donges", "Saint Nazaire"]


def test_a_cell_that_does_not_part_as_its_header_says_is_not_parted() -> None:
    found = matched("Nom;CP Ville\nSalle A;Donges 44480\nSalle B;Saint-Nazaire\n", FACILITIES)
    assert not any(match.made.split for match in found.values())


def test_other_words_for_the_values_of_a_list_are_its_codes() -> None:
    codes = matched(FILE)["nature"].made.codes
    assert codes == {"Numéraire": "aide en numéraire", "Prêt de salle en nature": "aide en nature"}


@pytest.mark.parametrize(
    ("value", "meant"),
    [("En espèces", "aide en numéraire"), ("AIDE EN NATURE", "aide en nature"),
     ("Nature et numéraire", "aide en numéraire;aide en nature"), ("pas en nature", None), ("N", None), ("Aide", None)],
)  # fmt: skip
def test_a_value_stands_for_one_of_the_list_or_is_left_to_a_person(value: str, meant: str | None) -> None:
    assert dict(code_values([value], KINDS)) == ({value: meant} if meant else {})


def test_who_gives_is_known_from_the_member_and_the_number_is_a_true_siret() -> None:
    found = matched(FILE)
    number = found["idAttribuant"].constant
    assert found["nomAttribuant"].constant == DONGES.name
    assert number is not None and number.startswith(DONGES.siren) and siret.is_valid(number)


def test_the_siret_that_a_member_declares_is_proposed_in_place_of_the_reckoned_one() -> None:
    declared = DONGES.model_copy(update={"siret": "21440052500025"})
    found = {match.column: match for match in propose(*table(FILE), GRANTS, declared)}["idAttribuant"]
    assert (found.constant, found.verdict) == ("21440052500025", "verify")
    assert [reason.code for reason in found.reasons] == ["constant"]


def test_a_number_declared_for_another_file_is_preferred() -> None:
    declared = Source.model_validate(
        {"dataset": "deliberations", "connector": "http_file", "constants": {"idAttribuant": "21440052500025"}}
    )
    assert isinstance(DONGES, Member)
    matches = propose(*table(FILE), GRANTS, DONGES.model_copy(update={"sources": (declared,)}))
    assert {m.column: m.constant for m in matches}["idAttribuant"] == "21440052500025"


def test_without_a_member_nothing_is_said_of_who_gives() -> None:
    assert all(match.constant is None for match in propose(*table(FILE), GRANTS))


def test_a_file_that_says_who_gives_keeps_its_own_word() -> None:
    text = "Attribuant;Montant\nCCAS exemple;10\nCommune exemple;20\n"
    match = matched(text)["nomAttribuant"]
    assert (match.header, match.constant) == ("Attribuant", None)


def test_nothing_that_is_made_is_ever_sure() -> None:
    assert all(match.verdict != "sure" for match in matched(FILE).values() if match.is_parsed)


def test_lines_with_their_marks_taken_away_are_a_declaration(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(FILE, encoding="utf-8")
    command = ["map", str(path), "--contract", "subventions", "--member", "donges", "--header-row", "1"]
    answer = CliRunner().invoke(app, [*command, "--yaml"])
    taken = [line for line in answer.stdout.splitlines() if "à vérifier" not in line]
    lines = yaml.safe_load("\n".join(line.replace("# ", "", 1) for line in taken))
    source = Source.model_validate({"dataset": "subventions", "connector": "http_file", **lines})
    assert source.constants["nomAttribuant"] == DONGES.name
    assert source.column_formats["dateConvention"].join == ("Jour", "Mois", "Année")
    told = {each["column"]: each for each in json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)}
    assert told["nature"]["first_results"] == ["aide en numéraire", "aide en nature"]
    assert told["nomAttribuant"]["constant"] == DONGES.name


def test_a_member_that_nobody_knows_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(FILE, encoding="utf-8")
    answer = CliRunner().invoke(app, ["map", str(path), "--contract", "subventions", "--member", "nobody"])
    assert answer.exit_code == 2
    assert "nobody" in answer.output and "donges" in answer.output
