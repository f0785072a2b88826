"""A new dataset: contract, models and their YAML, which dbt, the contract's own checks and the conventions accept."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml
from dbt.cli.main import dbtRunner
from open_data_contract_standard.model import OpenDataContractStandard

from governance.contracts.odcs import load_contract
from governance.contracts.table_schema import from_table_schema, to_table_schema
from governance.intake.validate import compile_contract
from governance.pipeline.warehouse import MEMORY_LIMIT
from tests.scaffold.conftest import New

SCHEMA: dict[str, Any] = {
    "name": "arbres-exemple",
    "title": "Arbres remarquables",
    "description": "Arbres, exemple synthétique.",
    "fields": [
        {"name": "id_arbre", "type": "string", "constraints": {"required": True, "pattern": "^A-\\d+$"}},
        {"name": "Année de plantation", "type": "year"},
        {"name": "order", "type": "integer"},
        {"name": "hauteur_m", "type": "number", "constraints": {"minimum": 0}},
        {"name": "plantee_le", "type": "date", "format": "%Y-%m-%d"},
    ],
    "primaryKey": ["id_arbre"],
}
ARGUMENTS = ("arbres", "--entity", "arbre", "--group", "territoire")
WRITTEN = {
    "federation/contracts/arbres.yaml",
    "dbt/models/staging/arbres/stg_arbres__arbre.sql",
    "dbt/models/staging/arbres/_arbres__models.yml",
    "dbt/models/shared/arbres/shr_territoire__arbres.sql",
    "dbt/models/shared/arbres/_arbres__models.yml",
}


@pytest.fixture
def schema(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    path.write_text(json.dumps(SCHEMA), encoding="utf-8")
    return str(path)


def _dbt(project: Path, *arguments: str) -> None:
    folders = ["--project-dir", str(project / "dbt"), "--profiles-dir", str(project / "dbt")]
    folders += ["--target-path", str(project / "target"), "--log-path", str(project / "logs")]
    variables = {"lake": str(project / "lake"), "warehouse": str(project / "warehouse.duckdb")}
    variables["memory_limit"] = MEMORY_LIMIT
    done = dbtRunner().invoke(["--quiet", *arguments, *folders, "--vars", json.dumps(variables)])
    assert done.success, done.exception or done.result


def test_table_schema_becomes_five_files(new: New, schema: str) -> None:
    before = new.tree()
    done = new("dataset", *ARGUMENTS, "--schema", schema)
    assert done.exit_code == 0, done.output
    assert set(new.tree()) - set(before) == WRITTEN


def test_contract_is_odcs_can_be_applied_and_is_not_open_unless_told(new: New, schema: str) -> None:
    new("dataset", *ARGUMENTS, "--schema", schema)
    path = new.project / "federation" / "contracts" / "arbres.yaml"
    contract = load_contract(path)
    compile_contract(contract)
    jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), json.loads(OpenDataContractStandard.json_schema()))
    assert from_table_schema(json.loads(json.dumps(to_table_schema(contract)))) == contract
    assert (contract.id, contract.row_is, contract.classification) == ("arbres", "arbre", "restricted")
    assert [column.name for column in contract.columns] == [field["name"] for field in SCHEMA["fields"]]
    assert contract.primary_key == ("id_arbre",)


def test_open_dataset_has_the_licence_of_the_federation(new: New, schema: str) -> None:
    new("dataset", *ARGUMENTS, "--schema", schema, "--classification", "open")
    contract = load_contract(new.project / "federation" / "contracts" / "arbres.yaml")
    assert contract.licence == "https://spdx.org/licenses/etalab-2.0"


def test_models_build_in_dbt_under_their_enforced_contract(new: New, schema: str) -> None:
    import polars as pl

    from governance.pipeline.accepted_rows import PROVENANCE

    new("dataset", *ARGUMENTS, "--schema", schema)
    folder = new.project / "lake" / "accepted" / "arbres"
    folder.mkdir(parents=True)
    row = {"id_arbre": "A-1", "Année de plantation": "1998", "order": 1, "hauteur_m": 12.5, "plantee_le": None}
    types = {"plantee_le": pl.Date, "order": pl.Int64}
    told = {name: 1 if name == "line_number" else "exemple" for name in PROVENANCE}
    frame = pl.DataFrame({name: [value] for name, value in (row | told).items()}, schema_overrides=types)
    frame.write_parquet(folder / "batch.parquet")
    listed = new.project / "lake" / "accepted_now"
    listed.mkdir()
    frame.select("run_id").write_parquet(listed / "arbres.parquet")
    twice = new.project / "lake" / "overlaps"
    twice.mkdir()
    one = {"batch_id": ["batch"], "batch_row": [0], "overlap": ["conflict-in-file"]}
    pl.DataFrame(one).write_parquet(twice / "arbres.parquet")
    _dbt(new.project, "build", "--select", "+shr_territoire__arbres")


def test_contract_that_exists_gets_models(new: New, schema: str) -> None:
    new("dataset", *ARGUMENTS, "--schema", schema)
    for path in sorted((new.project / "dbt").rglob("*arbres*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    before = new.tree()
    done = new("dataset", *ARGUMENTS)
    assert done.exit_code == 0, done.output
    assert set(new.tree()) - set(before) == WRITTEN - {"federation/contracts/arbres.yaml"}


def test_contract_of_the_library_is_adopted_in_words_already_said(new: New) -> None:
    before = new.tree()
    done = new("dataset", *ARGUMENTS, "--from", "fontaines_eau")
    assert done.exit_code == 0, done.output
    assert set(new.tree()) - set(before) == WRITTEN
    contract = load_contract(new.project / "federation" / "contracts" / "arbres.yaml")
    assert (contract.id, contract.classification, contract.licence) == ("arbres", "restricted", None)
    assert all(column.description and column.description_en for column in contract.columns)
    assert "say in the contract" not in done.output
    _dbt(new.project, "parse")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("arbres", "--entity", "arbre", "--group", "forêts"), "no dbt group 'forêts'; known: territoire"),
        (ARGUMENTS, "give a Table Schema with --schema"),
        (("equipements", "--entity", "equipement", "--group", "territoire"), "exists already"),
        ((*ARGUMENTS, "--schema", "absent.json"), "absent.json"),
        ((*ARGUMENTS, "--from", "arbres"), "no contract 'arbres' in the library; it has: adresses"),
        ((*ARGUMENTS, "--from", "budget", "--schema", "absent.json"), "not of both"),
        (("equipements", "--entity", "equipement", "--group", "territoire", "--from", "budget"), "exists already"),
        (("Arbres!", *ARGUMENTS[1:]), "no name for a dataset"),
        (("arbres", "--entity", "un arbre", "--group", "territoire"), "no name for a row"),
    ],
)
def test_dataset_that_cannot_be_writes_nothing_and_says_why(new: New, arguments: tuple[str, ...], words: str) -> None:
    before = new.tree()
    done = new("dataset", *arguments)
    assert (done.exit_code, new.tree() == before) == (2, True)
    assert words in done.stderr
