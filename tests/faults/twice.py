"""A federation whose first files are published and whose second files wait, to be run again and again with a fault."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from governance.pipeline.engine import with_policy_engine
from governance.platform import Platform, open_platform
from governance.settings import PROJECT_ROOT, Settings
from governance.shared_layer import read_current, table_path
from governance.state.receipts import latest_receipts
from tests.decisions.engine import free_port
from tests.pipeline.conftest import make_world, place

DATASET = "lieux_covoiturage"
BEFORE = {("donges", "44052-C-001"), ("donges", "44052-C-002"), ("trignac", "44210-C-001")}
AFTER = BEFORE - {("donges", "44052-C-002")} | {("donges", "44052-C-003"), ("trignac", "44210-C-002")}


@dataclass(frozen=True)
class Published:
    """A federation whose first files are published, and a copy of its state of then."""

    settings: Settings
    kept: Path

    @contextmanager
    def again(self) -> Iterator["Running"]:
        """Go back to the state of after the first run, with an engine that outlives whoever is killed."""
        shutil.rmtree(self.settings.state_dir, ignore_errors=True)
        # There already where it is a disk of its own.
        shutil.copytree(self.kept, self.settings.state_dir, symlinks=True, dirs_exist_ok=True)
        with running(self.settings) as made:
            yield made


@dataclass(frozen=True)
class Running:
    """A platform with its engine."""

    platform: Platform

    def start(self, *fault: str) -> subprocess.Popen[str]:
        """Start the main job in a process of its own; see ``tests.faults.doomed`` for the faults."""
        settings = self.platform.settings
        environment = {
            **os.environ,
            "ARCHIPEL_FEDERATION_DIR": str(settings.federation_dir),
            "ARCHIPEL_STATE_DIR": str(settings.state_dir),
            "ARCHIPEL_SOURCE_FOLDERS": json.dumps([str(folder) for folder in settings.source_folders]),
            "ARCHIPEL_OPA_PORT": str(settings.opa_port),
        }
        command = [sys.executable, "-m", "tests.faults.doomed", *fault]
        return subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stderr=subprocess.PIPE, text=True)

    def run(self, *fault: str) -> tuple[int, str]:
        """Run it to its end: how it ended, and what it said."""
        started = self.start(*fault)
        _, said = started.communicate()
        return started.returncode, said


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Open the platform and start its engine."""
    with ExitStack() as ended, with_policy_engine(settings) as answered:
        platform = open_platform(answered)
        # Last, since the engine's desk writes until it is gone: a connection that stays is to a file that was replaced.
        ended.callback(platform.engine.dispose)
        yield Running(platform)


def publish_twice(root: Path) -> Published:
    """Publish the first files of two communes below a folder, and put the second ones in their place."""
    world = make_world(root)
    settings = world.platform.settings.model_copy(update={"opa_url": None, "opa_port": free_port()})
    world.write("donges", place(1), place(2))
    world.write("trignac", place(1, "44210"))
    with running(settings) as first:
        assert first.run()[0] == 0
    world.platform.engine.dispose()
    shutil.copytree(settings.state_dir, root / "kept", symlinks=True)
    world.write("donges", place(1), place(3), "pas une ligne")
    world.write("trignac", place(1, "44210"), place(2, "44210"), place(2, "44210"))
    return Published(settings, root / "kept")


def shared_rows(platform: Platform) -> set[tuple[str, str]]:
    """The rows that readers see, each once."""
    current = read_current(platform.lake)
    assert current is not None
    table = current.tables[DATASET]
    path = table_path(platform.lake, table)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == table.sha256
    rows = pl.read_parquet(path).select("member_id", "id_local").rows()
    assert len(rows) == len(set(rows)) == table.rows
    return set(rows)


def published_rows(platform: Platform) -> set[tuple[str, str]]:
    """The rows in the catalogue's own file, every file of its index being there, whole."""
    current = platform.settings.state_dir / "catalogue" / "current"
    index = json.loads((current / "index.json").read_bytes())
    for dataset in index["datasets"]:
        for file in dataset["files"]:
            content = (current / "files" / Path(file["url"]).name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    (whole,) = (dataset for dataset in index["datasets"] if dataset["id"] == DATASET)
    (name,) = (Path(file["url"]).name for file in whole["files"] if file["format"] == "parquet")
    return set(pl.read_parquet(current / "files" / name).select("member_id", "id_local").rows())


def assert_all_is_there(platform: Platform) -> None:
    assert shared_rows(platform) == AFTER
    assert published_rows(platform) == AFTER
    last = latest_receipts(platform.engine, ("accepted",))
    donges, trignac = last["donges", DATASET], last["trignac", DATASET]
    assert (donges.rows_in, donges.rows_accepted, donges.rows_quarantined, donges.rows_duplicates) == (3, 2, 1, 0)
    assert (trignac.rows_in, trignac.rows_accepted, trignac.rows_quarantined, trignac.rows_duplicates) == (3, 2, 0, 1)
    assert platform.journal.verify() is None
