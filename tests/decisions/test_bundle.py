import io
import json
import re
import subprocess
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from governance.decisions.bundle import build_bundle, policy_data
from governance.decisions.closures import Closure
from governance.decisions.opa_server import find_opa
from governance.decisions.reasons import PAGES, load_rules, pages, write_pages
from governance.federation import DeclarationError, Federation
from governance.settings import PROJECT_ROOT
from tests.decisions.engine import CONTRACTS, PARTNER, agreement, facts_of

POLICIES = PROJECT_ROOT / "policies"


def _members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]  # kept because all are files


def _closure(**difference: Any) -> Closure:
    terms: dict[str, Any] = {"id": "c1", "by": "north", "dataset": "trees", "ground": "under_review"}
    return Closure(**(terms | {"since": date(2026, 1, 1)} | difference))


def test_equal_declarations_give_equal_bytes(federation: Federation) -> None:
    facts = facts_of(federation, agreement())
    assert build_bundle(POLICIES, facts) == build_bundle(POLICIES, facts)


def test_any_change_of_facts_gives_another_revision(federation: Federation) -> None:
    before, _ = build_bundle(POLICIES, facts_of(federation, agreement()))
    after, _ = build_bundle(POLICIES, facts_of(federation, agreement(state="revoked")))
    assert before != after


def test_manifest_names_revision_roots_and_language(federation: Federation) -> None:
    revision, content = build_bundle(POLICIES, facts_of(federation, agreement()))
    manifest = json.loads(_members(content)[".manifest"])
    assert manifest == {"revision": revision, "roots": ["archipel", "facts", "system/authz"], "rego_version": 1}


def test_tests_are_not_part_of_the_bundle(federation: Federation) -> None:
    _, content = build_bundle(POLICIES, facts_of(federation, agreement()))
    names = _members(content)
    assert "decision/decision.rego" in names
    assert not [name for name in names if "_test" in name]


def test_agreements_are_keyed_by_assignee_and_target(federation: Federation) -> None:
    facts = facts_of(federation, agreement())["facts"]
    assert list(facts["agreements"][PARTNER]["meters"]) == ["a1"]


def test_engine_is_told_no_name_title_or_contact(federation: Federation) -> None:
    told = json.dumps(facts_of(federation, agreement(), closures=(_closure(note_fr="Note secrète"),)))
    assert "North" not in told
    assert "Essai" not in told
    assert "Note secr" not in told
    assert "@" not in told


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        ({"target": "dragons"}, "no dataset 'dragons'"),
        ({"assignee": "999999999"}, "no organisation has SIREN"),
        ({"assigner": "999999999"}, "no organisation has SIREN"),
    ],
)
def test_agreement_with_strangers_builds_no_bundle(
    federation: Federation, difference: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        facts_of(federation, agreement(**difference))


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        ({"dataset": "dragons"}, "no dataset 'dragons'"),
        ({"by": "stranger"}, "no member or partner"),
        ({"columns": ["colour"]}, "no column 'colour'"),
    ],
)
def test_closure_of_what_is_not_there_builds_no_bundle(
    federation: Federation, difference: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        facts_of(federation, closures=(_closure(**difference),))


def test_unknown_steward_builds_no_bundle(federation: Federation) -> None:
    contracts = {"trees": CONTRACTS["trees"].model_copy(update={"steward": "stranger"})}
    with pytest.raises(DeclarationError, match="steward 'stranger'"):
        policy_data(federation, contracts, {}, {})


def test_policies_are_strict_formatted_tested_and_covered() -> None:
    opa = str(find_opa())
    for arguments in (["check", "--strict"], ["fmt", "--list", "--fail"], ["test"]):
        done = subprocess.run([opa, *arguments, str(POLICIES)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([opa, "test", "--coverage", str(POLICIES)], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["coverage"] >= 95


def test_each_folder_is_a_package_with_metadata_and_a_test() -> None:
    folders = sorted(path for path in POLICIES.iterdir() if path.is_dir())
    assert len(folders) >= 10
    for folder in folders:
        assert (folder / f"{folder.name}_test.rego").is_file(), folder
        if folder.name == "example":
            continue
        main = (folder / f"{folder.name}.rego").read_text(encoding="utf-8")
        package = "system.authz" if folder.name == "authz" else f"archipel.{folder.name}"
        assert re.match(rf"# METADATA\n# title: (.|\n)*?\npackage {re.escape(package)}\n", main), folder


def test_each_reason_code_is_found_by_one_rule_and_said_in_both_languages() -> None:
    rules = load_rules(POLICIES)
    assert len(rules) >= 22
    assert len({rule.code for rule in rules}) == len(rules)
    for rule in rules:
        said = [rule.title_fr, rule.title_en, rule.text_fr, rule.text_en, rule.change_fr, rule.change_en]
        assert all(len(text) > 5 for text in said), rule.code
        marks = re.compile(r"{(\w+)}")
        assert marks.findall(rule.text_fr) == marks.findall(rule.text_en), rule.code


def test_pages_of_the_reasons_are_in_step_with_the_rules() -> None:
    folder = PROJECT_ROOT / PAGES
    made = pages(POLICIES)
    assert {path.name for path in folder.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (folder / name).read_text(encoding="utf-8").startswith(text), f"{name}: run archipel policy reasons"


def test_words_added_by_hand_are_kept_and_stale_pages_go(tmp_path: Path) -> None:
    write_pages(POLICIES, tmp_path)
    page = tmp_path / "no_agreement.md"
    page.write_text(page.read_text(encoding="utf-8") + "Words by hand.\n", encoding="utf-8")
    (tmp_path / "gone.md").write_text("old", encoding="utf-8")
    write_pages(POLICIES, tmp_path)
    assert page.read_text(encoding="utf-8").endswith("Words by hand.\n")
    assert not (tmp_path / "gone.md").exists()
