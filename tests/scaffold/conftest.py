"""A copy of what change paths write into, so that what is written can be checked as if it were in place."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from governance.commands.new import app
from governance.settings import PROJECT_ROOT, load_settings

COPIED = ("connectors", "dbt", "docs/howto", "docs/reasons", "federation", "policies", "tests/connectors")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's own folders, without what was made at run time."""
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs", ".user.yml")
    for name in COPIED:
        shutil.copytree(PROJECT_ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "tests/__init__.py"):
        shutil.copy(PROJECT_ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def new(project: Path, monkeypatch: pytest.MonkeyPatch) -> "New":
    """Run ``archipel new`` on the copy."""
    for name, folder in (("FEDERATION_DIR", "federation"), ("DBT_DIR", "dbt"), ("POLICIES_DIR", "policies")):
        monkeypatch.setenv(f"ARCHIPEL_{name}", str(project / folder))
    monkeypatch.setattr("governance.commands.new.PROJECT_ROOT", project)
    load_settings.cache_clear()
    monkeypatch.setattr("governance.commands.options.load_settings", load_settings.__wrapped__)
    return New(project)


class New:
    """``archipel new …`` and where it writes."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    def tree(self) -> dict[str, bytes]:
        """Every file of the copy, to see that nothing was written."""
        return {str(p.relative_to(self.project)): p.read_bytes() for p in self.project.rglob("*") if p.is_file()}
