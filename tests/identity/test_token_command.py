"""``archipel token`` mints for declared organisations and names them to whoever asks for another."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from governance.commands.token import token
from governance.identity.tokens import open_verifier
from governance.settings import Settings
from tests.api.small_platform import STARTUP, write_federation

app = typer.Typer()
app.command("token")(token)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    write_federation(tmp_path / "federation")
    made = Settings(federation_dir=tmp_path / "federation", state_dir=tmp_path / "state")
    monkeypatch.setattr("governance.commands.token.load_settings", lambda: made)
    return made


@pytest.mark.parametrize("name", ["exemple-startup", STARTUP])
def test_declared_organisation_gets_a_token_by_id_or_siren(settings: Settings, name: str) -> None:
    result = CliRunner().invoke(app, [name])
    assert result.exit_code == 0
    assert open_verifier(settings).verify(result.stdout.strip()).organisation == STARTUP


def test_json_says_for_whom(settings: Settings) -> None:
    answer = json.loads(CliRunner().invoke(app, ["donges", "--json", "--hours", "1"]).stdout)
    assert (answer["organisation"], answer["hours"]) == ("donges", 1.0)
    assert open_verifier(settings).verify(answer["token"])


def test_unknown_organisation_is_refused_with_the_known_ones(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["nobody"])
    assert result.exit_code == 2
    assert "exemple-startup" in result.output and "donges" in result.output
