"""What is too large is refused with words, and without holding it: memory is measured in a process of its own."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from governance.intake import limits
from tests.corpus import archives, workbooks

ROOT = Path(__file__).resolve().parents[2]
MIB = limits.MIB
OVERHEAD = 80 * MIB
"""What the interpreter's allocator and the engine's threads take beside the file."""
EXAMINE = """
import hashlib, json, resource, sys
from pathlib import Path
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile
from tests.corpus.case import CONTRACT
small, path = Path(sys.argv[1]), Path(sys.argv[2])
examine([ReceivedFile("s", small, "s.csv", "0" * 64)], CONTRACT)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = examine([ReceivedFile("f", path, path.name, "0" * 64)], CONTRACT)[0].report
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
rules = [error.rule for error in report.errors]
print(json.dumps({"status": report.status, "rules": rules, "grown": grown * 1024, "said": report.errors[0].message_fr}))
"""


def one_line(size: int) -> Callable[[Path], object]:
    """A text of one line; sparse on the disk where its cells are zeros."""

    def write(path: Path) -> None:
        with path.open("wb") as opened:
            opened.write(b"id;ville;montant;jour\na;")
            opened.truncate(size)

    return write


def of_letters(size: int) -> Callable[[Path], object]:
    """A text whose second line never ends."""
    return lambda path: path.write_bytes(b"id;ville;montant;jour\na;" + b"x" * size)


def columns(path: Path) -> None:
    """A text of 16,384 columns, as many as a sheet may have."""
    names = ";".join(["id", *(f"c{number}" for number in range(16_383))])
    path.write_text(names + "\n" + (";" * 16_383 + "\n") * 200, encoding="utf-8")


def sheet_of_columns(path: Path) -> None:
    """A sheet of 16,384 columns."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["id", *(f"c{number}" for number in range(16_383))])
    sheet.append(["a"] * 16_384)
    book.save(path)


def bomb_of_a_gigabyte(path: Path) -> None:
    """An archive of a table of more than one gigabyte, a thousand times smaller."""
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("f.csv", "w", force_zip64=True) as member:
        member.write(b"id;ville\n")
        for _ in range(1100):
            member.write(b"0" * MIB)


GREAT: dict[str, tuple[str, Callable[[Path], object], str, int]] = {
    # name: file, what writes it, the rule, how many bytes of the file may be held
    "a gigabyte of one line": ("f.csv", one_line(limits.MAX_FILE_BYTES + 1), "file-too-large", 0),
    "64 MiB of one line": ("f.csv", of_letters(64 * MIB), "line-too-long", 3 * 64 * MIB),
    "16,384 columns": ("f.csv", columns, "too-many-columns", 64 * MIB),
    "16,384 columns of a sheet": ("f.xlsx", sheet_of_columns, "too-many-columns", 64 * MIB),
    "bomb": ("f.zip", bomb_of_a_gigabyte, "too-large", 32 * MIB),
    "bomb in a workbook": ("f.xlsx", lambda path: path.write_bytes(workbooks.bomb()), "too-large", 32 * MIB),
    "bomb that lies": ("f.zip", lambda path: path.write_bytes(archives.lying_about_size()), "not-a-table", 0),
}


@pytest.mark.parametrize("name", GREAT)
def test_great_file_is_refused_with_words_and_not_held(name: str, tmp_path: Path) -> None:
    filename, write, rule, held = GREAT[name]
    path, small = tmp_path / filename, tmp_path / "small.csv"
    write(path)
    small.write_bytes(archives.PLAIN)
    done = subprocess.run(  # noqa: S603 - kept because the arguments are ours
        [sys.executable, "-c", EXAMINE, str(small), str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["rules"]) == ("unusable", [rule])
    assert found["said"].strip()
    assert found["grown"] < held + OVERHEAD
