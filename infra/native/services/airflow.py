"""Airflow's own processes, on SQLite or PostgreSQL; why each variable: docs/decisions/0008-airflow-on-sqlite.md."""

import json
import secrets
import sqlite3
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from governance.kept_secrets import kept_secret, secret_path, write_privately
from governance.settings import PROJECT_ROOT, Settings
from infra.native.programs import run
from infra.native.service import Say, Service, answers_at
from infra.native.services.databases import ensure_database, passwordless_address

PRELOAD = Path(__file__).parent.parent / "preload"


def _program() -> str:
    return str(Path(sys.executable).parent / "airflow")


def airflow_password_file(settings: Settings) -> Path:
    """Path of the file with the operator's password of Airflow, made once."""
    path = secret_path(settings, "airflow_passwords.json")
    if not path.is_file():
        write_privately(path, json.dumps({"operator": secrets.token_urlsafe(24)}))
    return path


def airflow_address(settings: Settings) -> str:
    """Return the SQLAlchemy address of Airflow's database in the full profile's PostgreSQL."""
    return passwordless_address(settings, "airflow")


def _sqlite_file(settings: Settings) -> Path:
    return settings.state_dir / "airflow" / "airflow.db"


def _database(settings: Settings) -> dict[str, str]:
    address = settings.airflow_database_url
    if address is None:
        return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_sqlite_file(settings)}"}
    # psycopg speaks both ways; by itself Airflow would ask for another driver where it does not wait.
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": address}


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Return what Airflow's processes need: quiet, on loopback, our DAGs alone."""
    home = settings.state_dir / "airflow"
    address = f"http://{settings.host}:{settings.airflow_port}"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
        # A task that ends between two looks of its watcher is noticed at the next; the default is 5 s.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "operator:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(airflow_password_file(settings)),
        **_database(settings),
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": kept_secret(settings, "airflow_api.key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": kept_secret(settings, "airflow_jwt.key"),
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    }


def _configure(settings: Settings, say: Say) -> None:
    """Make Airflow's database, once for each version and place of it.

    Raises:
        StartFailed: Airflow refused; the message has its last words.
    """
    made, done = f"{version('apache-airflow')} {_database(settings)}", settings.state_dir / "airflow" / ".ready"
    if settings.airflow_database_url == airflow_address(settings):
        ensure_database(settings, "airflow")
    if done.is_file() and done.read_text(encoding="utf-8") == made:
        return
    say("  preparing Airflow's database")
    done.parent.mkdir(parents=True, exist_ok=True)
    pool = ["pools", "set", "duckdb_writer", "1", "Whatever opens the warehouse for writing, one at a time."]
    for words in (["db", "migrate"], pool):
        run(f"airflow {' '.join(words)}", [_program(), *words], airflow_environment(settings))
    if settings.airflow_database_url is None:
        # Kept in the file from then on: with it, the API, the scheduler and tasks read while one of them writes.
        with closing(sqlite3.connect(_sqlite_file(settings))) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    done.write_text(made, encoding="utf-8")


def _doors(settings: Settings) -> dict[str, str]:
    """Who comes in: with a Keycloak its operators, else whoever has the password."""
    if not settings.people_sign_in:
        return {}
    return {
        "AIRFLOW__CORE__AUTH_MANAGER": "governance.orchestrator.operator_sign_in.OperatorSignIn",
        # In seconds. Keycloak is then asked again who it is; a browser that is signed in there sees nothing of it.
        "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME": "900",
    }


AIRFLOW_API = Service(
    name="airflow-api",
    command=lambda _settings: (_program(), "api-server"),
    port="airflow_port",
    is_ready=answers_at("airflow_port", "/api/v2/version"),
    needs=("postgresql",),
    configure=_configure,
    environment=airflow_environment,
    own_environment=_doors,
)
AIRFLOW_SCHEDULER = Service(
    name="airflow-scheduler",
    command=lambda _settings: (_program(), "scheduler"),
    own_environment=lambda _settings: {"PYTHONPATH": str(PRELOAD)},
)
AIRFLOW_DAG_PROCESSOR = Service(
    name="airflow-dag-processor",
    command=lambda _settings: (_program(), "dag-processor"),
)
