"""The main job through Airflow: trigger every harvest, follow it to the published catalogue, show progress."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from governance.commands.table import print_summary
from governance.orchestrator.airflow import Airflow, AirflowRefused
from governance.pipeline.external import ask_external
from governance.pipeline.harmonise import fingerprint_of, input_fingerprints
from governance.pipeline.opened import opened_datasets, published_version
from governance.pipeline.summary import summarise
from governance.platform import Platform, open_platform
from governance.settings import Settings
from governance.shared_layer import read_current
from governance.state.receipts import latest_receipts
from infra.native.example_clerk import hand_in_examples
from infra.native.services.airflow import airflow_password_file
from infra.native.services.example_sites import sites_folder

LONGEST_SECONDS = 900
POLL_SECONDS = 0.5
LOOK_SECONDS = 15


def run_through_airflow(settings: Settings) -> None:
    """Trigger the harvest of every provider and wait until what they brought is published.

    Before that, the example's clerk hands a file in, and the catalogues of others that are due are asked.

    Raises:
        AirflowRefused: Airflow does not know a DAG, or a step did not end in time.
    """
    platform = open_platform(settings)
    hand_in_examples(platform, sites_folder(settings))
    # Here and not by its DAG, so that what is published does not depend on which of two DAGs was quicker.
    ask_external(platform)
    airflow = Airflow.from_password_file(
        f"http://{settings.host}:{settings.airflow_port}", airflow_password_file(settings)
    )
    dags = {f"harvest__{who.id}": who for who in platform.federation.providers()}
    airflow.wait_for_dags([*dags, "harmonise", "publish"], seconds=120)
    since = datetime.now(UTC)
    deadline = time.monotonic() + LONGEST_SECONDS
    waiting = _trigger(airflow, dags)
    asked = {(who.id, s.id) for dag_id, who in dags.items() if dag_id not in waiting for s in who.sources}
    with progress(len(asked) + 2) as tell:
        for member_id, source_id in _follow(platform, airflow, asked, since, deadline):
            tell(f"{member_id}/{source_id}")
        _wait_for(airflow, "harmonise", since, deadline, lambda: _is_harmonised(platform))
        tell("harmonise")
        _wait_for(airflow, "publish", since, deadline, lambda: _is_published(platform))
        tell("publish")
    print_summary(summarise(platform, opened_datasets(settings)))


def _trigger(airflow: Airflow, dags: Iterable[str]) -> set[str]:
    """Start every harvest, and return those that only wait for a retry: a second run would queue behind them."""
    known = airflow.active_runs()
    waiting = {dag_id for dag_id in dags if dag_id in known and airflow.is_waiting(dag_id, known[dag_id])}
    for dag_id in dags:
        if dag_id not in known:
            airflow.trigger(dag_id)
    return waiting


def _follow(
    platform: Platform, airflow: Airflow, asked: set[tuple[str, str]], since: datetime, deadline: float
) -> Iterator[tuple[str, str]]:
    """Yield each source as its receipt comes.

    Receipts are followed, not Airflow: on SQLite each question to its API may stand in the way of a task.
    A task that dies without a receipt is noticed by its DAG run's end.
    """
    left = set(asked)
    next_look = time.monotonic() + LOOK_SECONDS
    while left:
        come = {key for key, receipt in latest_receipts(platform.engine).items() if receipt.finished_at >= since}
        if time.monotonic() > next_look:
            active = airflow.active_runs()
            come |= {(member, source) for member, source in left if f"harvest__{member}" not in active}
            next_look = time.monotonic() + LOOK_SECONDS
        for key in sorted(left & come):
            left.remove(key)
            yield key
        _require_time(deadline, f"harvest of {sorted(left)}")


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


def _wait_for(airflow: Airflow, dag_id: str, since: datetime, deadline: float, is_done: Callable[[], bool]) -> None:
    next_look = time.monotonic() + LOOK_SECONDS
    while not is_done():
        if time.monotonic() > next_look:
            if "failed" in airflow.newest_states(dag_id, since):
                raise AirflowRefused(f"{dag_id} failed; its log is in Airflow's pages and in `make logs`.")
            next_look = time.monotonic() + LOOK_SECONDS
        _require_time(deadline, dag_id)
