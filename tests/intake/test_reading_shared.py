"""Public files, as they were found: every one is read, or refused with words; none is lost or ends in a crash."""

import re
from pathlib import Path

import pytest

from governance.federation import Reading
from governance.intake.header import Wanted
from governance.intake.messages import MESSAGES
from governance.intake.model import FileFacts
from governance.intake.reading import read_file
from governance.intake.table import UnreadableError
from tests.intake.examples import SHARED

NOTHING_WANTED = Wanted({})
SCENARIOS = sorted(path for path in SHARED.glob("suites/goodtables-scenarios/data/**/*") if path.is_file())
TOTEM = sorted(SHARED.glob("data/budgets-totem/exemples/*/totem.xml"))
FEATURES = sorted(SHARED.glob("data/**/*.geojson"))
TABLES = {".csv", ".xls", ".xlsx", ".ods"}


@pytest.mark.shared
def test_the_files_are_there() -> None:
    assert (len(TOTEM), len(FEATURES)) == (10, 2)
    assert len(SCENARIOS) == 100


@pytest.mark.shared
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_scenario_is_read_or_refused_with_words(path: Path) -> None:
    try:
        table = read_file(path, Reading(), NOTHING_WANTED)
    except UnreadableError as error:
        assert error.fault.rule in MESSAGES
        return
    assert all(fault.rule in MESSAGES for fault in table.faults)
    assert table.rows.width == len(table.headers) + 1


@pytest.mark.shared
def test_most_scenarios_that_are_tables_are_read() -> None:
    refused = []
    for path in (path for path in SCENARIOS if path.suffix in TABLES):
        try:
            read_file(path, Reading(), NOTHING_WANTED)
        except UnreadableError as error:
            refused.append((path.name, error.fault.rule))
    assert {name for name, _ in refused} == {"empty.csv"}


@pytest.mark.shared
@pytest.mark.parametrize("path", TOTEM, ids=lambda path: path.parent.name)
def test_budget_lines_of_totem_are_rows(path: Path) -> None:
    root = "CompteFinancierUnique/" if "CFU" in path.parent.name else ""
    reading = Reading(path=f"{root}DocumentBudgetaire/Budget/LigneBudget")
    table = read_file(path, reading, NOTHING_WANTED)
    assert table.rows.height == len(re.findall(rb"<LigneBudget[ >]", path.read_bytes()))
    assert {"Nature.@V", "CodRD.@V"} <= set(table.headers)
    lines = path.read_bytes().split(b"\n")
    assert all(b"<LigneBudget" in lines[line - 1] for line in table.rows["line_number"].to_list())


@pytest.mark.shared
@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_official_features_are_read(path: Path) -> None:
    table = read_file(path, Reading(), NOTHING_WANTED)
    assert table.format == "geojson" and table.rows.height > 0
    assert "geometry" in table.headers
    facts = FileFacts(name=path.name, sha256="0", **table.detected())
    assert (facts.crs, facts.sheet, facts.numbered) == ("EPSG:4326", "features", "line")
