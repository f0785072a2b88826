"""A new rule refuses as written, changes no other answer, and passes what every policy passes."""

import json
import subprocess

import pytest

from governance.decisions.opa_server import find_opa
from governance.decisions.reasons import load_rules, pages
from governance.scaffold.policy_files import LAYERS
from tests.scaffold.conftest import New


def _opa(new: New, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(find_opa()), *arguments, str(new.project / "policies")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("package", sorted(LAYERS))
def test_rule_passes_strict_check_format_tests_and_coverage(new: New, package: str) -> None:
    done = new("policy", package, "too_curious")
    assert done.exit_code == 0, done.output
    for arguments in (["check", "--strict"], ["fmt", "--list", "--fail"], ["test"]):
        answer = _opa(new, *arguments)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    assert json.loads(_opa(new, "test", "--coverage").stdout)["coverage"] >= 95
    ran = {test["name"] for test in json.loads(_opa(new, "test", "--format", "json").stdout)}
    assert "test_too_curious_refuses_and_says_why" in ran


def test_rules_of_every_package_stand_side_by_side(new: New) -> None:
    for package in LAYERS:
        assert new("policy", package, f"{package}_too_old").exit_code == 0
        assert new("policy", package, f"{package}_too_new").exit_code == 0
    answer = _opa(new, "test")
    assert answer.returncode == 0, answer.stdout


def test_without_its_condition_the_rule_would_not_refuse(new: New) -> None:
    """The test that is written cannot be vacuous: taking the condition out of its place makes it fail."""
    new("policy", "closure", "too_curious")
    main = new.project / "policies" / "closure" / "closure.rego"
    main.write_text(main.read_text("utf-8").replace("\tnot _is_too_curious\n", ""), encoding="utf-8")
    assert _opa(new, "test").returncode != 0


def test_reason_has_its_page_and_every_page_is_in_step(new: New) -> None:
    new("policy", "closure", "too_curious")
    policies, folder = new.project / "policies", new.project / "docs" / "reasons"
    assert "too_curious" in {rule.code for rule in load_rules(policies)}
    made = pages(policies)
    assert {path.name for path in folder.glob("*.md")} == set(made)
    assert all((folder / name).read_text("utf-8").startswith(text) for name, text in made.items())


@pytest.mark.parametrize(
    ("package", "code", "words"),
    [
        ("weather", "too_wet", "rules are added to request, closure, agreement"),
        ("classification", "too_wet", "is none of them"),
        ("closure", "wet", "no reason code"),
        ("closure", "Too_Wet", "no reason code"),
        ("closure", "agreement_expired", "exists already"),
    ],
)
def test_rule_that_cannot_be_writes_nothing_and_says_why(new: New, package: str, code: str, words: str) -> None:
    before = new.tree()
    done = new("policy", package, code)
    assert (done.exit_code, new.tree() == before) == (2, True)
    assert words in done.stderr
