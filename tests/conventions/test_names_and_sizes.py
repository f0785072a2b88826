"""Names say what a file is for, and files stay short enough to read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|handler)(_|$)")
CODE = ("governance", "connectors", "dags", "infra", "bench")
TWICE_P90_LINES = {"governance": 440, "connectors": 440, "infra": 440, "bench": 440, "dags": 160}


def _python_files() -> list[Path]:
    return [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]


def test_the_places_that_are_checked_hold_code() -> None:
    assert len(_python_files()) > 60


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_bears_a_name_that_says_nothing(path: Path) -> None:
    assert not FORBIDDEN.search(path.stem), path


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_two_things(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= TWICE_P90_LINES[folder], path


def test_nothing_but_the_agreed_folders_stands_at_the_top() -> None:
    agreed = {"bench", "connectors", "dags", "dbt", "docs", "federation", "governance", "infra", "policies", "tests"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert found - agreed == set()


def test_dbt_has_no_package_marker() -> None:
    """It would shadow the dbt package."""
    assert list((ROOT / "dbt").rglob("__init__.py")) == []


def test_no_dag_file_starts_with_dbt() -> None:
    """dbt's plug-in discovery imports modules of that name."""
    assert list((ROOT / "dags").glob("dbt_*.py")) == []
