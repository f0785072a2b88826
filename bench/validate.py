"""How much CPU does validation cost, beside frictionless, on the same Table Schema and the same file?

Both give the full list of errors; the lists of (row, column, rule) are compared, so speed is never bought with an
error. Each engine runs in a process of its own and counts its CPU seconds after its imports; only the
ratio means something from one machine to another.

    python bench/validate.py [--rows 1000000] [--json]
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

TARGET = 15.0
SEED = 20260101
BAD_SHARE = 0.005
BATCH = 100
TYPES = ("école", "mairie", "gymnase", "piscine", "bibliothèque", "logement", "autre")
FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "string", "constraints": {"required": True, "pattern": "^[A-Z]{2}[0-9]{8}$"}},
    {"name": "nom", "type": "string", "constraints": {"required": True, "maxLength": 80}},
    {"name": "siret", "type": "string", "constraints": {"required": True, "pattern": "^[0-9]{14}$"}},
    {"name": "insee", "type": "string", "constraints": {"pattern": "^([013-9][0-9]|2[AB1-9])[0-9]{3}$"}},
    {"name": "type", "type": "string", "constraints": {"required": True, "enum": list(TYPES)}},
    {"name": "date_debut", "type": "date", "constraints": {"required": True}},
    {"name": "date_fin", "type": "date"},
    {"name": "montant", "type": "number", "constraints": {"required": True, "minimum": 0}},
    {"name": "part", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
    {"name": "longitude", "type": "number", "constraints": {"minimum": -180, "maximum": 180}},
    {"name": "latitude", "type": "number", "constraints": {"minimum": -90, "maximum": 90}},
    {"name": "places", "type": "integer", "constraints": {"minimum": 0}},
    {"name": "etages", "type": "integer", "constraints": {"minimum": 0, "maximum": 60}},
    {"name": "ouvert", "type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]},
    {"name": "accessible", "type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]},
    {"name": "annee", "type": "year"},
    {"name": "adresse", "type": "string", "constraints": {"minLength": 3}},
    {"name": "code_postal", "type": "string", "constraints": {"pattern": "^[0-9]{5}$"}},
    {"name": "commune", "type": "string", "constraints": {"required": True}},
    {"name": "commentaire", "type": "string"},
    {"name": "objet", "type": "string", "constraints": {"maxLength": 256}},
]
SCHEMA = {"name": "bench", "fields": FIELDS}
SPOILED = {
    "siret": "123", "insee": "ZZ999", "type": "château", "date_debut": "01/02/2024", "montant": "12,50",
    "part": "3", "longitude": "200", "places": "-4", "etages": "99", "ouvert": "peut-être", "annee": "24",
    "code_postal": "4460", "commune": "",
}  # fmt: skip


def make_file(path: Path, rows: int) -> int:
    """Write the synthetic file and return how many of its cells were spoiled."""
    chance = random.Random(SEED)
    table: dict[str, list[str]] = {
        "id": [f"FR{number:08d}" for number in range(rows)],
        "nom": [f"Bâtiment exemple {chance.randrange(5000)}" for _ in range(rows)],
        "siret": [f"{chance.randrange(10**14):014d}" for _ in range(rows)],
        "insee": [f"44{chance.randrange(1000):03d}" for _ in range(rows)],
        "type": chance.choices(TYPES, k=rows),
        "date_debut": [f"20{chance.randrange(10, 25)}-{chance.randrange(1, 13):02d}-15" for _ in range(rows)],
        "date_fin": chance.choices(["", "2024-12-31", "2025-06-30"], k=rows),
        "montant": [f"{chance.randrange(10**7) / 100:.2f}" for _ in range(rows)],
        "part": [f"{chance.random():.3f}" for _ in range(rows)],
        "longitude": [f"{chance.uniform(-2.6, -1.9):.6f}" for _ in range(rows)],
        "latitude": [f"{chance.uniform(47.1, 47.5):.6f}" for _ in range(rows)],
        "places": [str(chance.randrange(500)) for _ in range(rows)],
        "etages": [str(chance.randrange(20)) for _ in range(rows)],
        "ouvert": chance.choices(["oui", "non"], k=rows),
        "accessible": chance.choices(["oui", "non", ""], k=rows),
        "annee": [str(chance.randrange(1900, 2025)) for _ in range(rows)],
        "adresse": [f"{chance.randrange(1, 200)} rue Exemple" for _ in range(rows)],
        "code_postal": chance.choices(["44600", "44380", "44570"], k=rows),
        "commune": chance.choices(["Saint-Nazaire", "Pornichet", "Trignac"], k=rows),
        "commentaire": chance.choices(["", "donnée synthétique"], k=rows),
        "objet": chance.choices(["Fonctionnement", "Investissement", "Entretien; réparation"], k=rows),
    }
    bad = chance.sample(range(rows), int(rows * BAD_SHARE))
    columns = sorted(SPOILED)
    for row in bad:
        column = chance.choice(columns)
        table[column][row] = SPOILED[column]
    pl.DataFrame(table).write_csv(path)
    return len(bad)


def run_archipel(data: Path, schema: dict[str, Any]) -> tuple[float, list[tuple[int, str, str]]]:
    """Examine the file; rows are numbered from 1 under the header."""
    from governance.contracts.table_schema import from_table_schema
    from governance.intake.examine import examine
    from governance.intake.findings import Findings
    from governance.intake.model import ReceivedFile

    contract = from_table_schema(schema)
    before = time.process_time()
    report = examine([ReceivedFile("bench", data, data.name, "0")], contract)[0].report
    spent = time.process_time() - before
    assert isinstance(report.errors, Findings)
    return spent, report.errors.frame.filter("blocks").select("row", "column", "rule").rows()


def batch_ratio(data: Path, schema: dict[str, Any]) -> float:
    """Return the CPU of a hundred files in one batch, over that of the same rows in one file (best of three)."""
    from governance.contracts.table_schema import from_table_schema
    from governance.intake.examine import examine
    from governance.intake.model import ReceivedFile

    contract = from_table_schema(schema)
    header, *rows = data.read_text(encoding="utf-8").splitlines()
    size = max(1, len(rows) // BATCH)
    files = []
    for number in range(BATCH):
        part = data.with_name(f"part{number}.csv")
        part.write_text("\n".join([header, *rows[number * size : (number + 1) * size]]) + "\n", encoding="utf-8")
        files.append(ReceivedFile(part.name, part, part.name, "0"))
    spent: dict[bool, float] = {}
    for _ in range(3):
        for whole in (True, False):
            before = time.process_time()
            examine([ReceivedFile("whole", data, data.name, "0")] if whole else files, contract)
            spent[whole] = min(time.process_time() - before, spent.get(whole, float("inf")))
    return spent[False] / spent[True]


def run_frictionless(data: Path, schema: dict[str, Any]) -> tuple[float, list[tuple[int, str, str]]]:
    """Validate the file with the reference implementation of Table Schema, without a limit on errors."""
    from frictionless import Checklist, Resource, Schema, system

    system.context_exists = True
    before = time.process_time()
    resource = Resource(path=data.name, basepath=str(data.parent), schema=Schema.from_descriptor(schema))
    report = resource.validate(Checklist(), limit_errors=10**9)
    spent = time.process_time() - before
    names = {"minLength": "min-length", "maxLength": "max-length"}
    found = []
    for error in report.tasks[0].errors:
        limit = re.match(r'constraint "(\w+)"', error.note)
        rule = names.get(limit[1], limit[1]) if error.type == "constraint-error" and limit else error.type
        found.append((error.row_number - 1, error.field_name, rule))
    return spent, found


def run_apart(engine: str, data: Path, schema: Path, answer: Path) -> dict[str, Any]:
    """Run one engine in a process of its own."""
    command = [sys.executable, __file__, "--engine", engine, "--data", str(data), "--schema", str(schema)]
    subprocess.run([*command, "--answer", str(answer)], check=True)
    result: dict[str, Any] = json.loads(answer.read_text())
    return result


def peak_mib() -> int | None:
    """Return the most memory this process held; the usual counter would start from the parent's."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) // 1024 if found else None


def answer_as_engine(arguments: argparse.Namespace) -> None:
    """Be the process of one engine."""
    schema = json.loads(Path(arguments.schema).read_text())
    run = run_archipel if arguments.engine == "archipel" else run_frictionless
    spent, errors = run(Path(arguments.data), schema)
    peak = peak_mib()
    batch = batch_ratio(Path(arguments.data), schema) if arguments.engine == "archipel" else None
    answer = {"cpu_s": spent, "peak_mib": peak, "batch_ratio": batch, "errors": sorted(errors)}
    Path(arguments.answer).write_text(json.dumps(answer))


def main() -> int:
    """Make the file, run both engines, compare; 1 if the lists differ or the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    for hidden in ("--engine", "--data", "--schema", "--answer"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        answer_as_engine(arguments)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        data, schema = Path(folder) / "bench.csv", Path(folder) / "schema.json"
        spoiled = make_file(data, arguments.rows)
        schema.write_text(json.dumps(SCHEMA))
        ours = run_apart("archipel", data, schema, Path(folder) / "a.json")
        theirs = run_apart("frictionless", data, schema, Path(folder) / "f.json")
    ratio = theirs["cpu_s"] / ours["cpu_s"]
    same = ours["errors"] == theirs["errors"]
    result = {
        "rows": arguments.rows, "columns": len(FIELDS), "spoiled_cells": spoiled, "errors": len(ours["errors"]),
        "archipel_cpu_s": round(ours["cpu_s"], 3), "frictionless_cpu_s": round(theirs["cpu_s"], 3),
        "ratio": round(ratio, 1), "target": TARGET, "same_errors": same,
        "batch_of_100_ratio": round(ours["batch_ratio"], 2),
        "archipel_peak_mib": ours["peak_mib"], "frictionless_peak_mib": theirs["peak_mib"],
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")
    return 0 if same and ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
