"""Contracts to adopt: usable as they stand, in both languages, equal in rule to the national schema they speak of."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from governance.contracts.adopt import LIBRARY, adopt, library_names, load_from_library
from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import load_contracts
from governance.contracts.table_schema import from_table_schema
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile
from governance.intake.validate import compile_contract
from tests.intake.examples import SHARED

ROOT = Path(__file__).resolve().parents[2]
NAMES = library_names()
NATIONAL = {
    "adresses": "bal/1.5.0", "budget": "scdl-budget/0.8.3", "catalogue": "scdl-catalogue/0.1.3",
    "comptages_canaux": "comptage-mobilites-channel/0.2.5", "comptages_mesures": "comptage-mobilites-measure/0.2.5",
    "comptages_sites": "comptage-mobilites-site/0.2.5", "defibrillateurs": "dae/1.0.7",
    "deliberations": "scdl-deliberations/2.1.5", "equipements": "scdl-equipements/0.1.5",
    "fontaines_eau": "fontaine-eau/0.1.0", "friches": "friches/1.0.6",
    "hautes_remunerations": "hautes-remunerations/0.1.0", "irve_dynamique": "irve-dynamique/2.3.1",
    "irve_statique": "irve-statique/2.3.1", "lieux_covoiturage": "lieux-covoiturage/0.3.1",
    "mediation_numerique": "mediation-numerique/1.0.1", "menus_collectifs": "scdl-menus-collectifs/1.2.3",
    "plats_menus_collectifs": "scdl-plats-menus-collectifs/0.7.2", "points_eau_incendie": "point-eau-incendie/1.0.1",
    "prenoms": "scdl-prenoms/1.1.6", "stationnement": "stationnement/0.1.5",
    "stationnement_cyclable": "stationnement-cyclable/1.1.1", "subventions": "scdl-subventions/2.1.1",
}  # fmt: skip
"""Every Table Schema at hand, and the name under which the library has it."""
EXAMPLES = (
    ("comptages_canaux", "comptage-mobilites/channel_exemple-valide.csv"),
    ("comptages_mesures", "comptage-mobilites/measure_exemple-valide.csv"),
    ("comptages_sites", "comptage-mobilites/site_exemple-valide.csv"),
    ("fontaines_eau", "fontaine-eau/exemple-valide.csv"),
    ("hautes_remunerations", "hautes-remunerations/exemple-valide.csv"),
    ("stationnement", "stationnement/exemple-valide.csv"),
    ("stationnement_cyclable", "stationnement-cyclable/exemple-valide.csv"),
)
OUTDATED = (
    # named valid by who wrote it, refused by the national reference and by us: it is older than its schema
    ("friches", "friches/fichier-valide_240322.csv", {("urba_zaer", "missing-column")}),
    ("lieux_covoiturage", "covoiturage-2023/exemple-valide.csv", {("horaires", "opening-hours-value")}),
)
LONG = 4
"""Words from which a phrase is somebody's wording and no longer a mere name of the thing."""


def _official(name: str) -> dict[str, Any]:
    path = SHARED / "schemas" / NATIONAL[name] / "schema.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("name", NAMES)
def test_contract_can_be_applied_and_is_odcs_by_its_own_schema(name: str) -> None:
    contract = load_from_library(name)
    compile_contract(contract)
    assert contract.id == name
    document = yaml.safe_load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads(OpenDataContractStandard.json_schema()))


@pytest.mark.parametrize("name", NAMES)
def test_contract_speaks_both_languages_throughout(name: str) -> None:
    contract = load_from_library(name)
    assert contract.title and contract.title_en and contract.description and contract.description_en and contract.row_is
    for column in contract.columns:
        assert column.title and column.title_en and column.description and column.description_en, column.name


@pytest.mark.parametrize("name", [name for name in NAMES if any(c.example for c in load_from_library(name).columns)])
def test_example_of_a_column_is_a_value_of_it(name: str, tmp_path: Path) -> None:
    contract = load_from_library(name)
    shown = [column for column in contract.columns if column.example]
    path = tmp_path / "example.csv"
    path.write_text("\n".join("\t".join(cells) for cells in zip(*((c.name, c.example) for c in shown), strict=True)))
    report = examine([ReceivedFile("example", path, path.name, "0" * 64)], contract)[0].report
    names = {column.name for column in shown}
    assert [(e.column, e.value, e.rule) for e in report.errors if e.column in names and e.severity == "blocks"] == []


@pytest.mark.shared
def test_every_table_schema_at_hand_is_in_the_library() -> None:
    newest = {path.parent.parent.name: path for path in sorted(SHARED.glob("schemas/*/*/schema.json"))}
    tables = {f"{key}/{p.parent.name}" for key, p in newest.items() if "fields" in json.loads(p.read_text("utf-8"))}
    assert tables == set(NATIONAL.values())
    assert len(tables) == 23
    assert set(NATIONAL) <= set(NAMES)


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(NATIONAL))
def test_national_contract_has_the_names_types_and_rules_of_its_schema(name: str) -> None:
    ours, theirs = load_from_library(name), from_table_schema(_official(name))
    rules = (
        "name", "type", "format", "constraints", "true_values", "false_values", "decimal_char", "group_char",
        "bare_number", "missing_values", "items",
    )  # fmt: skip
    for rule in rules:
        assert [getattr(c, rule) for c in ours.columns] == [getattr(c, rule) for c in theirs.columns], rule
    assert [check for check in ours.checks if check.severity == "blocks"] == list(theirs.checks)  # ours only advise
    assert ours.missing_values == theirs.missing_values
    assert theirs.primary_key in ((), ours.primary_key)
    assert ours.version == NATIONAL[name].split("/")[1]


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(NATIONAL))
def test_national_contract_is_in_our_own_words(name: str) -> None:
    ours, schema = load_from_library(name), _official(name)
    texts = [schema.get("title", ""), schema.get("description", "")]
    texts += [field.get(key, "") for field in schema["fields"] for key in ("title", "description")]
    theirs = "\n".join(_folded(str(text)) for text in texts)
    mine = [ours.description, *(text for column in ours.columns for text in (column.title, column.description))]
    phrases = [_folded(sentence) for text in mine for sentence in re.split(r"[.;:]\s", text)]
    assert [phrase for phrase in phrases if len(phrase.split()) > LONG and phrase in theirs] == []


@pytest.mark.shared
@pytest.mark.parametrize(("name", "file"), EXAMPLES)
def test_official_valid_example_is_valid(name: str, file: str) -> None:
    path = SHARED / "data" / "exemples-officiels" / file
    report = examine([ReceivedFile("case", path, path.name, "0" * 64)], load_from_library(name))[0].report
    assert report.status == "valid"
    assert report.rows.read > 0


@pytest.mark.shared
@pytest.mark.parametrize(("name", "file", "faults"), OUTDATED)
def test_official_example_older_than_its_schema_has_just_the_faults_of_its_age(
    name: str, file: str, faults: set[tuple[str, str]]
) -> None:
    path = SHARED / "data" / "exemples-officiels" / file
    report = examine([ReceivedFile("case", path, path.name, "0" * 64)], load_from_library(name))[0].report
    assert {(error.column, error.rule) for error in report.errors if error.severity == "blocks"} == faults


def _rules(contract: Contract) -> Any:
    return [column.model_dump() for column in contract.columns], contract.checks, contract.primary_key


def test_what_the_example_federation_adopted_is_what_the_library_says() -> None:
    adopted = load_contracts(ROOT / "federation" / "contracts")
    both = set(adopted) & set(NAMES)
    assert len(both) == 7
    for name in both:
        assert _rules(adopted[name]) == _rules(load_from_library(name)), name


def test_adopted_contract_is_restricted_or_open_as_told_and_only_an_open_one_has_a_licence() -> None:
    closed, opened = (adopt("eclairage_public", "lampes", level, "lov2") for level in ("restricted", "open"))  # type: ignore[arg-type]
    assert (closed.id, closed.classification, closed.licence) == ("lampes", "restricted", None)
    assert (opened.classification, opened.licence) == ("open", "lov2")
    assert _rules(closed) == _rules(load_from_library("eclairage_public"))


def test_personal_contract_stays_personal_whatever_is_asked() -> None:
    assert adopt("signalements", "signalements", "open", "lov2").classification == "personal"
    assert adopt("signalements", "signalements", "open", "lov2").licence is None


def test_name_that_is_not_in_the_library_is_told_with_those_that_are() -> None:
    with pytest.raises(ContractError, match="no contract 'arbres'.*eclairage_public"):
        load_from_library("arbres")
