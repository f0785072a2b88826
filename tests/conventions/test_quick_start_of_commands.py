"""``archipel --help`` and ``archipel check`` import no more than they need; a module list, since durations drift."""

import subprocess
import sys

import pytest

from governance.commands.lazily import load_command, said_of
from governance.commands.main import COMMANDS

_HEAVY = ("airflow", "dbt", "duckdb", "fastapi", "polars", "rdflib", "sqlalchemy")


def _imported(*arguments: str) -> set[str]:
    code = (
        "import sys; sys.argv = ['archipel', *sys.argv[1:]]\n"
        "from governance.commands.main import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', *[name for name in {_HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_imports_nothing_heavy() -> None:
    assert _imported("--help") == set()


def test_help_of_the_change_paths_imports_nothing_heavy() -> None:
    assert _imported("new", "--help") == set()


def test_check_imports_what_reads_files_and_no_more() -> None:
    assert _imported("check", "--help") <= {"polars", "duckdb"}


def test_a_heavy_command_is_seen_as_heavy() -> None:
    assert {"polars", "sqlalchemy"} <= _imported("run", "--help")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_line_in_the_list_is_what_the_command_says_of_itself(name: str) -> None:
    command = load_command(name, COMMANDS[name])
    assert said_of(COMMANDS[name])
    assert " ".join((command.help or "").split()).startswith(" ".join(said_of(COMMANDS[name]).split()))


def test_command_that_does_not_exist_has_no_line() -> None:
    with pytest.raises(LookupError):
        said_of("governance.commands.check:nothing")
