"""A task of a real Airflow whose platform has no room left: one sentence, and the next attempt does the work.

Airflow's own files lie on another disk; it runs the task in its own way, in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from governance.settings import PROJECT_ROOT
from governance.state.receipts import latest_receipts
from infra.native.services.airflow import airflow_environment
from infra.native.services.console import platform_environment
from tests.faults.small_disk import fill, make_room, small_disk
from tests.pipeline.conftest import World, make_world, place

pytestmark = pytest.mark.services


@dataclass(frozen=True)
class Tasks:
    """A federation whose state lies on a small disk, and an Airflow beside it."""

    world: World
    environment: dict[str, str]

    def airflow(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "airflow"), *words]
        return subprocess.run(
            command, cwd=PROJECT_ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def harvest(self) -> subprocess.CompletedProcess[str]:
        return self.airflow("tasks", "test", "harvest__donges", "harvest_source", "--map-index", "0")


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[Tasks]:
    with small_disk(tmp_path / "state", mebibytes=48):
        world = make_world(tmp_path)
        settings = world.platform.settings
        home = tmp_path / "airflow"
        environment = {**os.environ, **platform_environment(settings), **airflow_environment(settings)}
        environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "p")}
        environment |= {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}"}
        made = Tasks(world, environment)
        done = made.airflow("db", "migrate")
        assert done.returncode == 0, done.stderr
        yield made
        world.platform.engine.dispose()


def test_a_task_that_finds_no_room_says_so_and_the_next_attempt_does_the_work(tasks: Tasks) -> None:
    platform = tasks.world.platform
    tasks.world.write("donges", place(1), place(2))
    fill(platform.settings.state_dir)
    try:
        full = tasks.harvest()
    finally:
        make_room(platform.settings.state_dir)
    assert "NoRoomLeft: Plus de place sur le disque" in full.stdout + full.stderr, full.stdout + full.stderr
    assert ("donges", "lieux_covoiturage") not in latest_receipts(platform.engine, ("accepted",))
    again = tasks.harvest()
    assert again.returncode == 0, again.stdout + again.stderr
    receipt = latest_receipts(platform.engine, ("accepted",))["donges", "lieux_covoiturage"]
    assert (receipt.rows_in, receipt.rows_accepted) == (2, 2)
