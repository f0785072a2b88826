"""Rows from SQL are exactly the rows that the policy lets through one by one, and closures only take away."""

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.decisions.agreements import Condition
from governance.decisions.closures import Closure
from governance.decisions.enforce import relation_sql
from governance.decisions.model import Decision, DecisionRequest
from governance.decisions.ucast import MAX_EXACT_INTEGER
from governance.federation import Federation
from tests.decisions.engine import COLUMNS, CONTRACTS, EPCI, NORTH, PushedFacts, agreement, ask, facts_of

pytestmark = pytest.mark.services
SCHEMA = {
    "meter": pl.String, "name": pl.String, "note": pl.String, "author": pl.String, "kwh": pl.Float64, "count": pl.Int64,
    "day": pl.Date, "open": pl.Boolean, "insee": pl.String, "member_id": pl.String,
}  # fmt: skip
AWKWARD = [
    "",
    "%",
    "_",
    "a%b",
    "a_b",
    "axb",
    "'",
    "''",
    '"',
    "\\",
    "\\%",
    "é",
    "É",
    "e\u0301",
    "null",
    "44184",
    "Ω😀",
    "a",
]
TEXTS = st.sampled_from(AWKWARD) | st.text(alphabet="ab%_'\\é\"", max_size=4)
EXACT = st.sampled_from([0, -1, 1, MAX_EXACT_INTEGER, -MAX_EXACT_INTEGER]) | st.integers(-5, 5)
HUGE = EXACT | st.sampled_from([2**62, 2**63 - 1, -(2**63), MAX_EXACT_INTEGER + 1])
NUMBERS = st.sampled_from([0.0, -0.5, 0.1, 1e15, -1e-9, 232000.0]) | st.integers(-3, 3).map(float)
DAYS = st.dates(date(2025, 12, 30), date(2026, 1, 3))
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "meter": TEXTS, "name": TEXTS, "note": TEXTS, "author": TEXTS, "kwh": NUMBERS, "count": HUGE, "day": DAYS,
    "open": st.booleans(), "insee": st.sampled_from(["44184", "44210", "2A004", "97105"]),
}  # fmt: skip
COMPARED: dict[str, st.SearchStrategy[Any]] = {**CELLS, "count": EXACT, "day": DAYS.map(str)}
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.none() | cells for name, cells in CELLS.items()}
        | {"member_id": st.sampled_from(["north", "south", None])}
    ),
    max_size=25,
)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = itertools.count()


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(sorted(COMPARED)))
    value = COMPARED[name]
    operators = ["eq", "ne", "in", "not_in"]
    if name not in {"open"}:
        operators += ["lt", "le", "gt", "ge"]
    if name not in {"open", "kwh", "count"}:
        operators += ["startswith", "endswith", "contains", "not_startswith", "not_contains"]
    operator = draw(st.sampled_from(operators))
    if operator in {"in", "not_in"}:
        return Condition(column=name, operator=operator, value=draw(st.lists(st.none() | value, max_size=3)))
    if operator in {"eq", "ne"}:
        return Condition(column=name, operator=operator, value=draw(st.none() | value))
    return Condition(column=name, operator=operator, value=draw(value))


def _write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"{next(_numbers)}.parquet"
    frame = pl.DataFrame(
        [{**row, "line_number": position} for position, row in enumerate(rows)], SCHEMA | {"line_number": pl.Int64}
    )  # noqa: E501  # kept because one call
    frame.write_parquet(path)
    return path


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _visible(decision: Decision, path: Path, dataset: str = "meters") -> dict[int, dict[str, Any]]:
    """Visible cells by line; a line that is not there shows nothing."""
    sql, parameters = relation_sql(decision, CONTRACTS[dataset], path, present=[*SCHEMA, "line_number"], key=b"k" * 32)
    with duckdb.connect() as connection:
        found = connection.execute(sql, parameters)
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["line_number"]: row for row in rows}


def _lines_from_sql(engine: PushedFacts, request: DecisionRequest, path: Path, dataset: str) -> list[int]:
    decision = engine.point.decide(request)
    assert decision.allow, decision.codes
    return sorted(_visible(decision, path, dataset))


@given(rows=ROWS, tree=st.lists(conditions(), max_size=8), is_provider=st.booleans())
@SLOW
def test_rows_from_sql_are_the_rows_the_policy_lets_through(
    engine: PushedFacts, federation: Federation, parquet_folder: Path, rows: Any, tree: Any, is_provider: bool
) -> None:
    columns = {column.name: "show" for column in COLUMNS} | {"line_number": "show"}
    assigner = NORTH if is_provider else EPCI
    terms = agreement(row_filter=[condition.model_dump() for condition in tree], columns=columns, assigner=assigner)
    engine.push(facts_of(federation, terms))
    one_by_one = engine.included(ask(), [_as_json(row) for row in rows])
    assert _lines_from_sql(engine, ask(), _write(parquet_folder, rows), "meters") == one_by_one


CLOSURES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        by=st.sampled_from(["epci", "north", "south"]),
        dataset=st.sampled_from(["trees", "meters"]),
        columns=st.lists(st.sampled_from(["name", "kwh", "meter", "member_id"]), max_size=2, unique=True),
        channels=st.lists(st.sampled_from(["feed", "publish"]), max_size=1),
    ),
    max_size=3,
)


def _closure(number: int, values: dict[str, Any]) -> Closure:
    return Closure(id=f"c{number}", ground="under_review", since=date(2026, 1, 1), **values)


def _closures_hold(closures: list[Closure], dataset: str, rows: Any, seen: dict[int, dict[str, Any]]) -> None:
    """Nothing that a closure keeps back at the feed's door is in what is seen."""
    for closure in closures:
        if closure.dataset != dataset or (closure.channels and "feed" not in closure.channels):
            continue
        for line, cells in seen.items():
            if closure.by in {"epci", rows[line]["member_id"]}:
                assert closure.columns, "a row that was closed is seen"
                assert all(cells.get(name) is None for name in closure.columns)


@given(
    rows=ROWS,
    before=CLOSURES,
    added=CLOSURES.filter(bool),
    dataset=st.sampled_from(["trees", "meters"]),
    member_id=st.sampled_from([None, "north"]),
    mask=st.sampled_from(["show", "hash", "null", {"mask": "truncate", "length": 1}]),
)
@SLOW
def test_adding_a_rule_never_enlarges_the_visible_cells(
    engine: PushedFacts, federation: Federation, parquet_folder: Path,
    rows: Any, before: Any, added: Any, dataset: str, member_id: str | None, mask: Any,
) -> None:  # fmt: skip
    terms = agreement(columns={"name": mask, "meter": "hash", "kwh": "show", "line_number": "show"})
    path, request = _write(parquet_folder, rows), ask(dataset, member_id=member_id)
    few = [_closure(number, values) for number, values in enumerate(before)]
    more = few + [_closure(number + len(few), values) for number, values in enumerate(added)]
    engine.push(facts_of(federation, terms, closures=tuple(few)))
    wide = engine.point.decide(request)
    engine.push(facts_of(federation, terms, closures=tuple(more)))
    narrow = engine.point.decide(request)
    assert wide.allow or not narrow.allow
    assert set(narrow.column_masks) <= set(wide.column_masks)
    seen_before, seen_after = _visible(wide, path, dataset), _visible(narrow, path, dataset)
    _closures_hold(more, dataset, rows, seen_after)
    for line, cells in seen_after.items():
        for name, value in cells.items():
            assert value is None or value == seen_before[line][name]


@given(rows=ROWS)
@SLOW
def test_refused_decision_shows_no_row(
    engine: PushedFacts, federation: Federation, parquet_folder: Path, rows: Any
) -> None:
    engine.push(facts_of(federation, agreement(state="revoked")))
    decision = engine.point.decide(ask())
    assert not decision.allow
    assert decision.row_filter is None
    assert _visible(decision, _write(parquet_folder, rows)) == {}


@given(rows=ROWS, dataset=st.sampled_from(["trees", "meters", "reports"]))
@SLOW
def test_columns_below_the_floor_leave_whatever_is_agreed_to_nobody(
    engine: PushedFacts, federation: Federation, parquet_folder: Path, rows: Any, dataset: str
) -> None:
    everything = {column.name: "show" for column in COLUMNS} | {"line_number": "show"}
    basis = "eu-gdpr:A6-1-e"
    meters = agreement(columns=everything, legal_basis=basis)
    reports = agreement(id="a2", target="reports", columns=everything, legal_basis=basis)
    engine.push(facts_of(federation, meters, reports))
    decision = engine.point.decide(ask(dataset))
    below = {"trees": {"author", "meter"}, "meters": {"author"}, "reports": {"author", "note"}}[dataset]
    assert decision.allow
    assert below.isdisjoint(decision.column_masks)
    for cells in _visible(decision, _write(parquet_folder, rows), dataset).values():
        assert below.isdisjoint(cells)
        assert "name" in cells
