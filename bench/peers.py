"""How much CPU and time do other validators take on the same file and schema, side by side in one run?

The file and the schema are those of ``bench.validate``. Each engine runs in a process of its own and counts from after
its imports to its last error. What each of them does differs, and the table says how: only frictionless gives the same
full list as we do, which ``bench.validate`` compares.

    python -m bench.peers [--rows 100000] [--json]
"""

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
APART = {"validata": "validata-table", "csv-detective": "csv-detective"}
"""Engines that cannot be installed beside us, and their environments; ``make .venv/.peers`` makes them."""
WHAT = {
    "archipel": "every error, rows told apart, words in French and English",
    "frictionless": "every error",
    "validata": "frictionless with words in French; the first 1,000 errors",
    "pandera": "columns as Polars casts them and their checks; a failed cast is an empty cell",
    "csv-detective": "finds what columns hold; no schema, no errors",
}


def by_archipel(data: Path, schema: dict[str, Any]) -> int:
    """Examine as the intake does."""
    from bench.validate import run_archipel

    return len(run_archipel([data], schema).errors)


def by_frictionless(data: Path, schema: dict[str, Any]) -> int:
    """Validate without a limit on errors."""
    from bench.validate import run_frictionless

    return len(run_frictionless([data], schema).errors)


def by_validata(data: Path, schema: dict[str, Any]) -> int:
    """Validate as the national validator does, as far as it goes."""
    from validata_core import validate

    return len(validate(str(data), schema).errors)


def by_pandera(data: Path, schema: dict[str, Any]) -> int:
    """Validate lazily, so that every failing cell is listed."""
    import pandera.polars as pa
    import polars as pl
    from pandera.errors import SchemaErrors

    kinds = {"number": pl.Float64, "integer": pl.Int64, "date": pl.Date}
    columns = {}
    for field in schema["fields"]:
        limits = field.get("constraints", {})
        made = {
            "pattern": pa.Check.str_matches, "enum": pa.Check.isin, "minimum": pa.Check.ge, "maximum": pa.Check.le,
            "minLength": lambda least: pa.Check.str_length(min_value=least),
            "maxLength": lambda most: pa.Check.str_length(max_value=most),
        }  # fmt: skip
        checks = [made[name](bound) for name, bound in limits.items() if name in made]
        if "trueValues" in field:
            checks.append(pa.Check.isin([*field["trueValues"], *field["falseValues"]]))
        if field["type"] == "year":
            checks.append(pa.Check.str_matches("^[0-9]{4}$"))
        kind = kinds.get(field["type"], pl.String)
        columns[field["name"]] = pa.Column(kind, checks, nullable=not limits.get("required"))
    texts = pl.scan_csv(data, infer_schema=False, null_values=[""])
    types = {field["name"]: kinds.get(field["type"], pl.String) for field in schema["fields"]}
    casts = [
        pl.col(name).str.to_date("%Y-%m-%d", strict=False) if kind == pl.Date else pl.col(name).cast(kind, strict=False)
        for name, kind in types.items()
    ]
    try:
        pa.DataFrameSchema(columns).validate(texts.with_columns(casts).collect(), lazy=True)
    except SchemaErrors as errors:
        return int(errors.failure_cases.height)
    return 0


def by_csv_detective(data: Path, _schema: dict[str, Any]) -> int:
    """Find the type and format of every column, from all rows."""
    from csv_detective import routine

    routine(str(data), num_rows=-1, save_results=False)
    return 0


ENGINES: dict[str, Callable[[Path, dict[str, Any]], int]] = {
    "archipel": by_archipel, "frictionless": by_frictionless, "validata": by_validata, "pandera": by_pandera,
    "csv-detective": by_csv_detective,
}  # fmt: skip


def answer_as(engine: str, data: Path, schema: Path) -> None:
    """Be the process of one engine: once on a few rows, so that what it loads does not count, then on all."""
    few = data.with_name(f"few-{engine}.csv")
    with data.open(encoding="utf-8") as opened:
        few.write_text("".join(line for line, _ in zip(opened, range(50), strict=False)), encoding="utf-8")
    described = json.loads(schema.read_text(encoding="utf-8"))
    with contextlib.redirect_stdout(io.StringIO()):
        ENGINES[engine](few, described)
        cpu, wall = time.process_time(), time.perf_counter()
        errors = ENGINES[engine](data, described)
        spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    print(json.dumps({**spent, "errors": errors}))


def run_apart(engine: str, data: Path, schema: Path) -> dict[str, Any]:
    """Run one engine in a process of its own; what goes wrong is told in place of its figures."""
    apart = APART.get(engine)
    python = ROOT / ".venv" / "peers" / apart / "bin" / "python" if apart else Path(sys.executable)
    if not python.is_file():
        return {"missing": "make .venv/.peers"}
    command = [str(python), str(Path(__file__)), "--engine", engine, "--data", str(data), "--schema", str(schema)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["?"])[-1][:80]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(rows: int) -> dict[str, dict[str, Any]]:
    """Make the file and run every engine on it, one after the other."""
    from bench.validate import SCHEMA, make_file

    with tempfile.TemporaryDirectory() as folder:
        data, schema = Path(folder) / "bench.csv", Path(folder) / "schema.json"
        make_file(data, rows)
        schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
        return {engine: run_apart(engine, data, schema) for engine in ENGINES}


def columns() -> int:
    """Return how many columns the file has."""
    from bench.validate import FIELDS

    return len(FIELDS)


def main() -> int:
    """Measure; 1 if one of the engines could not be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    for hidden in ("--engine", "--data", "--schema"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        answer_as(arguments.engine, Path(arguments.data), Path(arguments.schema))
        return 0
    found = measure(arguments.rows)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return int(any("missing" in one for one in found.values()))
    ours = found["archipel"]
    print(f"{arguments.rows} rows × {columns()} columns")
    print(f"{'':14} {'CPU s':>8} {'over ours':>9} {'wall s':>8} {'over ours':>9} {'errors':>7}")
    for engine, one in found.items():
        if "missing" in one:
            print(f"{engine:14} not run: {one['missing']}")
            continue
        cpu, wall = one["cpu_s"] / ours["cpu_s"], one["wall_s"] / ours["wall_s"]
        figures = f"{one['cpu_s']:8.2f} {cpu:9.1f} {one['wall_s']:8.2f} {wall:9.1f} {one['errors']:7}"
        print(f"{engine:14} {figures}  {WHAT[engine]}")
    return int(any("missing" in one for one in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
