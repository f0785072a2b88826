"""How much CPU does reading cost, beside openpyxl on a workbook, pyogrio on GeoJSON, and our own regular CSV?

Both sides read the same synthetic file; each runs in a process of its own and counts its CPU seconds after its
imports, so only the ratio means something from one machine to another. The rows are compared where the other side
gives them, so speed is never bought with a lost row.

    python -m bench.reading [--rows 100000] [--json]
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.validate import SCHEMA, make_file, peak_mib

TARGETS = {"xlsx": 8.0, "geojson": 4.0}
LARGEST_CSV_RATIO = 4.0
"""CSV with a ragged row over the same file without: what is odd in one place must not slow down the rest."""
RAGGED_EVERY = 50_000


def make_workbook(source: Path, target: Path) -> None:
    """Write the rows of a CSV as a workbook; coordinates become numbers."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Données")
    with source.open(encoding="utf-8") as opened:
        for number, row in enumerate(csv.reader(opened)):
            sheet.append([*row[:9], float(row[9]), float(row[10]), *row[11:]] if number else row)
    book.save(target)


def make_features(source: Path, target: Path) -> None:
    """Write the rows of a CSV as point features."""
    chance = random.Random(1)
    with source.open(encoding="utf-8") as opened, target.open("w", encoding="utf-8") as written:
        written.write('{"type": "FeatureCollection", "features": [\n')
        for number, row in enumerate(csv.DictReader(opened)):
            places = int(row["places"]) if row["places"].isdecimal() else None
            point = {"type": "Point", "coordinates": [chance.uniform(-2.6, -1.9), chance.uniform(47.1, 47.5)]}
            properties = {**row, "places": places, "ouvert": row["ouvert"] == "oui", "part": chance.random()}
            feature = {"type": "Feature", "properties": properties, "geometry": point}
            written.write((",\n" if number else "") + json.dumps(feature, ensure_ascii=False))
        written.write("\n]}\n")


def make_ragged(source: Path, target: Path) -> None:
    """Copy a CSV with a cell too many here and there."""
    lines = source.read_bytes().split(b"\n")
    for place in range(RAGGED_EVERY // 2, len(lines) - 1, RAGGED_EVERY):
        lines[place] += b",trop"
    target.write_bytes(b"\n".join(lines))


def read_ours(path: Path) -> tuple[int, float]:
    """Read a file the way the intake does; return its rows and the CPU seconds."""
    from governance.contracts.table_schema import from_table_schema
    from governance.federation import Reading
    from governance.intake.header import Wanted
    from governance.intake.reading import read_file

    wanted = Wanted.of(from_table_schema(SCHEMA), {}, ())
    before = time.process_time()
    table = read_file(path, Reading(), wanted)
    return table.rows.height, time.process_time() - before


def read_openpyxl(path: Path) -> tuple[int, float]:
    """Read every cell of a workbook with openpyxl, in its fast mode."""
    import openpyxl

    before = time.process_time()
    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    rows = sum(1 for _ in sheet.iter_rows(values_only=True)) - 1
    return rows, time.process_time() - before


def read_pyogrio(path: Path) -> tuple[int, float]:
    """Read every property and geometry with GDAL, through pyogrio."""
    import pyogrio.raw

    before = time.process_time()
    _, _, geometry, _ = pyogrio.raw.read(path)
    return len(geometry), time.process_time() - before


ENGINES: dict[str, Callable[[Path], tuple[int, float]]] = {
    "archipel": read_ours,
    "openpyxl": read_openpyxl,
    "pyogrio": read_pyogrio,
}


def run_apart(engine: str, path: Path) -> dict[str, float]:
    """Run one engine in a process of its own."""
    command = [sys.executable, "-m", "bench.reading", "--engine", engine, "--data", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(path: Path, peer: str) -> dict[str, float | bool | str]:
    """Read one file with both sides; three times each, the least of each side."""
    ours = [run_apart("archipel", path) for _ in range(3)]
    theirs = [run_apart(peer, path) for _ in range(1 if peer == "openpyxl" else 3)]
    ours_s, theirs_s = min(run["cpu_s"] for run in ours), min(run["cpu_s"] for run in theirs)
    return {
        "peer": peer, "archipel_cpu_s": round(ours_s, 3), "peer_cpu_s": round(theirs_s, 3),
        "ratio": round(theirs_s / ours_s, 1), "archipel_peak_mib": max(run["peak_mib"] for run in ours),
        "same_rows": ours[0]["rows"] == theirs[0]["rows"],
    }  # fmt: skip


def measure(rows: int) -> dict[str, dict[str, float | bool | str]]:
    """Make the files and read each with both sides."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        regular, ragged = base / "bench.csv", base / "ragged.csv"
        make_file(regular, rows)
        make_ragged(regular, ragged)
        make_workbook(regular, base / "bench.xlsx")
        make_features(regular, base / "bench.geojson")
        plain = min(run_apart("archipel", regular)["cpu_s"] for _ in range(3))
        odd = min(run_apart("archipel", ragged)["cpu_s"] for _ in range(3))
        return {
            "xlsx": compare(base / "bench.xlsx", "openpyxl"),
            "geojson": compare(base / "bench.geojson", "pyogrio"),
            "ragged csv": {"archipel_cpu_s": round(odd, 3), "regular_cpu_s": round(plain, 3),
                           "over_regular": round(odd / plain, 1)},
        }  # fmt: skip


def main() -> int:
    """Measure; 1 if a target is missed or a row is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    for hidden in ("--engine", "--data"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        read, spent = ENGINES[arguments.engine](Path(arguments.data))
        print(json.dumps({"rows": read, "cpu_s": spent, "peak_mib": peak_mib() or 0}))
        return 0
    results = measure(arguments.rows)
    if arguments.json:
        print(json.dumps({"rows": arguments.rows, "targets": TARGETS, **results}))
    else:
        for name, result in results.items():
            target = f"  (target {TARGETS[name]})" if name in TARGETS else f"  (at most {LARGEST_CSV_RATIO})"
            print(f"{name:12}", *(f"{key}={value}" for key, value in result.items()), target)
    missed = [name for name, target in TARGETS.items() if float(results[name]["ratio"]) < target]
    lost = [name for name in TARGETS if not results[name]["same_rows"]]
    slow = float(results["ragged csv"]["over_regular"]) > LARGEST_CSV_RATIO
    return 1 if missed or lost or slow else 0


if __name__ == "__main__":
    sys.exit(main())
