"""What ``archipel check`` shows of a spoiled file: a code, words in French, a report; never a trace."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from governance.commands.check import EXIT_CODES, check
from governance.intake.messages import MESSAGES
from tests.corpus.case import SCHEMA, Case
from tests.corpus.corpus import CASES

ROOT = Path(__file__).resolve().parents[2]
EVERY = 6
DECLARED_NOTHING = [case for case in CASES if not case.declared]
SAMPLE = DECLARED_NOTHING[::EVERY]
UNUSABLE = [c for c in DECLARED_NOTHING if c.outcome.status == "unusable"]
BROKEN_IN_THE_READER = ("shapes-cut", "byte-changed")
ONE_A_FORMAT = {case.name.split("-")[0]: case for case in UNUSABLE}.values()
ALONE = {c.name: c for c in (*ONE_A_FORMAT, *UNUSABLE) if c in ONE_A_FORMAT or c.name.endswith(BROKEN_IN_THE_READER)}
app = typer.Typer()
app.command("check")(check)


def written(case: Case, folder: Path) -> list[str]:
    """Write a case's file and the schema; return the arguments of the command."""
    file, schema = folder / case.filename, folder / "schema.json"
    file.write_bytes(case.make())
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    return [str(file), "--schema", str(schema)]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_command_says_what_the_corpus_says(case: Case, tmp_path: Path) -> None:
    arguments = written(case, tmp_path)
    said = CliRunner().invoke(app, arguments)
    printed = CliRunner().invoke(app, [*arguments, "--json"])
    for result in (said, printed):
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.exit_code == EXIT_CODES[case.outcome.status]
        assert "Traceback" not in result.output
    report = json.loads(printed.stdout)
    assert (report["status"], report["rows"]) == (case.outcome.status, case.outcome.counts)
    for error in report["errors"]:
        title = MESSAGES[error["rule"]].fr.split("{")[0].split()
        assert error["message_fr"].split()[: len(title) - 1] == title[:-1]
    blocked = [error for error in report["errors"] if error["severity"] == "blocks"]
    shown = " ".join(said.output.split())
    assert all(error["message_fr"].split()[0] in shown for error in blocked[:1])


@pytest.mark.parametrize("case", ALONE.values(), ids=lambda case: case.name)
def test_screen_of_a_real_run_shows_no_trace(case: Case, tmp_path: Path) -> None:
    """In a process of its own: what libraries write by themselves (warnings, panics) is on the screen too."""
    command = [sys.executable, "-c", "from governance.commands.check import check; import typer; typer.run(check)"]
    done = subprocess.run(  # noqa: S603 - kept because the arguments are ours
        [*command, *written(case, tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == EXIT_CODES[case.outcome.status]
    assert done.stdout.strip()
    for trace in ("Traceback", "panicked", "Warning", "Error:"):
        assert trace not in done.stdout + done.stderr
