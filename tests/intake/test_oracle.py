"""Our verdict beside the national reference validator's: the same cells, or a difference with its reason."""

import json
from functools import cache
from typing import Any

import pytest

from governance.contracts.table_schema import from_table_schema
from governance.intake.examine import examine
from governance.intake.model import Examined, ReceivedFile
from tests.intake.examples import SHARED

ORACLE = SHARED / "suites" / "oracle-validata"
Cell = tuple[int | None, str | None]

OURS_NAME_THE_COLUMN = "we name the first column that must be filled, the reference names none"
REASONS: dict[tuple[str, str], tuple[str, set[Cell], set[Cell]]] = {
    # (file, schema): reason, cells only we blame, cells only the reference blames
    ("exemple_invalide_erreurs_cellules.csv", "scdl-subventions"): (
        OURS_NAME_THE_COLUMN, {(9, "idBeneficiaire")}, {(9, None)},
    ),
    ("exemple_invalide_erreurs_colonnes.csv", "scdl-subventions"): (
        f"{OURS_NAME_THE_COLUMN}; and NOM_Beneficiaire is recognised as nomBeneficiaire",
        {(9, "idBeneficiaire")}, {(9, None), (1, "nomBeneficiaire")},
    ),
    ("exemple-duplicate-column.csv", "scdl-subventions"): (
        "we name the header that stands twice", {(1, "notificationUE")}, {(1, None)},
    ),
    ("test-csv-invalid-headers-names.csv", "scdl-subventions"): (
        OURS_NAME_THE_COLUMN, {(1, "idBeneficiaire")}, {(1, None)},
    ),
    ("exemple-valide.xls", "lieux-covoiturage"): (
        "a code that Excel keeps as a number is read as the digits that the clerk sees",
        set(), {(2, "insee"), (2, "source")},
    ),
    ("channel_exemple-invalide.csv", "comptage-mobilites-channel"): (
        "the two rows with one key are equal in every cell: a duplicate, kept once", set(), {(3, None)},
    ),
}  # fmt: skip


@cache
def cases() -> list[dict[str, Any]]:
    """Return the reports whose schema and file are at hand."""
    if not ORACLE.is_dir():
        return []
    listed = json.loads((ORACLE / "summary.json").read_text(encoding="utf-8"))
    return [case for case in listed if schema_path(case).is_file() and report_path(case).is_file()]


def schema_path(case: dict[str, Any]) -> Any:
    return SHARED / "schemas" / case["schema"] / case["version"] / "schema.json"


def report_path(case: dict[str, Any]) -> Any:
    return ORACLE / f"{case['file'].replace('/', '__')}__{case['schema']}__{case['version']}.json"


def our_answer(case: dict[str, Any]) -> Examined:
    contract = from_table_schema(json.loads(schema_path(case).read_text(encoding="utf-8")))
    path = SHARED / "data" / case["file"]
    return examine([ReceivedFile("case", path, path.name, "0" * 64)], contract)[0]


@pytest.mark.shared
def test_the_oracle_is_there() -> None:
    assert len(cases()) >= 30


@pytest.mark.shared
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['file']}-{case['schema']}")
def test_same_cells_at_fault_as_the_reference(case: dict[str, Any]) -> None:
    answer = our_answer(case)
    report = json.loads(report_path(case).read_text(encoding="utf-8"))
    theirs: set[Cell] = {(e.get("rowNumber") or 1, e.get("fieldName")) for e in report["errors"]}
    ours: set[Cell] = {(e.line or 1, e.column) for e in answer.report.errors if e.severity == "blocks"}
    if report.get("truncated"):  # the reference stops after so many errors: compare up to its last whole row
        last = max(line for line, _ in theirs if line is not None)
        ours = {cell for cell in ours if (cell[0] or 1) < last}
        theirs = {cell for cell in theirs if (cell[0] or 1) < last}
    _, only_ours, only_theirs = REASONS.get((case["file"].rsplit("/", 1)[-1], case["schema"]), ("", set(), set()))
    assert ours - theirs == only_ours
    assert theirs - ours == only_theirs


@pytest.mark.shared
@pytest.mark.parametrize(
    "case", [case for case in cases() if case["outcome"] == "valid"], ids=lambda case: case["file"]
)
def test_official_example_that_the_reference_finds_valid_is_valid(case: dict[str, Any]) -> None:
    answer = our_answer(case)
    assert answer.report.status == "valid"
    assert answer.report.rows.read == case["rows"]
