"""How do time and memory of a check grow with a file? The same rows 1, 5 and 20 million times, each in its own process.

    python -m bench.long_files [--millions 1 5 20] [--json]

A file of 20 million rows takes four gigabytes of disk, as much again for its accepted rows. The accepted rows are
written to a file, as a harvest does, since what stays in memory would be the rows and not the check.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.validate import SCHEMA, make_file, peak_mib

MOST_MIB = 1229
"""1.2 GiB."""
BLOCK = 1_000_000


def make_long_file(block: Path, path: Path, millions: int) -> None:
    """Write the rows of a block again and again, each time under other ids."""
    with block.open("rb") as rows, path.open("wb") as out:
        out.write(rows.readline())
        start = rows.tell()
        for number in range(millions):
            rows.seek(start)
            letters = bytes([65 + number // 26, 65 + number % 26])
            while lines := rows.readlines(1 << 24):
                out.write(b"".join(letters + line[2:] for line in lines))


def check(path: Path) -> dict[str, float]:
    """Examine one file in this process and keep its accepted rows in a file."""
    from governance.contracts.table_schema import from_table_schema
    from governance.intake.examine import examine
    from governance.intake.model import ReceivedFile

    before, started = time.process_time(), time.monotonic()
    examined = examine([ReceivedFile("long", path, path.name, "0")], from_table_schema(SCHEMA))[0]
    examined.accepted_rows.sink_parquet(path.with_suffix(".parquet"))
    spent, wall = time.process_time() - before, time.monotonic() - started
    rows = examined.report.rows.read
    return {
        "rows": rows, "mib": path.stat().st_size >> 20, "errors": len(examined.report.errors),
        "cpu_s": round(spent, 2), "wall_s": round(wall, 2), "cpu_s_a_million": round(spent / rows * BLOCK, 2),
        "peak_mib": peak_mib() or 0,
    }  # fmt: skip


def main() -> int:
    """Measure each size; 1 where one takes more memory than `MOST_MIB`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file:
        print(json.dumps(check(arguments.file)))
        return 0
    found = []
    with tempfile.TemporaryDirectory() as folder:
        block = Path(folder) / "block.csv"
        make_file(block, BLOCK)
        for millions in arguments.millions:
            path = Path(folder) / "long.csv"
            make_long_file(block, path, millions)
            command = [sys.executable, "-m", "bench.long_files", "--file", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout))
            print(json.dumps(found[-1]) if arguments.json else "  ".join(f"{k} {v}" for k, v in found[-1].items()))
    return 1 if any(one["peak_mib"] > MOST_MIB for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
