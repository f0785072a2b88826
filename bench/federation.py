"""What many communes cost: 100 sources of 1,000 rows each against one file of all the rows, and a second run.

Run ``python -m bench.federation``. Both sides go through the real harvest: fetched, landed, checked, kept, with a
receipt. The yardstick is one source with all the rows. Then the main job, from source to catalogue, with its policy
engine: the first time, and again with nothing changed; what the second writes to the lake and the catalogue is
counted. CPU-seconds of this process; they hold only beside each other.

State is kept in memory where there is a file system for that, since what a new file costs is the disk's affair: an
ext4 without journal looks at every inode that anybody deleted within the last minute. ``--state`` names a disk.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harvest import harvest
from governance.pipeline.run import run_main_job
from governance.platform import Platform, open_platform
from governance.settings import PROJECT_ROOT, Settings
from governance.state.receipts import Receipt
from tests.decisions.engine import free_port

DATASET = "lieux_covoiturage"
HEADER = "id_local,nom_lieu,insee,type,date_maj,ouvert,Xlong,Ylat"
WRONG_EVERY = 200
"""One row in so many has a wrong date, as 0.5 % of real rows do."""


MEMORY = Path("/dev/shm")
REPEATS = 7
"""Runs of each side of the harvest."""


@dataclass(frozen=True)
class Cost:
    """CPU-seconds, wall seconds and files written of one run."""

    cpu: float
    wall: float
    files_written: int
    rows_accepted: int


def lines_of(commune: int, rows: int) -> str:
    """The file of one commune."""
    dates = ("hier" if number % WRONG_EVERY == 0 else "2026-01-15" for number in range(1, rows + 1))
    body = (
        f"{commune:05d}-C-{number:05d},Aire exemple {number},44052,Parking,{day},true,-2.07,47.32"
        for number, day in enumerate(dates, 1)
    )
    return "\n".join([HEADER, *body]) + "\n"


def make_platform(root: Path, sources: dict[str, str]) -> Platform:
    """A federation with one example partner a source, over local folders; nothing else declared."""
    federation = root / "federation"
    shutil.copytree(PROJECT_ROOT / "federation", federation, ignore=shutil.ignore_patterns("external"))
    for path in [*federation.glob("members/*.yaml"), *federation.glob("partners/*.yaml")]:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**declared, "sources": []}, allow_unicode=True), encoding="utf-8")
    for index, (name, text) in enumerate(sources.items()):
        folder = root / "folders" / name
        folder.mkdir(parents=True)
        (folder / "lieux.csv").write_text(text, encoding="utf-8")
        options = {"folder": str(folder), "pattern": "*.csv"}
        declared = {
            "id": name, "name": f"{name} (exemple)", "siren": f"9{index:08d}", "example": True,
            "kind": "public_body", "roles": ["provider"],
            "sources": [{"dataset": DATASET, "connector": "local_folder", "options": options}],
        }  # fmt: skip
        (federation / "partners" / f"{name}.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    return open_platform(
        Settings(federation_dir=federation, state_dir=root / "state", source_folders=(root / "folders",))
    )


def _files(platform: Platform) -> dict[Path, int]:
    roots = [platform.settings.state_dir / name for name in ("lake", "catalogue", "warehouse")]
    found = (path for root in roots for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path: path.stat().st_mtime_ns for path in found}


def _measure(platform: Platform, work: Callable[[], Sequence[Receipt]]) -> Cost:
    before = _files(platform)
    cpu, wall = time.process_time(), time.perf_counter()
    receipts = work()
    cost = (time.process_time() - cpu, time.perf_counter() - wall)
    written = sum(1 for path, at in _files(platform).items() if before.get(path) != at)
    return Cost(*cost, written, sum(receipt.rows_accepted or 0 for receipt in receipts))


def _run(platform: Platform) -> Cost:
    return _measure(platform, lambda: harvest(platform, list(platform.federation.sources())))


def _main_job(platform: Platform) -> Cost:
    return _measure(platform, lambda: run_main_job(platform, lambda _: None, lambda _: None).receipts)


def compare_main_job(root: Path, communes: int, rows: int) -> dict[str, Cost]:
    """Return the cost of the main job, the first time and again, on a federation that nobody has run yet."""
    made = make_platform(root / "job", {f"commune-{n:03d}": lines_of(n, rows) for n in range(communes)})
    with with_policy_engine(made.settings.model_copy(update={"opa_port": free_port()})) as settings:
        platform = open_platform(settings)
        return {"main job": _main_job(platform), "main job again": _main_job(platform)}


def _median(costs: Sequence[Cost]) -> Cost:
    """The run of median CPU time."""
    return sorted(costs, key=lambda cost: cost.cpu)[len(costs) // 2]


def compare_harvests(root: Path, communes: int, rows: int) -> dict[str, Cost]:
    """Return the median cost of each side, each run of one beside a run of the other."""
    _run(make_platform(root / "warm-up", {"warm-up": lines_of(0, 10)}))
    one, many, again = [], [], []
    for turn in range(REPEATS):
        one.append(_run(make_platform(root / f"one-{turn}", {"all-rows": "".join(_all_rows(communes, rows))})))
        apart = make_platform(root / f"many-{turn}", {f"commune-{n:03d}": lines_of(n, rows) for n in range(communes)})
        many.append(_run(apart))
        again.append(_run(apart))
    return {"one file": _median(one), "all communes": _median(many), "again, unchanged": _median(again)}


def compare(communes: int, rows: int, state: Path | None) -> dict[str, Cost]:
    """Return the cost of each side, by name."""
    with tempfile.TemporaryDirectory(dir=state) as folder:
        root = Path(folder)
        return compare_harvests(root, communes, rows) | compare_main_job(root, communes, rows)


def _all_rows(communes: int, rows: int) -> list[str]:
    return [lines_of(n, rows) if n == 0 else lines_of(n, rows).split("\n", 1)[1] for n in range(communes)]


def main() -> int:
    """Print both sides and their ratios; ends with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--communes", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--state", type=Path, default=MEMORY if MEMORY.is_dir() else None, help="folder to work in")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    costs = compare(wanted.communes, wanted.rows, wanted.state)
    batched = costs["all communes"].cpu / costs["one file"].cpu
    again = costs["main job again"].cpu / costs["main job"].cpu
    written = costs["main job again"].files_written
    ratios = {"communes_to_one_pass": round(batched, 2), "unchanged_to_first": round(again, 3)}
    if wanted.json:
        print(json.dumps({"costs": {name: asdict(cost) for name, cost in costs.items()}, "ratios": ratios}))
    else:
        print(f"{'':18}{'CPU s':>8}{'wall s':>8}{'files':>7}{'rows':>9}")
        for name, cost in costs.items():
            print(f"{name:18}{cost.cpu:8.2f}{cost.wall:8.2f}{cost.files_written:7}{cost.rows_accepted:9}")
        print(f"communes / one pass: {batched:.2f} (target ≤ 2)   main job again / first: {again:.1%} (target < 5 %)")
    return 0 if batched <= 2 and again < 0.05 and written == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
