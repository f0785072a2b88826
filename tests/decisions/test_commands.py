"""The commands that an officer types: ask the engine, build the bundle, test the policies."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from governance.commands import policy
from governance.commands.decide import decide
from governance.decisions.bundle import bundle_path, revisions_of
from governance.decisions.opa_server import wait_for_revision
from governance.settings import Settings, load_settings
from tests.decisions.engine import engine_up, free_port

pytestmark = pytest.mark.services
app = typer.Typer()
app.command("decide")(decide)
STARTUP = [
    "--subject", "exemple-startup", "--dataset", "consommation_energie", "--purpose", "dpv:ResearchAndDevelopment",
]  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    patch = pytest.MonkeyPatch()
    patch.setenv("ARCHIPEL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    patch.setenv("ARCHIPEL_OPA_PORT", str(free_port()))
    patch.setenv("ARCHIPEL_CONSOLE_PORT", str(free_port()))
    load_settings.cache_clear()
    yield load_settings()
    patch.undo()
    load_settings.cache_clear()


@pytest.fixture(scope="module")
def decides(settings: Settings) -> Iterator[None]:
    built = CliRunner().invoke(policy.app, ["build", "--json"])
    assert built.exit_code == 0, built.output
    with engine_up(settings):
        wait_for_revision(settings, json.loads(built.stdout)["revision"])
        yield


def test_without_an_engine_the_answer_is_no_and_says_why(settings: Settings) -> None:
    done = CliRunner().invoke(app, ["--dataset", "subventions", "--lang", "en"])
    assert done.exit_code == 1
    assert "policy_engine_unavailable" in done.stdout


def test_build_puts_a_bundle_in_force(decides: None, settings: Settings) -> None:
    assert bundle_path(settings, "policies").is_file()
    assert bundle_path(settings, "data").is_file()
    again = CliRunner().invoke(policy.app, ["build"])
    assert again.stdout.strip() == revisions_of(settings).current


def test_allowed_request_ends_with_0_and_tells_columns_and_duties(decides: None) -> None:
    done = CliRunner().invoke(app, [*STARTUP, "--at", "2026-11-23T10:00"])
    assert done.exit_code == 0, done.output
    assert "Autorisé" in done.stdout
    assert "point_livraison_id (hash)" in done.stdout
    assert "delete_after" in done.stdout


def test_refused_request_ends_with_1_and_tells_what_would_change_it(decides: None) -> None:
    done = CliRunner().invoke(app, [*STARTUP, "--at", "2028-01-01", "--lang", "en"])
    assert done.exit_code == 1
    assert "Refused" in done.stdout
    assert "agreement_expired" in done.stdout
    assert "Ask for its renewal" in done.stdout


def test_json_has_the_decision_and_every_rule(decides: None) -> None:
    done = CliRunner().invoke(app, ["--dataset", "subventions", "--json"])
    found = json.loads(done.stdout)
    assert found["decision"]["allow"] is True
    assert {"open_data", "no_agreement"} <= {rule["rule"]["code"] for rule in found["rules"]}


@pytest.mark.parametrize("wrong", [["--action", "steal"], ["--channel", "backdoor"], ["--at", "yesterday"]], ids=str)
def test_request_that_cannot_be_read_ends_with_2(decides: None, wrong: list[str]) -> None:
    assert CliRunner().invoke(app, ["--dataset", "subventions", *wrong]).exit_code == 2


def test_policies_pass_their_own_tests(settings: Settings) -> None:
    done = CliRunner().invoke(policy.app, ["test"])
    assert done.exit_code == 0, done.output
    assert "coverage: " in done.stdout


def test_broken_declaration_builds_nothing(settings: Settings, tmp_path: Path) -> None:
    patch = pytest.MonkeyPatch()
    patch.setenv("ARCHIPEL_FEDERATION_DIR", str(tmp_path))
    load_settings.cache_clear()
    done = CliRunner().invoke(policy.app, ["build"])
    patch.undo()
    load_settings.cache_clear()
    assert done.exit_code == 2
    assert "federation.yaml" in done.output
