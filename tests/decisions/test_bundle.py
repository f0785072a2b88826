import hashlib
import io
import json
import re
import subprocess
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import jwt
import pytest

from governance.decisions.bundle import Bundle, bundle_path, data_bundle, policy_bundle
from governance.decisions.bundle_names import ENGINE_PACKAGES
from governance.decisions.closures import Closure
from governance.decisions.facts import policy_data
from governance.decisions.opa_server import find_opa
from governance.decisions.reasons import PAGES, load_rules, pages, write_pages
from governance.decisions.signing import BundleKey, canonical
from governance.federation import DeclarationError, Federation
from governance.settings import PROJECT_ROOT
from tests.decisions.engine import CONTRACTS, PARTNER, agreement, facts_of, new_settings, put_in_force, rules

POLICIES = PROJECT_ROOT / "policies"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> BundleKey:
    return BundleKey.from_settings(new_settings(tmp_path_factory.mktemp("state")))


def _members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]  # kept because all are files


def _closure(**difference: Any) -> Closure:
    terms: dict[str, Any] = {"id": "c1", "by": "north", "dataset": "trees", "ground": "under_review"}
    return Closure(**(terms | {"since": date(2026, 1, 1)} | difference))


def _signed(bundle: Bundle, key: BundleKey) -> dict[str, Any]:
    """What the signature says, once it is known to be ours."""
    (token,) = json.loads(_members(bundle.archive)[".signatures.json"])["signatures"]
    assert jwt.get_unverified_header(token)["kid"] == key.id
    said: dict[str, Any] = jwt.decode(token, key.public_pem, algorithms=["ES256"])
    return said


def test_equal_declarations_give_equal_bytes(federation: Federation, key: BundleKey) -> None:
    facts = facts_of(federation, agreement())
    assert data_bundle(facts, key) == data_bundle(facts, key)
    assert policy_bundle(POLICIES, rules(), key) == policy_bundle(POLICIES, rules(), key)


def test_any_change_of_facts_gives_another_revision_of_the_data_alone(federation: Federation, tmp_path: Path) -> None:
    settings = new_settings(tmp_path)
    policies, data = put_in_force(settings, facts_of(federation, agreement())).split("+")
    written = bundle_path(settings, "policies").stat().st_mtime_ns
    after = put_in_force(settings, facts_of(federation, agreement(state="revoked"))).split("+")
    assert after[0] == policies
    assert after[1] != data
    assert bundle_path(settings, "policies").stat().st_mtime_ns == written


def test_manifest_names_revision_roots_and_language(federation: Federation, key: BundleKey) -> None:
    bundles = (policy_bundle(POLICIES, rules(), key), data_bundle(facts_of(federation), key))
    for bundle, roots in zip(bundles, (["archipel", "rules"], ["facts"]), strict=True):
        manifest = json.loads(_members(bundle.archive)[".manifest"])
        assert manifest == {"revision": bundle.revision, "roots": roots, "rego_version": 1}


def test_signature_covers_every_file_and_says_which_bundle_it_is_of(federation: Federation, key: BundleKey) -> None:
    for bundle in (policy_bundle(POLICIES, rules(), key), data_bundle(facts_of(federation), key)):
        said, members = _signed(bundle, key), _members(bundle.archive)
        del members[".signatures.json"]
        assert said["scope"] == bundle.name
        assert {file["name"]: file["hash"] for file in said["files"]} == {
            name: hashlib.sha256(content).hexdigest() for name, content in members.items()
        }


def test_tests_and_the_rules_that_guard_the_engine_are_not_part_of_the_bundle(key: BundleKey) -> None:
    names = _members(policy_bundle(POLICIES, rules(), key).archive)
    assert "decision/decision.rego" in names
    assert not [name for name in names if "_test" in name]
    assert not [name for name, content in names.items() if b"package system" in content]


def test_json_is_written_as_the_engine_writes_it_before_it_hashes(tmp_path: Path) -> None:
    odd = {"b": 'é<&>\u2028\u2029\t\x7f"', "a": [1, 0.1, 1e-7, None, True], "\U0001f600": "x", "\uffee": {}}
    (tmp_path / "data.json").write_bytes(canonical(odd))
    key = BundleKey.from_settings(new_settings(tmp_path / "state"))
    bundle = data_bundle({"facts": odd}, key)
    (tmp_path / "bundle.tar.gz").write_bytes(bundle.archive)
    (tmp_path / "key.pem").write_text(key.public_pem, encoding="utf-8")
    words = ["build", "--bundle", str(tmp_path / "bundle.tar.gz"), "--output", str(tmp_path / "again.tar.gz")]
    verification = ["--verification-key", str(tmp_path / "key.pem"), "--verification-key-id", key.id]
    command = [str(find_opa()), *words, *verification, "--signing-alg", "ES256", "--scope", "data"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


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
        package = f"{'system' if folder.name in ENGINE_PACKAGES else 'archipel'}.{folder.name}"
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
