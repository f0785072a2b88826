"""Cells of an XLSX sheet whose formula failed (``#N/A``, ``#REF!``): the reader gives them as empty.

An empty optional cell would be accepted as "nothing", so these are found in the sheet itself (ECMA-376 part 1,
18.3.1.4: ``t="e"``) and put back as the text that the clerk sees.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from defusedxml import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?\bt="e"[^>]*>(.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]+)</v>")


@dataclass(frozen=True)
class CellError:
    """A failed formula: row from 1, column from 0, and what the sheet shows."""

    row: int
    column: int
    shown: str


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the archive's part that holds a sheet."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    wanted = next((item.get(RELATION) for item in book.iter(f"{MAIN}sheet") if item.get("name") == sheet), None)
    for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
        if wanted is not None and relation.get("Id") == wanted:
            return posixpath.normpath(posixpath.join("xl", relation.get("Target", ""))).lstrip("/")
    return None


def find_cell_errors(path: Path, sheet: str) -> Iterator[CellError]:
    """Give the failed formulas of a sheet; none for workbooks that are not XLSX."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            content = b"" if part is None else archive.read(part)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return
    if b't="e"' not in content:
        return
    for found in _CELL.finditer(content):
        value = _VALUE.search(found[3])
        if value is not None:
            yield CellError(int(found[2]), _column(found[1]), value[1].decode("utf-8", "replace"))
