"""The main job through Airflow: trigger every harvest, follow it to the published catalogue, show progress."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from governance.commands.table import print_summary
from governance.orchestrator.airflow import Airflow, AirflowRefused
from governance.pipeline.harmonise import fingerprint_of, input_fingerprints
from governance.pipeline.opened import opened_datasets, published_version
from governance.pipeline.summary import summarise
from governance.platform import open_platform
from governance.settings import Settings
from governance.shared_layer import read_current
from infra.native.services import airflow_password_file

LONGEST_SECONDS = 900


def run_through_airflow(settings: Settings) -> None:
    """Trigger the harvest of every provider and wait until what they brought is published.

    Raises:
        AirflowRefused: Airflow does not know a DAG, or a step did not end in time.
    """
    platform = open_platform(settings)
    airflow = Airflow.from_password_file(
        f"http://{settings.host}:{settings.airflow_port}", airflow_password_file(settings)
    )
    dags = [f"harvest__{organisation.id}" for organisation in platform.federation.providers()]
    airflow.wait_for_dags([*dags, "harmonise", "publish"], seconds=120)
    since = datetime.now(UTC).isoformat()
    with _bar() as bar:
        task = bar.add_task("harvest", total=len(dags) + 2)
        running = {dag_id: airflow.trigger(dag_id) for dag_id in dags}
        deadline = time.monotonic() + LONGEST_SECONDS
        while running:
            for dag_id, run_id in list(running.items()):
                if airflow.is_settled(dag_id, run_id):
                    del running[dag_id]
                    bar.update(task, advance=1, description=dag_id)
            _require_time(deadline, f"harvest of {sorted(running)}")
        bar.update(task, description="harmonise")
        _wait_for(airflow, "harmonise", since, deadline, lambda: _is_harmonised(settings))
        bar.update(task, advance=1, description="publish")
        _wait_for(airflow, "publish", since, deadline, lambda: _is_published(settings))
        bar.update(task, advance=1, description="published")
    print_summary(summarise(open_platform(settings), opened_datasets(settings)))


def _bar() -> Progress:
    words = TextColumn("{task.description:32}")
    return Progress(words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True))


def _require_time(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise AirflowRefused(f"The {what} did not end within {LONGEST_SECONDS} s; `make logs` shows why.")
    time.sleep(0.3)


def _is_harmonised(settings: Settings) -> bool:
    platform = open_platform(settings)
    current = read_current(platform.lake)
    return current is not None and current.inputs == fingerprint_of(input_fingerprints(platform))


def _is_published(settings: Settings) -> bool:
    current = read_current(open_platform(settings).lake)
    return current is not None and published_version(settings) == current.version


def _wait_for(airflow: Airflow, dag_id: str, since: str, deadline: float, is_done: Callable[[], bool]) -> None:
    while not is_done():
        failed = [run for run in airflow.newest_runs(dag_id, since) if run["state"] == "failed"]
        if failed:
            raise AirflowRefused(f"{dag_id} failed; see its log in Airflow or with `make logs`.")
        _require_time(deadline, dag_id)
