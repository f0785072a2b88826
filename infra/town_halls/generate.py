"""Make the example town halls' files: ``python -m infra.town_halls.generate --out DIR --seed 1``.

The same seed, generation and factor give the same bytes. ``--generation 2`` is a later day: most files are unchanged to
the byte (and keep their date), some have grown, one has shrunk to a tenth. ``manifest.json`` tells tests what was done.
"""

import argparse
import hashlib
import importlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import yaml

from infra.town_halls.behaviour import BEHAVIOUR
from infra.town_halls.habits import ExampleFile, load_behaviours, load_files
from infra.town_halls.portal import FOLDER as PORTAL
from infra.town_halls.portal import NOTICE, build_portal
from infra.town_halls.rows import Row
from infra.town_halls.spoil import spoil_rows
from infra.town_halls.write_table import to_csv, to_text, to_xlsx

GROWTH = 7
_BOOLEANS = {"subventions": ("oui", "non"), "lieux_covoiturage": ("true", "false")}
_FIRST_DAY = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_NOTICE = """\
Données d'exemple, entièrement synthétiques, produites par un générateur (graine {seed}).
Elles ne décrivent ni la collectivité nommée, ni aucune personne. Ne pas réutiliser.

Example data, wholly synthetic, made by a generator (seed {seed}).
They describe neither the authority named nor any person. Not for re-use.
"""


@dataclass(frozen=True)
class Written:
    """What one file holds; rows counts wrong and repeated ones, not blank ones."""

    path: str
    dataset: str
    sha256: str
    rows: int
    wrong: int
    duplicates: int


def _seeded(*names: object) -> Random:
    return Random("/".join(str(name) for name in names))  # noqa: S311 - kept because examples are seeded, not secret


def _build(file: ExampleFile, numbers: range, *seeds: object) -> list[Row]:
    module = importlib.import_module(f"infra.town_halls.rows.{file.dataset}")
    rows: list[Row] = module.build(file.town, _seeded(*seeds, file.path), numbers)
    return rows


def _header(column: str, file: ExampleFile) -> str:
    if column in file.habit.headers:
        return file.habit.headers[column]
    return {"lower": column.lower(), "upper": column.upper()}.get(file.habit.case, column)


def make_file(file: ExampleFile, seed: int, generation: int = 1, rows_factor: float = 1) -> tuple[bytes, Written]:
    """Return one file's bytes and what they hold."""
    habit, count = file.habit, max(1, round(file.habit.rows * rows_factor))
    rows = _build(file, range(1, count + 1), seed)
    if generation > 1 and habit.second == "grows":
        rows += _build(file, range(count + 1, count + GROWTH + 1), seed, generation)
    if generation > 1 and habit.second == "shrinks":
        rows = rows[: max(1, count // 10)]
    columns = [column for column in rows[0] if column not in habit.without]
    words = _BOOLEANS.get(file.dataset, ("true", "false"))
    cells = [[to_text(row[column], habit, *words) for column in columns] for row in rows]
    wrong = spoil_rows(file.dataset, columns, cells[:count], habit.wrong, _seeded(seed, file.path, "wrong"))
    cells = [row if len(row) < len(columns) else [*row, *habit.extra.values()] for row in cells]
    sound = [row for index, row in enumerate(cells) if index not in wrong]
    cells += sound[: habit.repeats]
    header = [_header(column, file) for column in columns] + list(habit.extra)
    blank = [[""] * len(header)] * habit.blanks
    content = (to_xlsx if habit.file.endswith(".xlsx") else to_csv)(header, cells + blank, habit)
    digest = hashlib.sha256(content).hexdigest()
    return content, Written(file.path, file.dataset, digest, len(cells), len(wrong), habit.repeats)


def _put(path: Path, content: bytes, day: datetime) -> None:
    """Write a file unless it already has this content, so that what did not change keeps its date."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (day.timestamp(), day.timestamp()))


def generate(out: Path, seed: int = 1, generation: int = 1, rows_factor: float = 1) -> list[Written]:
    """Write every site under ``out``: ``<member>/<file>``, a portal, notices, ``behaviour.yaml`` and ``manifest.json``.

    Files dated the first day, or ``generation`` weeks later if they differ from what lies there already.
    """
    day = _FIRST_DAY + timedelta(weeks=generation - 1)
    written = []
    for file in load_files():
        content, about = make_file(file, seed, generation, rows_factor)
        unchanged = generation == 1 or make_file(file, seed, 1, rows_factor)[0] == content
        _put(out / file.path, content, _FIRST_DAY if unchanged else day)
        _put(out / file.town.id / NOTICE, _NOTICE.format(seed=seed).encode(), _FIRST_DAY)
        written.append(about)
    for path, content in build_portal():
        _put(out / path, content, _FIRST_DAY)
    _put(out / PORTAL / NOTICE, _NOTICE.format(seed=seed).encode(), _FIRST_DAY)
    behaviours = {prefix: how.model_dump(exclude_defaults=True) for prefix, how in load_behaviours().items()}
    (out / BEHAVIOUR).write_text(yaml.safe_dump(behaviours), encoding="utf-8")
    manifest = {"synthetic": True, "seed": seed, "generation": generation, "files": [asdict(one) for one in written]}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the example town halls' files.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sites")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--generation", type=int, default=1, choices=(1, 2), help="2 is a later state of the sites")
    parser.add_argument("--rows-factor", type=float, default=1, help="multiplies the rows of each file, at most by 20")
    given = parser.parse_args()
    written = generate(given.out, given.seed, given.generation, given.rows_factor)
    total = sum(one.rows for one in written)
    print(f"{len(written)} files, {total} rows in {given.out}")  # noqa: T201 - kept: a command speaks


if __name__ == "__main__":
    main()
