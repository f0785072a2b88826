"""How much does validation cost, beside frictionless, on the same Table Schema and the same files?

Three cases: one long file; a thousand small ones, each side in one process; and charging stations with forty columns.
Both sides give the full list of errors; the lists of (file, row, column, rule) are compared, so speed is never bought
with an error. Each engine runs in a process of its own and counts its CPU and the clock after its imports; only the
ratios mean something from one machine to another.

    python -m bench.validate [--case one|many|irve] [--rows 1000000] [--json]
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

SEED = 20260101
BAD_SHARE = 0.005
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
    return _write_spoilt(path, table, SPOILED, chance)


def _write_spoilt(path: Path, table: dict[str, list[str]], wrong: dict[str, str], chance: random.Random) -> int:
    """Write a table with one cell spoiled in some of its rows; return in how many."""
    rows = len(next(iter(table.values())))
    bad = chance.sample(range(rows), int(rows * BAD_SHARE))
    columns = sorted(wrong)
    for row in bad:
        column = chance.choice(columns)
        table[column][row] = wrong[column]
    pl.DataFrame(table).write_csv(path)
    return len(bad)


class Case(NamedTuple):
    """What is checked: how many files and rows in all, and what frictionless must cost over ours, CPU and clock."""

    says: str
    files: int
    rows_of_million: int
    cpu_target: float
    wall_target: float | None = None


CASES = {
    "one": Case("one file", 1, 1_000_000, 25, 30),
    "many": Case("a thousand files", 1_000, 1_000_000, 20),
    "irve": Case("one file of charging stations", 1, 200_000, 10),
}
Errors = list[tuple[str, int, str, str]]


def make_stations(path: Path, rows: int) -> int:
    """Write synthetic charging stations, most of them right; return how many cells were spoiled."""
    chance = random.Random(SEED)
    table: dict[str, list[str]] = {}
    for field in stations_schema()["fields"]:
        table[field["name"]] = _values_of(field, rows, chance)
    table["id_pdc_itinerance"] = [f"FRXXXE{number:08d}" for number in range(rows)]
    wrong = {"code_insee_commune": "ZZ999", "nbre_pdc": "deux", "condition_acces": "libre", "date_maj": "01/02/2024",
             "puissance_nominale": "22,0", "gratuit": "peut-être", "nom_station": ""}  # fmt: skip
    return _write_spoilt(path, table, wrong, chance)


def _values_of(field: dict[str, Any], rows: int, chance: random.Random) -> list[str]:
    limits = field.get("constraints", {})
    kinds: dict[str, Callable[[], str]] = {
        "boolean": lambda: chance.choice(("true", "false")),
        "integer": lambda: str(chance.randrange(1, 9)),
        "number": lambda: str(chance.choice((7.4, 22, 50, 150))),
        "date": lambda: f"20{chance.randrange(10, 25)}-{chance.randrange(1, 13):02d}-15",
        "geopoint": lambda: f"[{chance.uniform(-2.6, -1.9):.4f}, {chance.uniform(47.1, 47.5):.4f}]",
    }
    if "enum" in limits:
        return chance.choices(limits["enum"], k=rows)
    if field.get("format") == "email":
        return ["contact@example.org"] * rows
    if field["type"] in kinds:
        return [kinds[field["type"]]() for _ in range(rows)]
    if "pattern" in limits:
        return [field.get("example", "200000000")] * rows
    return [f"{field['name']} exemple {chance.randrange(500)}" for _ in range(rows)]


def stations_schema() -> dict[str, Any]:
    """Return our contract of charging stations as a Table Schema, without what is ours alone."""
    from governance.contracts.adopt import load_from_library
    from governance.contracts.table_schema import to_table_schema

    schema = to_table_schema(load_from_library("irve_statique"))
    known = ("name", "type", "format", "constraints", "example")
    fields = [{key: field[key] for key in known if key in field} for field in schema["fields"]]
    return {"name": "irve_statique", "missingValues": [""], "fields": fields}


class Spent(NamedTuple):
    """What one engine took, in seconds, and what it found."""

    cpu_s: float
    wall_s: float
    errors: Errors


def run_archipel(files: Sequence[Path], schema: dict[str, Any]) -> Spent:
    """Examine the files in one pass; rows are numbered from 1 under the header."""
    from governance.contracts.table_schema import from_table_schema
    from governance.intake.examine import examine
    from governance.intake.findings import Findings
    from governance.intake.model import ReceivedFile

    contract = from_table_schema(schema)
    received = [ReceivedFile(path.name, path, path.name, "0") for path in files]
    cpu, wall = time.process_time(), time.perf_counter()
    answers = examine(received, contract)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    errors: Errors = []
    for answer in answers:
        assert isinstance(answer.report.errors, Findings)
        found = answer.report.errors.frame.filter("blocks").select("row", "column", "rule").rows()
        errors += [(answer.key, *error) for error in found]
    return Spent(cpu, wall, errors)


def run_frictionless(files: Sequence[Path], schema: dict[str, Any]) -> Spent:
    """Validate the files with the reference implementation of Table Schema, without a limit on errors."""
    from frictionless import Checklist, Resource, Schema, system

    system.context_exists = True
    cpu, wall = time.process_time(), time.perf_counter()
    reports = []
    for path in files:
        resource = Resource(path=path.name, basepath=str(path.parent), schema=Schema.from_descriptor(schema))
        reports.append((path, resource.validate(Checklist(), limit_errors=10**9)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    names = {"minLength": "min-length", "maxLength": "max-length"}
    found = []
    for path, report in reports:
        for error in report.tasks[0].errors:
            limit = re.match(r'constraint "(\w+)"', error.note)
            rule = names.get(limit[1], limit[1]) if error.type == "constraint-error" and limit else error.type
            found.append((path.name, error.row_number - 1, error.field_name, rule))
    return Spent(cpu, wall, found)


ENGINES = {"archipel": run_archipel, "frictionless": run_frictionless}


def run_apart(engine: str, folder: Path, schema: Path, answer: Path) -> dict[str, Any]:
    """Run one engine in a process of its own."""
    command = [sys.executable, __file__, "--engine", engine, "--data", str(folder), "--schema", str(schema)]
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
    spent = ENGINES[arguments.engine](sorted(Path(arguments.data).iterdir()), schema)
    answer = {**spent._asdict(), "errors": sorted(spent.errors), "peak_mib": peak_mib()}
    Path(arguments.answer).write_text(json.dumps(answer))


def _write(folder: Path, name: str, rows: int) -> tuple[dict[str, Any], int]:
    """Write the files of a case; return their schema and how many cells were spoiled."""
    whole = folder / "000000.csv"
    if name == "irve":
        return stations_schema(), make_stations(whole, rows)
    spoiled = make_file(whole, rows)
    files = CASES[name].files
    if files > 1:
        header, *lines = whole.read_text(encoding="utf-8").splitlines()
        each = max(1, len(lines) // files)
        for number in range(files):
            part = [header, *lines[number * each : (number + 1) * each]]
            (folder / f"{number:06d}.csv").write_text("\n".join(part) + "\n", encoding="utf-8")
    return SCHEMA, spoiled


def measure(name: str, rows: int) -> dict[str, Any]:
    """Make the files of a case, run both engines, compare."""
    case = CASES[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder, schema = Path(temporary) / "data", Path(temporary) / "schema.json"
        folder.mkdir()
        descriptor, spoiled = _write(folder, name, rows)
        schema.write_text(json.dumps(descriptor))
        ours, theirs = (run_apart(engine, folder, schema, Path(temporary) / f"{engine}.json") for engine in ENGINES)
    same = ours["errors"] == theirs["errors"]
    cpu, wall = theirs["cpu_s"] / ours["cpu_s"], theirs["wall_s"] / ours["wall_s"]
    return {
        "case": case.says, "files": case.files, "rows": rows, "columns": len(descriptor["fields"]),
        "spoiled_cells": spoiled, "errors": len(ours["errors"]), "same_errors": same,
        "archipel_cpu_s": round(ours["cpu_s"], 3), "frictionless_cpu_s": round(theirs["cpu_s"], 3),
        "cpu_ratio": round(cpu, 1), "cpu_target": case.cpu_target,
        "archipel_wall_s": round(ours["wall_s"], 3), "frictionless_wall_s": round(theirs["wall_s"], 3),
        "wall_ratio": round(wall, 1), "wall_target": case.wall_target,
        "archipel_peak_mib": ours["peak_mib"], "frictionless_peak_mib": theirs["peak_mib"],
        "met": same and cpu >= case.cpu_target and wall >= (case.wall_target or 0),
    }  # fmt: skip


def main() -> int:
    """Measure the cases; 1 if lists differ or a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, action="append", help="one of them; all unless said")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the first two cases; the third has a fifth")
    parser.add_argument("--json", action="store_true")
    for hidden in ("--engine", "--data", "--schema", "--answer"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.engine:
        answer_as_engine(arguments)
        return 0
    if find_spec("frictionless") is None:
        parser.error("frictionless is not installed here: make .venv/.bench")
    found = []
    for name in arguments.case or CASES:
        found.append(measure(name, CASES[name].rows_of_million * arguments.rows // 1_000_000))
        if not arguments.json:
            print("\n".join(f"{field:22} {value}" for field, value in found[-1].items()), end="\n\n", flush=True)
    if arguments.json:
        print(json.dumps(found))
    return 0 if all(one["met"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
