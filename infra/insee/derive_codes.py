"""Derive ``governance/intake/insee_codes.csv`` from the yearly packages of the Code officiel géographique.

    python -m infra.insee.derive_codes

Each spring, when the package of the new year is out: add it to ``PACKAGES``, raise ``insee_codes.LATEST`` and run this
(needs npm). Source: INSEE, Code officiel géographique (Licence Ouverte 2.0), by way of
``@etalab/decoupage-administratif`` (MIT), whose version 0.8.0 of 2020 tells what became of every commune since 1943.
"""

import csv
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = "@etalab/decoupage-administratif"
PACKAGES = {2020: "0.8.0", 2021: "1.1.1", 2022: "2.3.1", 2023: "3.1.1", 2024: "4.1.0", 2025: "5.3.0", 2026: "6.0.0"}
TOLD_FROM = 2000
"""What is older is left out, since no open data is: codes that were gone by then, and first years."""
TARGET = Path(__file__).parents[2] / "governance" / "intake" / "insee_codes.csv"


class Life(NamedTuple):
    """First and last year of a code's commune (nothing: before ``TOLD_FROM``, and still), and what took its place."""

    first: int | None = None
    last: int | None = None
    successor: str | None = None


def load(version: str, name: str) -> list[dict[str, Any]]:
    """Return one file of one version of the package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{version}"], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            found = archive.extractfile(f"package/data/{name}.json")
            if found is None:
                raise FileNotFoundError(f"{PACKAGE} {version} has no {name}")
            return list(json.load(found))


def current(communes: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the codes of communes, and of the districts of Paris, Lyon and Marseille, which have their own."""
    return {item["code"] for item in communes if item["type"] in ("commune-actuelle", "arrondissement-municipal")}


def lives_until_2020(history: Iterable[Mapping[str, Any]]) -> dict[str, Life]:
    """Return the lives that the history tells of; a code that was given anew counts as never gone."""
    by_id = {item["id"]: item for item in history}
    of_code: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in by_id.values():
        if item["type"] == "COM":
            of_code[item["code"]].append(item)
    lives = {}
    for code, periods in of_code.items():
        started, ended = (min(p.get("dateDebut", "") for p in periods), [p.get("dateFin") for p in periods])
        first = date.fromisoformat(started).year if started else 0
        last = max(periods, key=lambda p: p.get("dateFin", "9999"))
        end = None if None in ended else date.fromisoformat(last["dateFin"])
        # On the first of January of a year the commune was there no more.
        year = None if end is None else end.year - ((end.month, end.day) == (1, 1))
        successor = _successor(last, by_id) if end else None
        lives[code] = Life(first if first > TOLD_FROM else None, year, successor)
    return lives


def _successor(item: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> str | None:
    following = by_id.get(item.get("successeur", ""))
    if following is None:
        return None
    chief = following if following["type"] == "COM" else by_id.get(following.get("pole", ""))
    return None if chief is None or chief["code"] == item["code"] else str(chief["code"])


def derive() -> dict[str, Life]:
    """Return the life of every code that a commune had since 1943, the overseas collectivities among them."""
    communes = {year: load(version, "communes") for year, version in PACKAGES.items()}
    lives = lives_until_2020(load(PACKAGES[2020], "historique-communes"))
    lives = {**dict.fromkeys(current(communes[2020]), Life()), **lives}
    for before, after in pairwise(PACKAGES):
        then, now = current(communes[before]), current(communes[after])
        took = {old: item["code"] for item in communes[after] for old in item.get("anciensCodes", ())}
        lives |= {code: lives.get(code, Life())._replace(last=before, successor=took.get(code)) for code in then - now}
        lives |= {code: lives.get(code, Life(first=after))._replace(last=None, successor=None) for code in now - then}
    return lives


def ranges(codes: Iterable[str]) -> str:
    """Write codes in order, those that follow one another as first-last."""
    runs: list[list[str]] = []
    for code in sorted(codes):
        if runs and code[:2] == runs[-1][-1][:2] and int(code[2:]) == int(runs[-1][-1][2:]) + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return " ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def main() -> int:
    """Write the file; a line a department of codes that are, and one a commune that took others' place."""
    groups: dict[tuple[str, Life], list[str]] = defaultdict(list)
    for code, life in derive().items():
        if life.last is not None and life.last < TOLD_FROM:
            continue
        groups[("" if life.last else code[:2], life)].append(code)
    rows = sorted((ranges(codes), life) for (_, life), codes in groups.items())
    with TARGET.open("w", encoding="utf-8", newline="") as written:
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow([*Life._fields, "codes"])
        lines.writerows([*life, codes] for codes, life in rows)
    sys.stdout.write(f"{TARGET.name}: {sum(map(len, groups.values()))} codes, {TARGET.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
