"""Models are described, shared ones are contracts, and nothing shared differs from its data contract."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.contracts.odcs import load_contracts
from governance.decisions.model import PROVENANCE_COLUMNS

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "dbt" / "models"
CONTRACTS = load_contracts(ROOT / "federation" / "contracts")


def _declared() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in MODELS.rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["name"]] = model
    return found


DECLARED = _declared()
SQL = {path.stem: path for path in MODELS.rglob("*.sql")}
SHARED = {name: model for name, model in DECLARED.items() if name.startswith("shr_")}


def test_every_model_is_declared_and_every_declaration_has_its_model() -> None:
    assert set(SQL) == set(DECLARED)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_description_says_what_one_row_is(name: str) -> None:
    assert "One row per " in DECLARED[name]["description"]


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_no_column_is_without_a_description(name: str) -> None:
    assert all(column["description"].strip() for column in DECLARED[name]["columns"])


def test_every_contract_has_one_shared_model() -> None:
    datasets = [model["config"]["meta"]["dataset"] for model in SHARED.values()]
    assert sorted(datasets) == sorted(CONTRACTS)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_shared_model_has_the_columns_of_its_contract_and_provenance(name: str) -> None:
    contract = CONTRACTS[SHARED[name]["config"]["meta"]["dataset"]]
    columns = [column["name"] for column in SHARED[name]["columns"]]
    own = [column for column in columns if column not in PROVENANCE_COLUMNS]
    assert own == [column.name for column in contract.columns]


@pytest.mark.parametrize("name", sorted(name for name in SQL if not name.startswith("stg_")))
def test_engine_specific_sql_stands_in_staging_and_compat_only(name: str) -> None:
    text = SQL[name].read_text(encoding="utf-8").lower()
    assert not any(word in text for word in ("read_parquet", "read_csv", "strptime", "list_", "::", "qualify "))
