"""The main job through Airflow: trigger every harvest, follow it to the published catalogue, show progress."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from governance.commands.table import print_summary
from governance.orchestrator.airflow import Airflow, AirflowRefused
from governance.pipeline.harmonise import fingerprint_of, input_fingerprints
from governance.pipeline.opened import opened_datasets, published_version
from governance.pipeline.summary import summarise
from governance.platform import Platform, open_platform
from governance.settings import Settings
from governance.shared_layer import read_current
from infra.native.services import airflow_password_file

LONGEST_SECONDS = 900
POLL_SECONDS = 0.7


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
    deadline = time.monotonic() + LONGEST_SECONDS
    with progress(len(dags) + 2) as tell:
        for dag_id in _follow(airflow, dags, deadline):
            tell(dag_id)
        _wait_for(airflow, "harmonise", since, deadline, lambda: _is_harmonised(platform))
        tell("harmonise")
        _wait_for(airflow, "publish", since, deadline, lambda: _is_published(platform))
        tell("publish")
    print_summary(summarise(platform, opened_datasets(settings)))


def _follow(airflow: Airflow, dags: list[str], deadline: float) -> Iterator[str]:
    """Run DAGs and yield the id of each as it ends, or has nothing left to do but a later retry."""
    known = airflow.active_runs()
    # A run that still waits for a retry is followed, not doubled: Airflow would queue a second one behind it.
    running = {dag_id: known.get(dag_id) or airflow.trigger(dag_id) for dag_id in dags}
    while running:
        active = airflow.active_runs()
        for dag_id, run_id in list(running.items()):
            if active.get(dag_id) != run_id or airflow.is_waiting(dag_id, run_id):
                del running[dag_id]
                yield dag_id
        _require_time(deadline, f"harvest of {sorted(running)}")


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal; one line a step where the output goes to a file or another program."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: console.print(f"  {step}")
        return
    words = TextColumn("{task.description:32}")
    with Progress(words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("harvest", total=steps)
        yield lambda step: bar.update(task, advance=1, description=step)


def _require_time(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise AirflowRefused(f"The {what} did not end within {LONGEST_SECONDS} s; `make logs` shows why.")
    time.sleep(POLL_SECONDS)


def _is_harmonised(platform: Platform) -> bool:
    current = read_current(platform.lake)
    return current is not None and current.inputs == fingerprint_of(input_fingerprints(platform))


def _is_published(platform: Platform) -> bool:
    current = read_current(platform.lake)
    return current is not None and published_version(platform.settings) == current.version


def _wait_for(airflow: Airflow, dag_id: str, since: str, deadline: float, is_done: Callable[[], bool]) -> None:
    while not is_done():
        failed = [run for run in airflow.newest_runs(dag_id, since) if run["state"] == "failed"]
        if failed:
            raise AirflowRefused(f"{dag_id} failed; see its log in Airflow or with `make logs`.")
        _require_time(deadline, dag_id)
