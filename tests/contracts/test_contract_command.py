"""``archipel contract``: imports from a registry that speaks the national one's format, and compares versions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from governance.commands.contract import app
from governance.contracts.odcs import load_contract
from governance.settings import load_settings
from tests.connectors.api.served import Ask, Reply, Served, json_reply

SCHEMA = {"name": "arbres", "version": "1.1.0", "title": "Arbres", "fields": [{"name": "id"}, {"name": "espece"}]}
OLD = {**SCHEMA, "version": "1.0.0", "fields": [{"name": "id"}]}


class Registry(Served):
    """Serves ``schemas.json`` and schemas as the national registry does."""

    def answer(self, ask: Ask) -> Reply:
        def entry(name: str, kind: str) -> dict[str, Any]:
            base = f"{self.address}/schemas/{name}"
            versions = [{"version_name": v, "schema_url": f"{base}/{v}/schema.json"} for v in ("v1.0.0", "1.1.0")]
            latest = f"{base}/latest/schema.json"
            return {"name": name, "schema_type": kind, "schema_url": latest, "versions": versions}

        served = {
            "/schemas.json": {"version": 1, "schemas": [
                entry("ville/arbres", "tableschema"), entry("ville/zones", "jsonschema"),
                entry("un/lieux", "tableschema"), entry("deux/lieux", "tableschema"),
            ]},
            "/schemas/ville/arbres/latest/schema.json": SCHEMA,
            "/schemas/ville/arbres/v1.0.0/schema.json": OLD,
        }  # fmt: skip
        return json_reply(served[ask.path]) if ask.path in served else Reply(b"", 404)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    served = Registry()
    with served.serving():
        monkeypatch.setenv("ARCHIPEL_EGRESS_EXCEPTIONS", json.dumps([served.endpoint]))
        load_settings.cache_clear()
        yield served
    load_settings.cache_clear()


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def imported(registry: Registry, folder: Path, name: str, *more: str) -> tuple[int, str]:
    return run("import", name, "--registry", f"{registry.address}/schemas.json", "--federation", str(folder), *more)


@pytest.mark.parametrize(
    ("name", "version", "columns"),
    [("ville/arbres", "1.1.0", 2), ("arbres", "1.1.0", 2), ("arbres@1.0.0", "1.0.0", 1), ("arbres@v1.0.0", "1.0.0", 1)],
)
def test_schema_of_the_registry_becomes_a_contract_that_is_not_open(
    registry: Registry, tmp_path: Path, name: str, version: str, columns: int
) -> None:
    code, output = imported(registry, tmp_path, name)
    assert code == 0, output
    contract = load_contract(tmp_path / "contracts" / "arbres.yaml")
    assert (contract.id, contract.version, len(contract.columns)) == ("arbres", version, columns)
    assert contract.classification == "restricted"
    assert str(contract.conforms_to).startswith(registry.address)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fleurs", "no schema 'fleurs'"), ("lieux", "un/lieux, deux/lieux"), ("ville/zones", "not a Table Schema"),
        ("arbres@9.0.0", "versions: 1.0.0, 1.1.0"), ("arbres@1.1.0", "404"),
    ],
)  # fmt: skip
def test_schema_that_cannot_be_had_is_refused_in_words(
    registry: Registry, tmp_path: Path, name: str, words: str
) -> None:
    code, output = imported(registry, tmp_path, name, "--lang", "en")
    assert code == 2
    assert words in output and "Traceback" not in output
    assert not (tmp_path / "contracts").exists()


def test_import_never_writes_over_a_contract(registry: Registry, tmp_path: Path) -> None:
    assert imported(registry, tmp_path, "arbres")[0] == 0
    code, output = imported(registry, tmp_path, "arbres@1.0.0")
    assert code == 2 and "exists already" in output
    assert load_contract(tmp_path / "contracts" / "arbres.yaml").version == "1.1.0"


def test_file_is_imported_under_the_id_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA), encoding="utf-8")
    code, output = run("import", str(path), "--id", "plantations", "--federation", str(tmp_path))
    assert code == 0, output
    assert load_contract(tmp_path / "contracts" / "plantations.yaml").title == "Arbres"


@pytest.mark.parametrize(("version", "code"), [("1.1.0", 0), ("2.0.0", 0), ("1.0.1", 1), ("1.0.0", 1)])
def test_diff_ends_with_1_if_the_version_says_too_little(tmp_path: Path, version: str, code: int) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(OLD), encoding="utf-8")
    new.write_text(json.dumps({**SCHEMA, "version": version}), encoding="utf-8")
    ended, output = run("diff", str(old), str(new))
    assert ended == code
    assert "minor" in output and "espece: colonne facultative ajoutée" in output
    ended, output = run("diff", str(old), str(new), "--json")
    found = json.loads(output)
    assert (ended, found["level"], found["enough"]) == (code, "minor", code == 0)


def test_diff_of_a_file_that_is_no_contract_says_so(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text("[]", encoding="utf-8")
    code, output = run("diff", str(path), str(tmp_path / "absent.yaml"))
    assert code == 2 and "old.json" in output and "Traceback" not in output
