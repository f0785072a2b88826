"""A proposal names the right header and says why; what is doubtful is never called sure."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench.mapping import SCHEMAS, measure
from governance.commands.main import app
from governance.contracts.odcs import load_contract
from governance.federation import Source
from governance.mapping.match import SURE, Match
from governance.mapping.proposal import propose
from governance.mapping.words import meaning_of
from governance.settings import PROJECT_ROOT

SHARED = PROJECT_ROOT.parent / "shared" / "data" / "subventions"
GRANTS = load_contract(PROJECT_ROOT / "federation" / "contracts" / "subventions.yaml")
TRUTH = {
    "Bénéficiaire": "nomBeneficiaire", "SIRET bénéficiaire": "idBeneficiaire", "Montant voté (€)": "montant",
    "Date de la décision": "dateConvention", "Objet de la subvention": "objet",
}  # fmt: skip
FILE = """Bénéficiaire;SIRET bénéficiaire;Montant voté (€);Date de la décision;Objet de la subvention;Montant demandé
Association A (synthétique);38047555800058;1 200,50;05/03/2024;Fonctionnement;2 000,00
Association B (synthétique);38047555800058;14 700,00;17/04/2024;Festival;15 000,00
Association C (synthétique);;300,00;30/04/2024;Tournoi;400,00
"""


def proposed(headers: list[str], *rows: list[str | None]) -> dict[str, Match]:
    frame = pl.DataFrame(
        {str(n): [row[n] for row in rows] for n in range(len(headers))},
        schema={str(n): pl.String for n in range(len(headers))},
    )
    return {match.column: match for match in propose(headers, frame if rows else None, GRANTS)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "subventions.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_case_accents_plural_and_joined_words_do_not_matter() -> None:
    assert meaning_of("NOM_BENEFICIAIRES") == meaning_of("nomBeneficiaire") == meaning_of("Nom du bénéficiaire")


def test_every_column_of_a_file_with_other_headers_is_found(file: Path) -> None:
    answer = CliRunner().invoke(app, ["map", str(file), "--contract", "subventions", "--json", "--header-row", "1"])
    found = {each["header"]: each["column"] for each in json.loads(answer.stdout) if each["header"]}
    assert {header: found.get(header) for header in TRUTH} == TRUTH


def test_what_a_column_is_not_is_never_proposed(file: Path) -> None:
    answer = CliRunner().invoke(app, ["map", str(file), "--contract", "subventions", "--json", "--header-row", "1"])
    assert "Montant demandé" not in {each["header"] for each in json.loads(answer.stdout)}


def test_the_lines_printed_are_a_declaration_with_the_notation_of_the_values(file: Path) -> None:
    answer = CliRunner().invoke(app, ["map", str(file), "--contract", "subventions", "--yaml", "--header-row", "1"])
    lines = yaml.safe_load(answer.stdout)
    source = Source.model_validate({"dataset": "subventions", "connector": "http_file", **lines})
    assert source.columns["montant"] == "Montant voté (€)"
    assert (source.formats.decimal, source.formats.thousands, source.formats.date) == (",", " ", "%d/%m/%Y")


def test_lines_in_doubt_are_comments_that_need_nothing_but_their_mark_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(FILE.replace("Montant voté (€)", "Montant payé").replace("Objet de la", "Objet social de la"))
    answer = CliRunner().invoke(app, ["map", str(path), "--contract", "subventions", "--yaml", "--header-row", "1"])
    told = yaml.safe_load(answer.stdout)
    assert "montant" not in told["columns"]
    taken = "\n".join(line.replace("# montant:", "montant:") for line in answer.stdout.splitlines())
    assert yaml.safe_load(taken)["columns"] == {**told["columns"], "montant": "Montant payé"}
    assert answer.stdout.count("columns:") == 1


def test_values_that_do_not_fit_are_never_sure() -> None:
    match = proposed(["montant"], ["bientôt"], ["plus tard"])["montant"]
    assert match.verdict == "verify"
    assert "misfit" in {reason.code for reason in match.reasons}


def test_two_headers_that_fit_alike_are_for_a_person() -> None:
    match = proposed(["Nom bénéficiaire", "Bénéficiaire"], ["A", "B"], ["C", "D"])["nomBeneficiaire"]
    assert match.verdict == "verify"


def test_a_header_twice_is_for_a_person() -> None:
    assert proposed(["montant", "Montant"], ["1", "2"])["montant"].verdict == "verify"


@pytest.mark.parametrize(
    ("header", "word"),
    [("Montant payé", "payé"), ("Nature analytique", "analytique"), ("Objet médical", "médical"),
     ("Montant 2022", "2022"), ("Référence décision du bailleur", "bailleur"), ("Date de fin de convention", "fin")],
)  # fmt: skip
def test_a_word_that_nothing_accounts_for_leaves_the_choice_to_a_person(header: str, word: str) -> None:
    found = [match for match in proposed([header]).values() if match.header]
    assert [match.verdict for match in found] == ["verify"]
    assert any(word in reason.words for reason in found[0].reasons)


@settings(max_examples=60, deadline=None)
@given(
    column=st.sampled_from([column.title for column in GRANTS.columns]),
    stranger=st.text("bcdfghjklmpqrstvxz", min_size=6, max_size=9),
    before=st.booleans(),
)
def test_a_name_with_a_strange_word_beside_it_is_never_sure(column: str, stranger: str, before: bool) -> None:
    header = f"{stranger} {column}" if before else f"{column} {stranger}"
    assert all(match.verdict != "sure" for match in proposed([header]).values())


def test_whose_a_bare_number_is_nobody_can_tell() -> None:
    assert all(match.verdict != "sure" for match in proposed(["SIRET", "Référence", "Date"]).values())


def test_sure_is_the_same_thing_as_a_score_above_the_threshold() -> None:
    headers = [
        "Montant payé",
        "Montant voté",
        "SIRET",
        "Nature",
        "Objet du dossier",
        "Association",
        "Date de versement",
    ]
    for match in proposed(headers).values():
        assert (match.verdict == "sure") == (match.score >= SURE)


def test_an_abbreviation_is_proposed_and_left_to_a_person() -> None:
    match = proposed(["Nom benefic."])["nomBeneficiaire"]
    assert (match.header, match.verdict) == ("Nom benefic.", "verify")


def test_a_header_without_a_word_of_the_column_is_found_by_its_values_alone() -> None:
    found = proposed(["Objet", "Tiers RNA", "Zone 7"], ["Tournoi", "W442000001", "aide en nature"])
    assert found["nature"].header == "Zone 7"
    assert found["nature"].verdict == "verify"


def test_a_proposal_is_the_same_each_time_it_is_asked_for(file: Path) -> None:
    program = str(Path(sys.executable).parent / "archipel")
    command = [program, "map", str(file), "--contract", "subventions", "--header-row", "1", "--json"]
    answers = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1


def test_a_header_serves_one_column_only() -> None:
    headers = [match.header for match in proposed(["Date", "SIRET", "Nom"]).values() if match.header]
    assert len(headers) == len(set(headers))


def test_a_header_that_says_nothing_known_is_not_proposed() -> None:
    assert not any(match.header for match in proposed(["Commentaire libre", "Exercice"]).values())


def test_an_unknown_contract_is_said_in_words(file: Path) -> None:
    answer = CliRunner().invoke(app, ["map", str(file), "--contract", "nothing"])
    assert answer.exit_code == 2
    assert "subventions" in answer.output


DILCRAH = {
    "nomAttribuant": 0, "idAttribuant": 1, "dateConvention": 2, "referenceDecision": 3, "nomBeneficiaire": 4,
    "idBeneficiaire": 5, "objet": 6, "montant": 7, "nature": 8, "conditionsVersement": 9, "datesPeriodeVersement": 10,
    "idRAE": 11, "notificationUE": 12, "pourcentageSubvention": 13,
}  # fmt: skip


@pytest.mark.shared
def test_a_real_file_with_its_own_headers_is_proposed_right() -> None:
    """The synonyms were written with this file in sight: it keeps what was reached and proves no more."""
    path = SHARED / "api-subventions-asso" / "SCDL_DILCRAH_2019.csv"
    if not path.is_file():
        pytest.skip("needs the reference material")
    frame = pl.read_csv(path, separator=";", infer_schema=False, has_header=True)
    headers = list(frame.columns)
    matches = propose(headers, frame.rename({name: str(n) for n, name in enumerate(headers)}), GRANTS)
    given = {match.column: headers.index(match.header) for match in matches if match.header}
    right = sum(given.get(column) == place for column, place in DILCRAH.items())
    wrong = [m for m in matches if m.score >= SURE and m.verdict == "sure" and given[m.column] != DILCRAH.get(m.column)]
    assert (wrong, right) == ([], len(DILCRAH))


@pytest.mark.shared
def test_no_title_of_a_national_schema_is_called_sure_for_a_wrong_column() -> None:
    """`bench/mapping.py` says how many are right; that none is wrong and sure must hold for every one."""
    if not SCHEMAS.is_dir():
        pytest.skip("needs the reference material")
    scores = measure()
    assert sum(score.headers for score in scores.values()) > 200
    assert [miss for score in scores.values() for miss in score.misses if miss[-1] >= SURE] == []


@settings(max_examples=60, deadline=None)
@given(
    headers=st.lists(st.text(max_size=12), min_size=1, max_size=4),
    cells=st.lists(st.none() | st.text(max_size=8), min_size=4, max_size=4),
)
def test_no_header_and_no_value_makes_a_proposal_fail(headers: list[str], cells: list[str | None]) -> None:
    found = proposed(headers, cells[: len(headers)], [None] * len(headers))
    assert list(found) == [column.name for column in GRANTS.columns]
    assert all(match.header is None or match.header in headers for match in found.values())


PARKING = load_contract(PROJECT_ROOT / "federation" / "contracts" / "lieux_covoiturage.yaml")


@pytest.mark.parametrize(
    ("cells", "order", "decimal"),
    [
        (("47.32, -2.07", "47.30, -2.10"), "lat-lon", "."),
        (("[-2.07, 47.32]", "[-2.10, 47.30]"), "lon-lat", "."),
        (("47,32 / -2,07", "47,30 / -2,10"), "lat-lon", ","),
    ],
)
def test_two_coordinates_in_one_cell_are_proposed_for_both_columns(
    cells: tuple[str, ...], order: str, decimal: str
) -> None:
    rows = pl.DataFrame({"0": ["Aire 1", "Aire 2"], "1": cells})
    found = {match.column: match for match in propose(["Nom", "Géolocalisation"], rows, PARKING)}
    for column, take in (("Xlong", "longitude"), ("Ylat", "latitude")):
        match = found[column]
        assert (match.header, match.verdict) == ("Géolocalisation", "verify")
        assert [reason.code for reason in match.reasons] == ["point"]
        declared = match.formats.model_dump(exclude_unset=True)
        assert declared == {"coordinates": order, "take": take, "decimal": decimal}


def test_points_outside_of_france_in_any_order_are_not_guessed_at() -> None:
    rows = pl.DataFrame({"0": ["80.1, 13.0", "80.2, 13.1"]})
    assert not any(match.header for match in propose(["Zone"], rows, PARKING))


def test_a_doubtful_match_never_takes_a_header_from_the_column_of_that_name() -> None:
    found = {match.column: match for match in propose(["ouvert"], pl.DataFrame({"0": ["oui", "non"]}), PARKING)}
    assert (found["ouvert"].header, found["ouvert"].verdict) == ("ouvert", "sure")
    assert found["horaires"].header is None
