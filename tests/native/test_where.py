"""What `make run` says last can be typed as it stands."""

from pathlib import Path

import pytest

from governance.settings import Settings
from infra.native.where import print_where_to_look


def test_token_is_asked_for_as_it_is_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which issuer is said by what the start has settled."""
    print_where_to_look(Settings(state_dir=tmp_path, keycloak_url="http://127.0.0.1:8714"))
    assert "TOKEN=$(.venv/bin/archipel token exemple-startup)" in capsys.readouterr().out
