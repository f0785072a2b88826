"""Who wrote what was put in force is read off a real repository of Git."""

import subprocess
from pathlib import Path

import pytest

from governance.commits import commit_of, commits_between


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "federation").mkdir()
    (tmp_path / "policies").mkdir()
    _git(tmp_path, "init", "--quiet")
    _commit(tmp_path, "federation/a.yaml", "Camille Exemple", "A first agreement")
    return tmp_path


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True)


def _commit(root: Path, file: str, author: str, subject: str) -> None:
    (root / file).write_text(subject, encoding="utf-8")
    _git(root, "add", ".")
    who = ["-c", f"user.name={author}", "-c", "user.email=exemple@federation.example"]
    _git(root, *who, "commit", "--quiet", "-m", subject)


def test_commit_is_marked_only_where_what_decides_differs_from_it(repository: Path) -> None:
    folder, policies = repository / "federation", repository / "policies"
    clean = commit_of(folder, policies)
    assert clean is not None and len(clean) == 12
    (repository / "README").write_text("nothing that decides", encoding="utf-8")
    assert commit_of(folder, policies) == clean
    (policies / "rule.rego").write_text("package a", encoding="utf-8")
    assert commit_of(folder, policies) == f"{clean}-dirty"


def test_authors_are_those_who_changed_the_folder_since(repository: Path) -> None:
    folder = repository / "federation"
    before = commit_of(folder)
    _commit(repository, "README", "Somebody Else", "Nothing that decides")
    _commit(repository, "federation/a.yaml", "Alix Exemple", "The agreement ends earlier")
    after = commit_of(folder)
    assert before is not None and after is not None
    (one,) = commits_between(folder, before, f"{after}-dirty")
    assert (one.author, one.subject) == ("Alix Exemple", "The agreement ends earlier")
    (first,) = commits_between(folder, None, before)
    assert first.author == "Camille Exemple"


def test_what_git_does_not_know_has_no_author(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("no-repository")
    assert commit_of(elsewhere) is None
    assert commits_between(elsewhere, None, "0123456789ab") == ()
    assert commits_between(repository / "federation", None, "0123456789ab") == ()
    assert commits_between(repository / "federation", None, "--output=x") == ()
