"""A command typed beside a running platform works on the same state, whatever the shell knows."""

from pathlib import Path

import pytest

from governance.commands.options import chosen_settings
from governance.settings import SETTLED_FILE, Settings, load_settings, settings_beside
from infra.native.installation import require_same_state, settle
from infra.native.profiles import PROFILES
from infra.native.service import StartFailed


@pytest.fixture
def full(tmp_path: Path) -> Settings:
    asked = Settings(state_dir=tmp_path / "it's here" / "état", ckan_url="https://ckan.example")
    adapted = PROFILES["full"].adapt(asked)
    settle(asked, adapted)
    return adapted


def test_what_a_profile_chose_is_found_again(full: Settings) -> None:
    found = settings_beside(full.state_dir)
    for name in ("database_url", "airflow_database_url", "keycloak_url", "token_issuer", "token_jwks_url"):
        assert getattr(full, name)
        assert getattr(found, name) == getattr(full, name), name


def test_what_the_environment_says_wins_and_is_not_written(full: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ckan" not in (full.state_dir / SETTLED_FILE).read_text(encoding="utf-8")
    monkeypatch.setenv("ARCHIPEL_DATABASE_URL", "postgresql+psycopg://elsewhere/archipel")
    assert settings_beside(full.state_dir).database_url == "postgresql+psycopg://elsewhere/archipel"


def test_a_command_finds_it_by_the_folder_and_another_folder_has_its_own(
    full: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIPEL_STATE_DIR", str(full.state_dir))
    load_settings.cache_clear()
    try:
        assert load_settings().database_url == full.database_url
        assert chosen_settings(None).database_url == full.database_url
        assert chosen_settings(None, tmp_path / "other").database_url is None
        assert chosen_settings(None, full.state_dir).database_url == full.database_url
    finally:
        load_settings.cache_clear()


def test_no_password_stands_in_it(full: Settings) -> None:
    text = (full.state_dir / SETTLED_FILE).read_text(encoding="utf-8")
    assert "passfile=" in text
    assert (full.state_dir / SETTLED_FILE).stat().st_mode & 0o077 == 0
    assert [path.name for path in full.state_dir.rglob("keys/*") if path.read_text(encoding="utf-8") in text] == []


def test_a_second_state_beside_the_one_in_postgresql_is_refused_in_words(full: Settings) -> None:
    embedded = Settings(state_dir=full.state_dir)
    with pytest.raises(StartFailed, match="PROFILE=full"):
        require_same_state(embedded)
    require_same_state(full.model_copy(update={"postgresql_port": 9999}))
    require_same_state(Settings(state_dir=full.state_dir / "another"))
