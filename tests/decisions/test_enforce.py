"""What a decision leaves of a file: filter and masks first, whatever the caller asks for afterwards."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from governance.decisions.enforce import relation_sql
from governance.decisions.model import Decision, Mask, Reason
from governance.decisions.ucast import UnsupportedFilterError
from tests.decisions.engine import CONTRACTS, NOW

METERS = CONTRACTS["meters"]
WHY = (Reason(code="c", rule="r", text_fr="f", text_en="e"),)
ROWS = [
    {"meter": "M1", "name": "École", "kwh": 149.9, "count": 7, "day": date(2026, 3, 9), "insee": "44184",
     "member_id": "north"},
    {"meter": "M2", "name": None, "kwh": None, "count": None, "day": None, "insee": "97105", "member_id": "south"},
]  # fmt: skip
PRESENT = ("meter", "name", "kwh", "count", "day", "insee", "member_id")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rows.parquet"
    pl.DataFrame(ROWS).write_parquet(file)
    return file


def _decision(masks: dict[str, Any], row_filter: Any = None, *, allow: bool = True) -> Decision:
    found = {name: mask if isinstance(mask, Mask) else Mask(mask=mask) for name, mask in masks.items()}
    return Decision(allow=allow, row_filter=row_filter, column_masks=found, reasons=WHY, valid_until=NOW)


def _read(decision: Decision, path: Path, key: bytes = b"k" * 32, outer: str = "SELECT * FROM ({}) AS visible") -> Any:
    sql, parameters = relation_sql(decision, METERS, path, present=PRESENT, key=key)
    with duckdb.connect() as connection:
        return connection.execute(outer.format(sql), parameters).fetchall()


def _shown(mask: Mask, column: str, path: Path) -> list[Any]:
    return [row[0] for row in _read(_decision({column: mask}, {}), path)]


def test_column_not_named_is_not_in_the_relation(path: Path) -> None:
    sql, parameters = relation_sql(_decision({"kwh": "show"}, {}), METERS, path, present=PRESENT)
    with duckdb.connect() as connection:
        names = [column[0] for column in connection.execute(sql, parameters).description or []]
    assert names == ["kwh"]


def test_caller_cannot_filter_on_what_is_hidden(path: Path) -> None:
    decision = _decision({"kwh": "show"}, {})
    with pytest.raises(duckdb.BinderException):
        _read(decision, path, outer="SELECT count(*) FROM ({}) AS visible WHERE meter = 'M1'")


def test_caller_filters_on_the_mask_and_not_on_the_value(path: Path) -> None:
    decision = _decision({"meter": "hash", "name": Mask(mask="truncate", length=1)}, {})
    by_value = "SELECT count(*) FROM ({}) AS visible WHERE meter = 'M1' OR name = 'École'"
    by_mask = "SELECT count(*) FROM ({}) AS visible WHERE name = 'É'"
    assert _read(decision, path, outer=by_value) == [(0,)]
    assert _read(decision, path, outer=by_mask) == [(1,)]


def test_refusal_and_missing_filter_give_no_row(path: Path) -> None:
    assert _read(_decision({}, None, allow=False), path) == []
    assert _read(_decision({"kwh": "show"}, {}, allow=False), path) == []
    assert _read(_decision({"kwh": "show"}, None), path) == []


def test_allowed_decision_that_shows_no_column_gives_no_row(path: Path) -> None:
    assert _read(_decision({}, {}), path) == []


def test_hash_is_keyed_deterministic_and_keeps_empty_cells(path: Path) -> None:
    decision = _decision({"meter": "hash", "name": "hash"}, {})
    first, again, other = _read(decision, path), _read(decision, path), _read(decision, path, key=b"o" * 32)
    assert first == again
    assert first != other
    assert len(first[0][0]) == 64
    assert first[0][0] != first[1][0]
    assert first[1][1] is None


def test_null_mask_shows_an_empty_column(path: Path) -> None:
    assert _shown(Mask(mask="null"), "meter", path) == [None, None]


def test_truncate_keeps_the_first_characters(path: Path) -> None:
    assert _shown(Mask(mask="truncate", length=2), "name", path) == ["Éc", None]


@pytest.mark.parametrize(
    ("column", "mask", "expected"),
    [
        ("kwh", Mask(mask="generalise", to="step", step=50), [100.0, None]),
        ("count", Mask(mask="generalise", to="step", step=5), [5.0, None]),
        ("day", Mask(mask="generalise", to="month"), ["2026-03", None]),
        ("day", Mask(mask="generalise", to="year"), ["2026", None]),
        ("insee", Mask(mask="generalise", to="department"), ["44", "971"]),
    ],
)
def test_generalise_gives_the_coarser_value(path: Path, column: str, mask: Mask, expected: list[Any]) -> None:
    assert _shown(mask, column, path) == expected


@pytest.mark.parametrize(
    ("column", "mask"),
    [
        ("name", Mask(mask="generalise", to="step", step=5)),
        ("kwh", Mask(mask="generalise", to="month")),
        ("kwh", Mask(mask="generalise", to="department")),
        ("name", Mask(mask="generalise")),
        ("name", Mask(mask="truncate")),
    ],
)
def test_mask_that_cannot_be_carried_out_raises(path: Path, column: str, mask: Mask) -> None:
    with pytest.raises(UnsupportedFilterError):
        _shown(mask, column, path)


def test_column_kept_back_by_a_member_is_empty_for_its_rows(path: Path) -> None:
    assert _shown(Mask(mask="show", null_for=("north",)), "meter", path) == [None, "M2"]
    hashed = _shown(Mask(mask="hash", null_for=("south",)), "meter", path)
    assert hashed[1] is None
    assert len(hashed[0]) == 64


def test_member_column_itself_can_be_kept_back(path: Path) -> None:
    assert _shown(Mask(mask="show", null_for=("north",)), "member_id", path) == [None, "south"]


def test_row_filter_on_a_hidden_column_still_holds(path: Path) -> None:
    tree = {"type": "field", "operator": "eq", "field": "row.meter", "value": "M2"}
    assert _read(_decision({"insee": "show"}, tree), path) == [("97105",)]


def test_row_filter_on_a_column_outside_the_contract_raises(path: Path) -> None:
    tree = {"type": "field", "operator": "eq", "field": "row.password", "value": "x"}
    with pytest.raises(UnsupportedFilterError):
        relation_sql(_decision({"kwh": "show"}, tree), METERS, path)


def test_name_of_the_file_cannot_break_out_of_the_query(tmp_path: Path) -> None:
    odd = tmp_path / "it's; DROP.parquet"
    pl.DataFrame(ROWS).write_parquet(odd)
    assert len(_read(_decision({"kwh": "show"}, {}), odd)) == 2
