"""Which pages of ``docs/reference`` are made from the code, how they are written and whether they are in step."""

from collections.abc import Callable, Mapping
from pathlib import Path

from governance.lake import write_atomically
from governance.reference.api_page import api_page
from governance.reference.commands_page import commands_page
from governance.reference.connectors_page import connectors_page
from governance.reference.contracts_page import contracts_page
from governance.reference.dags_page import dags_page
from governance.reference.library_page import library_page
from governance.reference.make_page import make_page
from governance.reference.metrics_page import metrics_page
from governance.reference.parsers_page import parsers_page
from governance.reference.rules_page import checks_page, rules_page
from governance.reference.settings_page import settings_page
from governance.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "api.md": api_page,
    "checks.md": checks_page,
    "commands.md": commands_page,
    "connectors.md": connectors_page,
    "contracts.md": contracts_page,
    "dags.md": dags_page,
    "library.md": library_page,
    "make.md": make_page,
    "metrics.md": metrics_page,
    "parsers.md": parsers_page,
    "rules.md": rules_page,
    "settings.md": settings_page,
}


def write_reference(folder: Path = FOLDER) -> list[str]:
    """Write the pages that differ from the code and return their names; hand-written pages are left alone."""
    stale = find_stale(folder)
    for name in stale:
        write_atomically(folder / name, PAGES[name]().encode())
    return stale


def find_stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of pages that are missing or differ from the code."""
    return [name for name, make in PAGES.items() if _read(folder / name) != make()]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
