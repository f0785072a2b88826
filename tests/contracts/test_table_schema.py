"""Table Schema goes into a contract, through ODCS, and out again without loss."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard

from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import dump_contract, from_odcs
from governance.contracts.table_schema import from_table_schema, to_table_schema

SHARED = Path(__file__).resolve().parents[3] / "shared"
NATIONAL = sorted(
    path for path in SHARED.glob("schemas/*/*/schema.json") if "fields" in json.loads(path.read_text(encoding="utf-8"))
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def through_odcs(contract: Contract) -> Contract:
    return from_odcs(OpenDataContractStandard.model_validate(yaml.safe_load(dump_contract(contract))))


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.shared
def test_the_national_schemas_are_there() -> None:
    assert len(NATIONAL) >= 24


@pytest.mark.shared
@pytest.mark.parametrize("path", NATIONAL, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_national_schema_comes_back_as_it_was(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    contract = from_table_schema(schema)
    assert as_json(to_table_schema(contract)) == as_json(schema)
    again = through_odcs(contract)
    assert again == contract
    assert as_json(to_table_schema(again)) == as_json(schema)


@pytest.mark.shared
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("suites/tableschema-py-data/data/schema_invalid*.json")), ids=lambda path: path.stem
)
def test_invalid_descriptor_is_refused_with_words(path: Path) -> None:
    with pytest.raises(ContractError, match=r"\w+ \w+"):
        from_table_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.shared
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("suites/tableschema-py-data/data/schema_valid*.json")), ids=lambda path: path.stem
)
def test_valid_descriptor_is_taken(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert as_json(to_table_schema(from_table_schema(schema))) == as_json(schema)


FIELD_EXTRAS: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "description": TEXTS,
    "example": st.one_of(TEXTS, st.integers(), st.booleans()),
    "format": st.sampled_from(["default", "any", "%d/%m/%Y", "email"]),
    "missingValues": st.lists(TEXTS, max_size=3),
    "trueValues": st.lists(TEXTS, min_size=1, max_size=3),
    "decimalChar": st.sampled_from([",", "."]),
    "groupChar": st.sampled_from(["", " "]),
    "bareNumber": st.booleans(),
    "rdfType": TEXTS,
    "constraints": st.fixed_dictionaries(
        {},
        optional={
            "required": st.booleans(),
            "unique": st.booleans(),
            "pattern": st.sampled_from(["^[0-9]+$", "A|B"]),
            "enum": st.lists(st.one_of(TEXTS, st.integers()), min_size=1, max_size=3),
            "minimum": st.one_of(st.integers(), st.floats(-1e6, 1e6), st.just("2020-01-01")),
            "maxLength": st.integers(0, 99),
            "jsonSchema": st.just({}),
        },
    ),
}
SCHEMAS = st.builds(
    lambda fields, extra: {"fields": fields, **extra},
    st.lists(
        st.fixed_dictionaries(
            {"name": st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)},
            optional=FIELD_EXTRAS
            | {"type": st.sampled_from(["string", "number", "integer", "boolean", "date", "year", "array", "any"])},
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda field: field["name"],
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(st.characters(categories=["L"]), min_size=1, max_size=9),
            "title": TEXTS,
            "version": st.sampled_from(["1.0.0", "2"]),
            "keywords": st.lists(TEXTS, max_size=3),
            "missingValues": st.lists(TEXTS, max_size=3),
            "path": TEXTS,
            "contributors": st.lists(st.fixed_dictionaries({"title": TEXTS}), max_size=2),
        },
    ),
)


@settings(max_examples=60, deadline=None)
@given(SCHEMAS)
def test_any_schema_survives_both_ways(schema: dict[str, Any]) -> None:
    contract = from_table_schema(schema)
    assert as_json(to_table_schema(contract)) == as_json(schema)
    again = through_odcs(contract)
    assert again == contract
    assert as_json(to_table_schema(again)) == as_json(schema)


def test_bounds_of_numbers_written_as_text_stay_so_where_odcs_wants_numbers() -> None:
    field = {"name": "latitude", "type": "number", "constraints": {"minimum": "-90", "maximum": 90}}
    contract = from_table_schema({"fields": [field]})
    document = yaml.safe_load(dump_contract(contract))
    jsonschema.validate(document, json.loads(OpenDataContractStandard.json_schema()))
    assert through_odcs(contract) == contract


def test_unknown_custom_check_is_refused_not_skipped() -> None:
    schema = {"fields": [{"name": "a"}], "custom_checks": [{"name": "lucky-number-value", "params": {"column": "a"}}]}
    with pytest.raises(ContractError, match="lucky-number-value.*unknown"):
        from_table_schema(schema)


def test_custom_check_on_a_column_that_is_not_there_is_refused() -> None:
    schema = {"fields": [{"name": "a"}], "custom_checks": [{"name": "french-siret-value", "params": {"column": "b"}}]}
    with pytest.raises(ContractError, match="columns that the schema has not: b"):
        from_table_schema(schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "not a Table Schema"),
        ({"fields": []}, "at least one field"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "same name"),
        ({"fields": [{"title": "a"}]}, "with a name"),
        ({"fields": [{"name": "a", "type": "money"}]}, "'money' is unknown"),
        ({"fields": [{"name": "a", "constraints": {"required": "perhaps"}}]}, "field 'a'"),
    ],
)
def test_bad_descriptor_names_its_fault(schema: Any, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        from_table_schema(schema)
