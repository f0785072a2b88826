from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from governance.decisions.agreements import check_against_contract, load_agreements
from governance.decisions.closures import load_closures
from governance.federation import DeclarationError
from governance.settings import PROJECT_ROOT
from tests.decisions.engine import CONTRACTS, agreement


def test_example_agreements_can_be_read_and_are_marked_as_examples() -> None:
    found = load_agreements(PROJECT_ROOT / "federation")
    assert len(found) >= 6
    assert all(one.example for one in found.values())
    assert {one.state for one in found.values()} >= {"finalized", "revoked"}


def test_example_closures_can_be_read() -> None:
    assert load_closures(PROJECT_ROOT / "federation")


def test_last_day_is_included_in_french_legal_time() -> None:
    terms = agreement(valid_from="2026-07-01", valid_until="2026-07-31")
    assert terms.begins_at == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert terms.ends_at == datetime(2026, 7, 31, 22, tzinfo=UTC)


def test_bare_null_is_the_mask_of_that_name() -> None:
    assert agreement(columns={"name": None}).columns["name"].mask == "null"


@pytest.mark.parametrize(
    "difference",
    [
        {"valid_until": "2025-01-01"},
        {"state": "signed"},
        {"actions": []},
        {"actions": ["steal"]},
        {"purposes": []},
        {"columns": {}},
        {"columns": {"name": "reveal"}},
        {"columns": {"name": {"mask": "truncate"}}},
        {"columns": {"name": {"mask": "generalise"}}},
        {"columns": {"kwh": {"mask": "generalise", "to": "step"}}},
        {"columns": {"kwh": {"mask": "show", "length": 2}}},
        {"row_filter": [{"column": "name", "operator": "like", "value": "%"}]},
        {"row_filter": [{"column": "name", "operator": "in", "value": "a"}]},
        {"row_filter": [{"column": "name", "operator": "eq", "value": ["a"]}]},
        {"row_filter": [{"column": "name", "operator": "contains", "value": 1}]},
        {"row_filter": [{"column": "kwh", "operator": "lt", "value": None}]},
        {"row_filter": [{"column": "count", "operator": "eq", "value": 2**53}]},
        {"row_filter": [{"column": "kwh", "operator": "eq", "value": float("nan")}]},
        {"row_filter": [{"column": "day", "operator": "eq", "value": datetime(2026, 1, 1, tzinfo=UTC)}]},
        {"row_filter": [{"column": "name", "operator": "eq", "value": "a"}] * 9},
        {"history": [{"state": "revoked", "day": "2026-02-01", "by": "1"}]},
        {"validuntil": "2026-01-01"},
    ],
    ids=str,
)
def test_agreement_that_cannot_be_kept_is_not_read(difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        agreement(**difference)


@pytest.mark.parametrize(
    "difference",
    [
        {"columns": {"colour": "show"}},
        {"row_filter": [{"column": "colour", "operator": "eq", "value": "a"}]},
        {"row_filter": [{"column": "count", "operator": "eq", "value": "7"}]},
        {"row_filter": [{"column": "name", "operator": "in", "value": ["a", 7]}]},
        {"row_filter": [{"column": "count", "operator": "eq", "value": 0.5}]},
    ],
    ids=str,
)
def test_agreement_that_speaks_of_what_the_contract_lacks_is_refused(difference: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match="agreement a1"):
        check_against_contract(agreement(**difference), CONTRACTS["meters"])


def test_file_bears_the_agreements_id(tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "other.yaml").write_text(agreement().model_dump_json(), encoding="utf-8")
    with pytest.raises(DeclarationError, match="differs from the file's name"):
        load_agreements(tmp_path)


def test_broken_file_is_named_with_its_field(tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "a1.yaml").write_text("id: a1\nstate: finalized\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"a1\.yaml: title: Field required"):
        load_agreements(tmp_path)
