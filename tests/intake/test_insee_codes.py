"""A commune's code is held to the year that it is of; what merged is told with the code that took its place."""

from pathlib import Path

import pytest

from governance.contracts.model import ContractError
from governance.contracts.table_schema import from_table_schema
from governance.intake.insee_codes import LATEST, Life, existed, lives, successor_of
from governance.intake.model import RowError
from infra.insee.derive_codes import PACKAGES, lives_until_2020, ranges
from tests.intake.examples import blocking, contract_of, examined, first

RULE = "insee-code-value"
CARENE = ("44013", "44030", "44052", "44103", "44132", "44151", "44168", "44176", "44184", "44210")


def judged(folder: Path, code: str, day: str = "", **params: object) -> list[RowError]:
    fields = ({"name": "insee"}, {"name": "jour", "type": "date"})
    check = {"name": RULE, "params": {"column": "insee", **params}}
    answer = examined(folder, f"insee;jour\n{code};{day}\n", contract_of(*fields, custom_checks=[check]))
    return [error for error in answer.report.errors if error.rule == RULE]


@pytest.mark.parametrize("code", [*CARENE, "2A004", "97411", "75056", "75101"])
def test_codes_of_today_are_codes(tmp_path: Path, code: str) -> None:
    assert judged(tmp_path, code) == []


@pytest.mark.parametrize("code", ["44600", "44999", "2C001", "00000", "4418", "autre"])
def test_what_was_never_a_code_is_told(tmp_path: Path, code: str) -> None:
    (error,) = judged(tmp_path, code)
    assert f"Code officiel géographique {LATEST}" in error.message_fr


@pytest.mark.parametrize(
    ("day", "is_right"), [("2015-12-31", True), ("2016-01-01", False), ("", True), ("2099-01-01", False)]
)
def test_code_is_held_to_the_day_that_the_row_tells(tmp_path: Path, day: str, is_right: bool) -> None:
    """Saint-Bois (01340) became part of Arboys en Bugey (01015) on 1 January 2016."""
    assert (judged(tmp_path, "01340", day, date="jour") == []) is is_right


def test_code_is_held_to_the_year_that_the_contract_names(tmp_path: Path) -> None:
    assert judged(tmp_path, "01340", year=2015) == []
    assert "2016" in judged(tmp_path, "01340", year=2016)[0].message_fr


def test_remedy_names_the_code_that_took_its_place_and_the_year(tmp_path: Path) -> None:
    (error,) = judged(tmp_path, "01340")
    assert (error.correction, "depuis 2016" in error.remedy_fr, "« 01015 »" in error.remedy_fr) == ("01015", True, True)


def test_zero_that_a_spreadsheet_dropped_is_put_back(tmp_path: Path) -> None:
    (error,) = judged(tmp_path, "1015")
    assert (error.correction, error.remedy_fr) == ("01015", "Écrivez « 01015 ».")


@pytest.mark.parametrize("params", [{"date": "absent"}, {"year": "2024"}, {"date": "n"}])
def test_check_that_cannot_be_applied_is_refused_with_the_contract(tmp_path: Path, params: dict[str, object]) -> None:
    schema = {"name": "x", "version": "1", "fields": [{"name": "insee"}, {"name": "n", "type": "number"}]}
    check = {"name": RULE, "params": {"column": "insee", **params}}
    with pytest.raises(ContractError, match="insee-code-value"):
        examined(tmp_path, "insee;n\n44184;1\n", from_table_schema(schema | {"custom_checks": [check]}))


def test_improving_check_leaves_the_row_where_it_is(tmp_path: Path) -> None:
    check = {"name": RULE, "severity": "improves", "params": {"column": "insee"}}
    answer = examined(
        tmp_path, "insee;x\n44600;a\n", contract_of({"name": "insee"}, {"name": "x"}, custom_checks=[check])
    )
    assert (blocking(answer), answer.report.rows.accepted) == ([], 1)
    assert first(answer, RULE).severity == "improves"


def test_facts_are_of_the_year_that_is_told_and_lead_to_codes_of_today() -> None:
    assert max(PACKAGES) == LATEST
    of_today = sum(life.last is None for life in lives().values())
    assert 34_900 < of_today < 35_200
    successors = {life.successor for life in lives().values()} - {None}
    assert all(existed(str(code), None) for code in successors)
    assert [code for code in CARENE if lives()[code] != Life(None, None, None)] == []
    assert successor_of("44184") is None


def test_history_of_a_commune_becomes_its_life() -> None:
    """Synthetic: A merged into B in the middle of 2010; C came into being in 2005; D was given its code anew."""
    history = [
        {"type": "COM", "code": "99001", "id": "A", "dateFin": "2010-06-01", "successeur": "A2"},
        {"type": "COMD", "code": "99001", "id": "A2", "pole": "B"},
        {"type": "COM", "code": "99002", "id": "B", "dateDebut": "2010-06-01"},
        {"type": "COM", "code": "99003", "id": "C", "dateDebut": "2005-01-01", "dateFin": "2012-01-01"},
        {"type": "COM", "code": "99004", "id": "D", "dateFin": "1973-01-01"},
        {"type": "COM", "code": "99004", "id": "D2", "dateDebut": "1990-01-01"},
    ]
    assert lives_until_2020(history) == {
        "99001": (None, 2010, "99002"),
        "99002": (2010, None, None),
        "99003": (2005, 2011, None),
        "99004": (None, None, None),
    }
    assert ranges(["2A004", "01001", "01003", "01002"]) == "01001-01003 2A004"
