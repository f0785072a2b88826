"""Thousands of questions made from the OpenAPI document, to the real server: no 500, and nothing outside of it."""

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from governance.reference.api_page import openapi
from tests.api.small_platform import CONTRACTS, Running

pytestmark = pytest.mark.services
QUESTIONS = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
"""For each operation and caller; made alike each time, so that a fault found once is found again."""
OPERATIONS = [said["operationId"] for methods in openapi()["paths"].values() for said in methods.values()]
WORTH_ASKING = {
    "bbox": ["-2.3,47.2,-2.0,47.4", "170,-10,-170,10", "0,0,0", "x"],
    "at": ["v1", "2026-01-01", "2999-12-31T23:59:59.999Z", "0001-01-01", "v0"],
    "columns": ["nom", "nom,nom", "nom,montant", "_change_type", "adresse", ","],
    "sort": ["-nom", "nom,-nom", "--nom", "montant", "adresse"],
    "limit": ["1", "10000", "0", "-1", "1e3"],
    "count": ["true", "false", "maybe"],
    "format": ["csv", "GEOJSON", "arrow", "parquet", "ndjson", "csv-excel-fr", "xml"],
    "purpose": ["dpv:ResearchAndDevelopment", "dpv:Marketing"],
}


def _narrowed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what exists here among the values, since what is only made up is nearly always unknown."""
    datasets = [contract.id for contract in CONTRACTS]
    names = {column.name for contract in CONTRACTS for column in contract.columns}
    asked = [f"{name}__{operator}" for name in sorted(names) for operator in ("gte", "in", "isnull", "contains")]
    for operations in document["paths"].values():
        for parameter in operations["get"].get("parameters", []):
            name = parameter["name"]
            if name == "dataset":
                parameter["schema"]["enum"] = [*datasets, "nothing"]
            elif name == "filters":
                one = {"type": "string"}
                parameter["schema"] = {"type": "object", "properties": dict.fromkeys([*sorted(names), *asked], one)}
            elif name in WORTH_ASKING and parameter["schema"].get("type") != "array":
                parameter["schema"] = {"anyOf": [{"enum": WORTH_ASKING[name]}, parameter["schema"]]}
    return document


@pytest.fixture(scope="session")
def operations(running: Running) -> dict[str, Any]:
    document = _narrowed(running.client().get("/v1/openapi.json").json())
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict({"base-url": running.url}))
    found = [schema[path]["GET"] for path in document["paths"]]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("organisation", [None, "exemple-startup"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_one_of_the_document(
    running: Running, operations: dict[str, Any], name: str, organisation: str | None, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {running.token(organisation)}"} if organisation else {}

    # One check is left out: which columns there are depends on dataset and caller, which no document can say, so that a
    # question of the right form may be a 400 all the same.
    @QUESTIONS
    @given(case=operations[name].as_strategy(generation_mode=mode))
    def ask(case: "schemathesis.Case[Any]") -> None:
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    with suppress(Unsatisfiable):  # an operation without parameters can be asked in no wrong way
        ask()


def test_the_operations_are_those_of_the_document(operations: dict[str, Any]) -> None:
    assert set(operations) == set(OPERATIONS)
