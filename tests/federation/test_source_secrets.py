"""A declaration says where a secret is; what it is comes from the installation, or the source stops."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from governance.federation import Source
from governance.settings import Settings
from governance.source_secrets import SecretMissing, resolve_secret


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "secrets").mkdir()
    return Settings(secret_folders=(tmp_path / "secrets",))


def test_variable_with_the_prefix_is_the_secret(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_SECRET_DONGES", "nom:mot")
    assert resolve_secret(settings, "env:SOURCE_SECRET_DONGES").get_secret_value() == "nom:mot"


def test_file_in_a_listed_folder_is_the_secret_without_its_line_end(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "donges").write_text("nom:mot \n")
    assert resolve_secret(settings, f"file:{tmp_path}/secrets/donges").get_secret_value() == "nom:mot "


def test_private_key_keeps_its_lines(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "donges").write_text("nom:-----BEGIN\nabc\n-----END\n")
    assert resolve_secret(settings, f"file:{tmp_path}/secrets/donges").get_secret_value().count("\n") == 2


@pytest.mark.parametrize("name", ["ARCHIPEL_PSEUDONYM_KEY", "PATH", "HOME"])
def test_no_declaration_reaches_another_variable(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "the platform's own")
    with pytest.raises(SecretMissing, match="SOURCE_SECRET_") as caught:
        resolve_secret(settings, f"env:{name}")
    assert "own" not in caught.value.message_fr + caught.value.message_en


@pytest.mark.parametrize("path", ["outside", "secrets/../outside", "secrets/link"])
def test_no_declaration_reaches_another_file(settings: Settings, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("the platform's own")
    (tmp_path / "secrets" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(SecretMissing, match="folder"):
        resolve_secret(settings, f"file:{tmp_path}/{path}")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"  \n", b"\xff\xfe"])
def test_secret_that_is_not_there_is_a_problem_and_never_empty(
    settings: Settings, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secrets" / "donges").write_bytes(content)
    reference = f"file:{tmp_path}/secrets/donges"
    with pytest.raises(SecretMissing) as caught:
        resolve_secret(settings, reference)
    problem = caught.value
    assert reference in problem.message_fr
    assert not problem.retryable
    assert len({problem.message_fr, problem.message_en, problem.remedy_fr, problem.remedy_en}) == 4


@pytest.mark.parametrize("value", [None, ""])
def test_variable_that_is_unset_or_empty_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("SOURCE_SECRET_DONGES", raising=False)
    if value is not None:
        monkeypatch.setenv("SOURCE_SECRET_DONGES", value)
    with pytest.raises(SecretMissing, match="not set"):
        resolve_secret(settings, "env:SOURCE_SECRET_DONGES")


@pytest.mark.parametrize("secret", ["nom:mot", "motdepasse", "env:", "env:lower", "file:relative", "ENV:X"])
def test_declaration_that_holds_a_secret_instead_of_a_reference_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="secret"):
        Source(id="a1", dataset="subventions", connector="sftp", secret=secret)
