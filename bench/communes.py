"""How do time and memory of a harvest grow with the federation? 10 to 35,000 communes, 1,000 rows each.

    python -m bench.communes [--communes 10 100 1000 10000 35000] [--rows 1000] [--state DIR] [--publish] [--json]

Each size in a process of its own, through the code of ``archipel run``: everything harvested and harmonised, then again
after one commune in a hundred wrote one row otherwise. The sources are simulated ones, in folders of this disk: 35,000
of them with their received copies take eight gigabytes. ``--publish`` also opens all of it in the catalogue, a slice a
commune, which no federation of France would do under one roof; it says where the time goes then.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from bench.federation import lines_of, make_platform
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.publish import publish
from governance.platform import Platform, open_platform
from tests.decisions.engine import free_port

SIZES = [10, 100, 1_000, 10_000, 35_000]
CHANGED_EVERY = 100
FULL_SECONDS = 20 * 60
CHANGED_SECONDS = 60
TARGET_COMMUNES = 35_000


def _change(platform: Platform) -> None:
    """Write one row otherwise in one source of a hundred."""
    for folder in sorted(platform.settings.source_folders[0].iterdir())[::CHANGED_EVERY]:
        path = folder / "lieux.csv"
        path.write_text(path.read_text(encoding="utf-8").replace("Aire exemple 5,", "Aire modifiée 5,"), "utf-8")


def _timed(steps: dict[str, Callable[[], object]]) -> dict[str, float]:
    taken = {}
    for name, step in steps.items():
        started = time.perf_counter()
        step()
        taken[name] = round(time.perf_counter() - started, 2)
    return taken


@contextmanager
def _platform(root: Path, communes: int, rows: int, is_published: bool) -> Iterator[Platform]:
    made = make_platform(root, {f"commune-{n:05d}": lines_of(n, rows) for n in range(communes)})
    asked = made.settings.model_copy(update={"opa_port": free_port()})
    with with_policy_engine(asked) if is_published else nullcontext(made.settings) as settings:
        yield open_platform(settings)


def measure(root: Path, communes: int, rows: int, is_published: bool) -> dict[str, object]:
    """Run one size in this process: seconds by step, the first time and after the change, and the highest memory."""
    with _platform(root, communes, rows, is_published) as platform:
        asks = list(platform.federation.sources())
        steps: dict[str, Callable[[], object]] = {
            "harvest": lambda: harvest(platform, asks),
            "harmonise": lambda: harmonise(platform),
        }
        if is_published:
            steps["publish"] = lambda: publish(platform)
        full = _timed(steps)
        _change(platform)
        changed = _timed(steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"communes": communes, "rows": communes * rows, "full": full, "changed": changed, "peak_mib": peak}


def _apart(communes: int, wanted: argparse.Namespace) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.communes", "--one", str(communes), "--rows", str(wanted.rows)]
    command += ["--publish"] if wanted.publish else []
    command += ["--state", str(wanted.state)] if wanted.state else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(found: dict[str, object], which: str) -> str:
    seconds = found[which]
    assert isinstance(seconds, dict)
    parts = " + ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    return f"{sum(seconds.values()):8.1f} s ({parts})"


def _is_met(found: dict[str, object]) -> bool:
    full, changed = found["full"], found["changed"]
    assert isinstance(full, dict) and isinstance(changed, dict)
    return sum(full.values()) < FULL_SECONDS and sum(changed.values()) < CHANGED_SECONDS


def main() -> int:
    """Print the curve; ends with 1 when the targets for 35,000 communes are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--communes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--state", type=Path, help="folder to work in")
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.state is not None:
        wanted.state.mkdir(parents=True, exist_ok=True)
    if wanted.one:
        with tempfile.TemporaryDirectory(dir=wanted.state) as folder:
            print(json.dumps(measure(Path(folder), wanted.one, wanted.rows, wanted.publish)))
        return 0
    curve = []
    for communes in wanted.communes:
        curve.append(_apart(communes, wanted))
        if not wanted.json:
            print(f"{communes:7} communes: everything {_told(curve[-1], 'full')}", flush=True)
            print(f"{'':17} 1 % changed {_told(curve[-1], 'changed')}, {curve[-1]['peak_mib']} MiB at most", flush=True)
    if wanted.json:
        print(json.dumps(curve))
    return 0 if all(_is_met(found) for found in curve if found["communes"] == TARGET_COMMUNES) else 1


if __name__ == "__main__":
    raise SystemExit(main())
