"""What `make run` says last can be typed as it stands."""

from pathlib import Path

import pytest

from governance.settings import Settings
from infra.native.where import print_where_to_look


def test_token_is_asked_of_keycloak_where_the_feeds_take_keycloaks_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_where_to_look(Settings(state_dir=tmp_path))
    assert "TOKEN=$(.venv/bin/archipel token exemple-startup)" in capsys.readouterr().out
    print_where_to_look(Settings(state_dir=tmp_path, keycloak_url="http://127.0.0.1:8714"))
    said = capsys.readouterr().out
    assert "TOKEN=$(ARCHIPEL_KEYCLOAK_URL=http://127.0.0.1:8714 .venv/bin/archipel token exemple-startup)" in said
