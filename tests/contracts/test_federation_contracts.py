"""The contracts of the federation: the national ones say what the registry says, ours what we need."""

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import load_contract, load_contracts
from governance.contracts.table_schema import from_table_schema, to_table_schema
from governance.intake.validate import compile_contract

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "federation" / "contracts"
CONTRACTS = load_contracts(FOLDER)
NATIONAL = {
    "subventions": "scdl-subventions/2.1.1",
    "deliberations": "scdl-deliberations/2.1.5",
    "menus_collectifs": "scdl-menus-collectifs/1.2.3",
    "lieux_covoiturage": "lieux-covoiturage/0.3.1",
    "equipements": "scdl-equipements/0.1.5",
}


@pytest.fixture(params=sorted(NATIONAL))
def pair(request: pytest.FixtureRequest) -> tuple[Contract, Contract]:
    path = ROOT.parent / "shared" / "schemas" / NATIONAL[request.param] / "schema.json"
    return CONTRACTS[request.param], from_table_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.shared
def test_national_contract_has_the_same_names_types_and_rules(pair: tuple[Contract, Contract]) -> None:
    ours, theirs = pair
    for name in ("name", "type", "format", "constraints", "true_values", "false_values", "items"):
        assert [getattr(c, name) for c in ours.columns] == [getattr(c, name) for c in theirs.columns], name
    assert [check for check in ours.checks if check.severity == "blocks"] == list(theirs.checks)  # ours only advise
    assert ours.missing_values == theirs.missing_values


@pytest.mark.shared
def test_national_contract_is_described_in_our_own_words(pair: tuple[Contract, Contract]) -> None:
    ours, theirs = pair
    for mine, other in zip(ours.columns, theirs.columns, strict=True):
        assert mine.description
        assert mine.description != other.description


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.id)
def test_contract_can_be_applied(contract: Contract) -> None:
    compile_contract(contract)


@pytest.mark.parametrize("name", [*NATIONAL, "consommation_energie", "signalements"])
def test_each_source_contract_speaks_both_languages(name: str) -> None:
    contract = CONTRACTS[name]
    assert contract.title and contract.title_en and contract.description and contract.description_en
    for column in contract.columns:
        assert column.title and column.title_en and column.description and column.description_en, column.name


def test_personal_columns_of_signalements_are_tagged() -> None:
    tagged = {column.name for column in CONTRACTS["signalements"].columns if "personal" in column.tags}
    assert tagged == {"adresse", "auteur_nom", "auteur_courriel", "auteur_telephone"}
    assert CONTRACTS["signalements"].column("description").tags == ("free_text",)


def test_classifications_are_as_decided() -> None:
    assert {CONTRACTS[name].classification for name in NATIONAL} == {"open"}
    assert CONTRACTS["consommation_energie"].classification == "restricted"
    assert CONTRACTS["signalements"].classification == "personal"
    assert CONTRACTS["consommation_energie"].hvd_category is None


def test_schema_part_goes_to_table_schema_and_back() -> None:
    for contract in CONTRACTS.values():
        without_places = contract.model_copy(update={"places": {}})  # of the federation, not of the schema
        assert from_table_schema(json.loads(json.dumps(to_table_schema(contract)))) == without_places


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_contract_file_is_odcs_by_its_own_schema(name: str) -> None:
    document = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads(OpenDataContractStandard.json_schema()))
    assert document["apiVersion"] == "v3.1.0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id: [", "contract.yaml"),
        ("id: x\nversion: 1.0.0\n", "exactly one table"),
        ("id: x\nversion: '1'\nschema: [{name: t, properties: [{name: a, logicalType: vector}]}]", "type"),
        (
            "id: x\nversion: '1'\nschema: [{name: t, properties: [{name: a}], quality: [{type: sql, query: q}]}]",
            "not one that Archipel applies",
        ),
        (
            "id: x\nversion: '1'\nschema: [{name: t, properties: [{name: a}]}]\ncustomProperties: [{property: q}]",
            "unknown: q",
        ),
    ],
)
def test_bad_contract_file_names_itself_and_its_fault(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=words) as caught:
        load_contract(path)
    assert "contract.yaml" in str(caught.value)


def test_file_named_otherwise_than_its_contract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text((FOLDER / "subventions.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match="differs from the file's name"):
        load_contracts(tmp_path)
