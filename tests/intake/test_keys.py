"""Primary, unique and foreign keys: what several rows, or several datasets, say together."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import dump_contract, load_contract
from governance.contracts.table_schema import from_table_schema
from governance.intake.examine import examine
from governance.intake.validate import compile_contract
from tests.intake.examples import blocking, contract_of, examined, first, received

SITES = pl.DataFrame({"id": [1, 2], "code": ["a", "b"]})


def referring(fields: Any, resource: str, others: Any, kind: str = "integer") -> Contract:
    key = {"fields": fields, "reference": {"resource": resource, "fields": others}}
    return contract_of({"name": "id", "type": "integer"}, {"name": "site", "type": kind}, foreignKeys=[key])


@pytest.mark.parametrize(
    ("row", "found"), [("1;", [(2, "b", "required")]), (";", [(2, "a", "required"), (2, "b", "required")])]
)
def test_each_column_of_a_primary_key_must_be_filled(tmp_path: Path, row: str, found: list[Any]) -> None:
    contract = contract_of({"name": "a"}, {"name": "b"}, {"name": "c"}, primaryKey=["a", "b"])
    assert blocking(examined(tmp_path, f"a;b;c\n{row};x\n1;2;x\n", contract)) == found


def test_file_without_a_column_of_the_primary_key_is_quarantined(tmp_path: Path) -> None:
    contract = contract_of({"name": "a"}, {"name": "b"}, {"name": "c"}, primaryKey=["a"])
    answer = examined(tmp_path, "b;c\n1;2\n", contract)
    assert blocking(answer) == [(1, "a", "missing-column")]
    assert answer.report.rows.quarantined == 1


def test_values_that_must_be_unique_together_may_repeat_alone(tmp_path: Path) -> None:
    contract = contract_of({"name": "a"}, {"name": "b"}, {"name": "c"}, uniqueKeys=[["a", "b"]])
    answer = examined(tmp_path, "a;b;c\n1;1;x\n1;2;x\n2;1;x\n1;1;y\n1;;x\n1;;y\n", contract)
    assert blocking(answer) == [(5, "a", "unique-key")]
    assert "a, b" in first(answer, "unique-key").message_fr


def test_row_may_refer_to_a_row_below_it_in_its_own_file(tmp_path: Path) -> None:
    contract = referring("site", "", "id")
    answer = examined(tmp_path, "id;site\n1;2\n2;\n3;9\n", contract)
    assert blocking(answer) == [(4, "site", "foreign-key")]
    assert first(answer, "foreign-key").value == "9"


def test_rows_of_another_file_of_the_batch_are_not_its_own(tmp_path: Path) -> None:
    contract = referring("site", "", "id")
    files = [received(tmp_path, b"id;site\n1;1\n", "one.csv"), received(tmp_path, b"id;site\n2;1\n", "two.csv")]
    one, two = examine(files, contract)
    assert (one.report.status, two.report.status) == ("valid", "invalid")


@pytest.mark.parametrize(("kind", "good", "bad"), [("integer", "02", "3"), ("number", "2.0", "2.5")])
def test_reference_to_another_dataset_is_compared_as_values_not_as_text(
    tmp_path: Path, kind: str, good: str, bad: str
) -> None:
    contract = referring("site", "sites", "id", kind)
    file = received(tmp_path, f"id;site\n1;{good}\n2;{bad}\n3;\n".encode())
    answer = examine([file], contract, {"sites": SITES})[0]
    assert blocking(answer) == [(3, "site", "foreign-key")]
    assert "sites (id)" in first(answer, "foreign-key").message_en


def test_reference_of_two_columns_must_name_one_row(tmp_path: Path) -> None:
    contract = referring(["id", "site"], "sites", ["id", "code"], "string")
    answer = examine([received(tmp_path, b"id;site\n1;a\n1;b\n2;\n")], contract, {"sites": SITES})[0]
    assert blocking(answer) == [(3, "id", "foreign-key")]


@pytest.mark.parametrize("there", [{}, {"sites": SITES.drop("id")}])
def test_reference_that_nobody_can_check_is_said_not_passed_over(tmp_path: Path, there: Any) -> None:
    answer = examine([received(tmp_path, b"id;site\n1;7\n")], referring("site", "sites", "id"), there)[0]
    assert answer.report.status == "valid"
    error = first(answer, "foreign-key-unchecked")
    assert (error.line, error.column, error.severity) == (None, "site", "improves")
    assert "sites" in error.message_fr


def test_keys_survive_the_contract_file(tmp_path: Path) -> None:
    contract = contract_of({"name": "a"}, {"name": "b"}, uniqueKeys=[["a", "b"]]).model_copy(update={"title": "t"})
    path = tmp_path / "example.yaml"
    path.write_text(dump_contract(contract), encoding="utf-8")
    again = load_contract(path)
    assert blocking(examined(tmp_path, "a;b\n1;1\n", again)) == []
    assert again.extra["uniqueKeys"] == [["a", "b"]]


@pytest.mark.parametrize(
    "keys", [{"uniqueKeys": [["a", "z"]]}, {"uniqueKeys": [3]}, {"foreignKeys": [{"fields": "z"}]}]
)
def test_key_that_cannot_mean_anything_is_refused_in_a_schema_and_in_a_contract(keys: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        from_table_schema({"fields": [{"name": "a"}], **keys})
    with pytest.raises(ContractError):
        compile_contract(contract_of({"name": "a"}).model_copy(update={"extra": keys}))


def test_column_without_a_header_is_said_if_it_holds_anything(tmp_path: Path) -> None:
    contract = contract_of({"name": "id"}, {"name": "age"})
    answer = examined(tmp_path, "id,,age\n1,John,30\n2,Julie,26\n", contract)
    assert answer.report.status == "valid"
    error = first(answer, "blank-header")
    assert (error.line, error.value, error.severity) == (1, None, "improves")
    assert "2" in error.message_fr and "John" not in error.message_fr + error.message_en
    silent = examined(tmp_path, "id,,age\n1,,30\n2,,26\n", contract)
    assert not [error for error in silent.report.errors if error.rule == "blank-header"]
