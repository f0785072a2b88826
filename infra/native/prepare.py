"""What must be there before the services start: the policy engine, the bundle, Airflow's database, example files."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from governance.journal.journal import Journal
from governance.pipeline.in_force import put_in_force
from governance.settings import Settings
from infra.native.opa_binary import obtain_opa
from infra.native.services import airflow_database, airflow_environment
from infra.native.supervisor import StartFailed
from infra.town_halls.generate import generate


def prepare(settings: Settings, say: Callable[[str], None]) -> None:
    """Make what is missing; nothing that is there is made again.

    Raises:
        OpaMissing: no way to the policy engine worked.
        StartFailed: Airflow's database could not be made.
        DeclarationError: a declaration cannot be used.
    """
    obtain_opa()
    sites = settings.state_dir / "example-sites"
    if not sites.is_dir():
        say("  writing the example town halls' files (synthetic)")
        generate(sites, seed=1)
    put_in_force(settings, Journal.from_settings(settings))
    _prepare_airflow(settings, say)


def _prepare_airflow(settings: Settings, say: Callable[[str], None]) -> None:
    done = settings.state_dir / "airflow" / ".ready"
    if done.is_file():
        return
    say("  preparing Airflow's database")
    done.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **airflow_environment(settings)}
    program = str(Path(sys.executable).parent / "airflow")
    pool = ["pools", "set", "duckdb_writer", "1", "Whatever opens the warehouse for writing, one at a time."]
    for words in (["db", "migrate"], pool):
        result = subprocess.run([program, *words], env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise StartFailed(f"airflow {' '.join(words)} failed: {result.stderr.strip()[-400:]}")
    # Kept in the file from then on: with it, the API, the scheduler and tasks read while one of them writes.
    with closing(sqlite3.connect(airflow_database(settings))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    done.touch()
