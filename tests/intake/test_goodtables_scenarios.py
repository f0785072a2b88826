"""The public scenarios of goodtables (Data Quality Spec): each expected error is found, or a reason says why not."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from governance.contracts.table_schema import from_table_schema
from governance.federation import Reading
from governance.intake.examine import examine
from governance.intake.header import Wanted
from governance.intake.model import ReceivedFile
from governance.intake.reading import read_file
from tests.intake.examples import SHARED, contract_of

SUITE = SHARED / "suites" / "goodtables-scenarios"
SPEC = SHARED / "suites" / "data-quality-spec" / "spec.json"
Tuple = tuple[int | None, int | None, str]
CODES = {
    "type-error": "type-or-format-error", "required": "required-constraint", "pattern": "pattern-constraint",
    "unique": "unique-constraint", "primary-key": "unique-constraint", "enum": "enumerable-constraint",
    "minimum": "minimum-constraint", "maximum": "maximum-constraint", "min-length": "minimum-length-constraint",
    "max-length": "maximum-length-constraint", "missing-cell": "missing-value", "extra-cell": "extra-value",
    "blank-row": "blank-row", "duplicate-row": "duplicate-row", "duplicate-header": "duplicate-header",
    "blank-header": "blank-header", "extra-column": "extra-header", "missing-column": "missing-header",
    "missing-optional-column": "missing-header", "encoding": "encoding-error", "not-a-table": "format-error",
    "empty-file": "source-error",
}  # fmt: skip
"""Our rule → code of the Data Quality Spec."""
OF_ANOTHER_LAYER = {
    "io-error": "fetching", "http-error": "fetching", "scheme-error": "fetching",
    "schema-error": "a schema that is none is refused before any file arrives (ContractError)",
    "non-matching-header": "columns are recognised by name, in any order: one that does not match is missing or extra",
}  # fmt: skip
NO_PLACE = frozenset(
    {
        "missing-value",
        "extra-value",
        "duplicate-header",
        "missing-header",
        "extra-header",
        "blank-header",
        "non-matching-header",
    }
)
"""Told once for the row or the header, naming it, not once a cell by its place: compared by line and code."""
TRAILING = "empty lines under the last row cut nothing in two: they are not reported"
FIRST_LINE = "the header is looked for below empty and title rows; the suite takes the first line for one"
REASONS: dict[str, tuple[str, set[Tuple], set[Tuple]]] = {
    # scenario: reason, only expected by the suite, only found by us
    "empty_rows": (TRAILING, {(4, None, "blank-row")}, set()),
    "empty_rows_multiple": (TRAILING, {(line, None, "blank-row") for line in range(4, 15)}, set()),
    "missing_headers": (OF_ANOTHER_LAYER["non-matching-header"], {(None, None, "non-matching-header")}, set()),
    "primary_key_fields": (
        "a row equal in every cell to an earlier one is a duplicate, kept once",
        {(5, 1, "unique-constraint")}, set(),
    ),
    "multilingual": ("a sheet's cells are empty, never missing", {(2, None, "missing-value")}, set()),
    "gla-250-report-2014-15-P07": (FIRST_LINE, {(None, None, "blank-header")}, {(None, None, "extra-header")}),
    "gla-250-report-2014-15-P08": (FIRST_LINE, {(None, None, "blank-header")}, {(None, None, "extra-header")}),
}  # fmt: skip


def scenarios() -> list[Any]:
    found: dict[str, Any] = {}
    for path in sorted(SUITE.glob("tests/scenarios/*.yml")):
        found |= yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return [pytest.param(scenario, id=name) for name, scenario in sorted(found.items())]


def file_of(scenario: dict[str, Any], folder: Path) -> Path:
    """Return the scenario's file; rows written in the scenario are written out, parts are joined as the spec wants."""
    source = scenario["source"]
    path = folder / "source.csv"
    if isinstance(source, list):
        with path.open("w", newline="", encoding="utf-8") as opened:
            csv.writer(opened).writerows(source)
        return path
    if not source.endswith("datapackage.json"):
        return Path(SUITE / source)
    package = SUITE / source
    parts = json.loads(package.read_text(encoding="utf-8"))["resources"][0]["path"]
    path.write_bytes(
        b"".join((package.parent / part).read_bytes() for part in ([parts] if isinstance(parts, str) else parts))
    )
    return path


def schema_of(scenario: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the scenario's schema; without one, every header of the first line is a column of text."""
    if str(scenario["source"]).endswith("datapackage.json"):
        package = json.loads((SUITE / scenario["source"]).read_text(encoding="utf-8"))
        return dict(package["resources"][0]["schema"])
    schema = scenario.get("schema")
    if isinstance(schema, str):
        return dict(json.loads((SUITE / schema).read_text(encoding="utf-8")))
    if schema is not None:
        return dict(schema)
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8", errors="replace") as opened:
            header = tuple(next(csv.reader(opened)))
    else:
        header = read_file(path, Reading(), Wanted.of(contract_of({"name": "-"}), {}, ())).headers
    return {"fields": [{"name": name} for name in dict.fromkeys(header) if name] or [{"name": "Vendor ID"}]}


def found_in(scenario: dict[str, Any], path: Path) -> set[Tuple]:
    contract = from_table_schema(schema_of(scenario, path))
    place = {column.name: number for number, column in enumerate(contract.columns, 1)}
    report = examine([ReceivedFile("case", path, path.name, "0" * 64)], contract)[0].report
    return {located(error.line, place.get(error.column or ""), CODES[error.rule]) for error in report.errors}


def located(line: int | None, place: int | None, code: str) -> Tuple:
    return (None if code.endswith("header") else line, None if code in NO_PLACE else place, code)


def within_limits(found: set[Tuple], scenario: dict[str, Any]) -> set[Tuple]:
    """Keep what the suite looked for: its kinds of checks, so many rows, so many errors (whole rows of them)."""
    checks, last = scenario.get("checks"), None
    spec = json.loads(SPEC.read_text(encoding="utf-8"))["errors"]
    if checks is not None:
        found = {item for item in found if spec[item[2]]["type"] in checks}
    if "row_limit" in scenario:
        last = scenario["row_limit"]
    if "error_limit" in scenario:
        last = max(row or 1 for _, row, _, _ in scenario["report"])
    return found if last is None else {item for item in found if (item[0] or 1) <= last}


@pytest.mark.shared
def test_the_scenarios_are_there() -> None:
    tuples = [item for case in scenarios() for item in case.values[0]["report"]]
    assert (len(scenarios()), len(tuples)) == (23, 43)


@pytest.mark.shared
@pytest.mark.parametrize("scenario", [case for case in scenarios() if case.values[0].get("preset") != "nested"])
def test_scenario_gives_the_expected_errors_or_a_reasoned_difference(
    scenario: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = file_of(scenario, tmp_path)
    wanted = {located(row, place, code) for _, row, place, code in scenario["report"]}
    found = within_limits(found_in(scenario, path), scenario)
    name = request.node.callspec.id
    _, only_theirs, only_ours = REASONS.get(name, ("", set(), set()))
    assert wanted - found == only_theirs
    assert found - wanted == only_ours


@pytest.mark.shared
@pytest.mark.parametrize("resource", ["data", "data2"])
@pytest.mark.parametrize("package", ["valid", "invalid"])
def test_blank_rows_of_a_package_are_told_and_its_references_hold(package: str, resource: str) -> None:
    folder = SUITE / "data" / "datapackages" / package
    resources = {item["name"]: item for item in json.loads((folder / "datapackage.json").read_text())["resources"]}
    blank = {("invalid", "data"): [3], ("invalid", "data2"): [4]}.get((package, resource), [])
    accepted: dict[str, pl.DataFrame] = {}
    for name, item in resources.items():
        contract = from_table_schema(item["schema"])
        path = folder / item["path"]
        answer = examine([ReceivedFile(name, path, path.name, "0" * 64)], contract, accepted)[0]
        accepted[name] = answer.accepted
        if name == resource:
            assert [(error.line, error.rule) for error in answer.report.errors] == [(n, "blank-row") for n in blank]
            assert answer.report.status == "valid"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "own", "across"),
    [("datapackages_linked", [], []), ("datapackages_linked_errors", [4], [4])],
)
def test_foreign_keys_of_linked_packages(folder: str, own: list[int], across: list[int]) -> None:
    root = SUITE / "data" / folder

    def resource(name: str) -> tuple[Any, Path]:
        item = json.loads((root / name / "datapackage.json").read_text(encoding="utf-8"))["resources"][0]
        return from_table_schema(item["schema"]), root / name / item["path"]

    (people, people_path), (cities, cities_path) = resource("people"), resource("cities")
    known = examine([ReceivedFile("people", people_path, "people.csv", "0" * 64)], people)[0].accepted
    answer = examine([ReceivedFile("cities", cities_path, "cities.csv", "0" * 64)], cities, {"people": known})[0]
    found = [(error.line, error.column) for error in answer.report.errors if error.rule == "foreign-key"]
    assert [line for line, column in found if column == "next_id"] == own
    assert [line for line, column in found if column == "id"] == across


@pytest.mark.shared
def test_every_code_of_the_data_quality_spec_has_a_rule_of_ours_or_a_layer() -> None:
    codes = set(json.loads(SPEC.read_text(encoding="utf-8"))["errors"])
    assert len(codes) == 25
    assert codes == set(CODES.values()) | set(OF_ANOTHER_LAYER)
