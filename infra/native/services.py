"""Which processes make the embedded platform, in the order they start, and how each says that it is ready."""

import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from governance.api.server import server_command
from governance.decisions.opa_server import opa_command
from governance.settings import PROJECT_ROOT, Settings

PRELOAD = Path(__file__).parent / "preload"


@dataclass(frozen=True)
class Service:
    """One supervised process."""

    name: str
    command: tuple[str, ...]
    port: int | None
    ready_path: str | None
    setting: str = ""
    """Setting that moves the port, for the message when it is taken."""
    python_path: Path | None = None
    """Folder of modules that this process alone sees."""


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _kept_secret(path: Path) -> str:
    """A secret made once for this installation, readable by its owner only."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def airflow_password_file(settings: Settings) -> Path:
    """Path of the file with the operator's password of Airflow, made once."""
    path = settings.state_dir / "keys" / "airflow_passwords.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({"operator": secrets.token_urlsafe(24)}), encoding="utf-8")
    return path


def airflow_database(settings: Settings) -> Path:
    """Path of Airflow's SQLite file."""
    return settings.state_dir / "airflow" / "airflow.db"


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
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_database(settings)}",
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": _kept_secret(settings.state_dir / "keys" / "airflow_api.key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(settings.state_dir / "keys" / "airflow_jwt.key"),
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    }


def platform_environment(settings: Settings) -> dict[str, str]:
    """Return this process's settings as the environment of the services, so that all agree."""
    values = settings.model_dump(exclude_none=True, mode="json", exclude={"pseudonym_key"})
    return {
        f"ARCHIPEL_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def services(settings: Settings) -> list[Service]:
    """Return the processes in the order they start."""
    host = settings.host
    sites = settings.state_dir / "example-sites"
    return [
        Service("opa", tuple(opa_command(settings)), settings.opa_port, "/health", "ARCHIPEL_OPA_PORT"),
        Service(
            "example-sites",
            (sys.executable, "-m", "infra.town_halls.serve", "--dir", str(sites), "--host", host)
            + ("--port", str(settings.example_sites_port)),
            settings.example_sites_port,
            "/",
            "ARCHIPEL_EXAMPLE_SITES_PORT",
        ),
        Service(
            "console",
            server_command(settings),
            settings.console_port,
            "/health/live",
            "ARCHIPEL_CONSOLE_PORT",
        ),
        Service(
            "airflow-api",
            (_program("airflow"), "api-server"),
            settings.airflow_port,
            "/api/v2/version",
            "ARCHIPEL_AIRFLOW_PORT",
        ),
        Service("airflow-scheduler", (_program("airflow"), "scheduler"), None, None, python_path=PRELOAD),
        Service("airflow-dag-processor", (_program("airflow"), "dag-processor"), None, None),
    ]
