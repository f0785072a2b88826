"""What the sheet of an XLSX says and its reader does not give: failed formulas, formulas without a value, merged
cells, how far the sheet spans, and where named tables are.

A failed formula (``#N/A``) or one that no program has computed comes out as an empty cell, and an empty optional
cell would be accepted as "nothing"; so these are found in the sheet itself (ECMA-376 part 1, 18.3.1) and put back
as the text that the clerk sees.
"""

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException, ElementTree

from governance.intake.archive import copy_member, open_archive
from governance.intake.limits import MAX_SHEET_CELLS
from governance.intake.table import UnreadableError

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
LETTERS = 26
WIDEST = {1: LETTERS, 2: LETTERS + LETTERS**2, 3: 16_384}
_ERROR = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?\bt="e"[^>]*>(.*?)</c>', re.DOTALL)
_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?><f\b[^>]*>([^<]*)</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_VALUE = re.compile(rb"<v>([^<]+)</v>")
_MERGED = re.compile(rb'<mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_ROW = re.compile(rb'<row\b[^>]*?\br="(\d{1,7})"')
_REFERENCE = re.compile(r"^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$")


@dataclass(frozen=True)
class Shown:
    """A cell and what the sheet shows in it: row from 1, column from 0."""

    row: int
    column: int
    shown: str


@dataclass(frozen=True)
class Area:
    """A rectangle of cells: rows from 1, columns from 0, ends included."""

    top: int
    left: int
    bottom: int
    right: int
    written: str


@dataclass(frozen=True)
class SheetMarks:
    """What the text of a sheet adds to its cells."""

    shown: tuple[Shown, ...] = ()
    merged: tuple[Area, ...] = ()


def column_number(letters: str) -> int:
    """Return the place of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def area_of(reference: str) -> Area:
    """Return the rectangle that a reference such as B3:F40 means.

    Raises:
        ValueError: not such a reference.
    """
    found = _REFERENCE.match(reference.replace("$", ""))
    if found is None:
        raise ValueError(reference)
    left, top, right, bottom = column_number(found[1]), int(found[2]), column_number(found[3]), int(found[4])
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right), reference)


def _read(archive: zipfile.ZipFile, part: str) -> bytes:
    target = io.BytesIO()
    copy_member(archive, archive.getinfo(part), target)
    return target.getvalue()


def _relations(archive: zipfile.ZipFile, part: str) -> list[Any]:
    folder, name = posixpath.split(part)
    return list(ElementTree.fromstring(_read(archive, f"{folder}/_rels/{name}.rels")))


def _target(part: str, relation: Any) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), relation.get("Target", ""))).lstrip("/")


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the archive's part that holds a sheet."""
    book = ElementTree.fromstring(_read(archive, "xl/workbook.xml"))
    wanted = next((item.get(RELATION) for item in book.iter(f"{MAIN}sheet") if item.get("name") == sheet), None)
    for relation in _relations(archive, "xl/workbook.xml"):
        if wanted is not None and relation.get("Id") == wanted:
            target = relation.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else _target("xl/workbook.xml", relation)
    return None


def _check_span(content: bytes) -> None:
    """Refuse a sheet whose rectangle is too large: its reader lays all of it out, however few cells it holds.

    Raises:
        UnreadableError: more than ``MAX_SHEET_CELLS``.
    """
    last = content.rfind(b"<row")
    found = _ROW.match(content, last) if last >= 0 else None
    rows = int(found[1]) if found else content.count(b"<row")
    for letters in (3, 2):
        if rows * WIDEST[letters] <= MAX_SHEET_CELLS:
            return
        if re.search(rb'r="[A-Z]{%d}\d' % letters, content):
            columns = 1 + max(column_number(item.decode()) for item in set(re.findall(rb'r="([A-Z]{1,3})\d', content)))
            if rows * columns > MAX_SHEET_CELLS:
                raise UnreadableError("too-many-rows", f"{rows} × {columns}")
            return


def read_marks(path: Path, sheet: str) -> SheetMarks:
    """Return what the text of a sheet adds; nothing for workbooks that are not XLSX.

    Raises:
        UnreadableError: the sheet spans more than a table may, or unpacks to more than a file may.
    """
    if not zipfile.is_zipfile(path):
        return SheetMarks()
    with open_archive(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return SheetMarks()
        try:
            part = _part_of(archive, sheet)
            content = b"" if part is None else _read(archive, part)
        except (KeyError, ElementTree.ParseError, DefusedXmlException):
            return SheetMarks()
    _check_span(content)
    shown: list[Shown] = []
    if b't="e"' in content:
        for found in _ERROR.finditer(content):
            value = _VALUE.search(found[3])
            if value is not None:
                shown.append(_shown(found, value[1].decode("utf-8", "replace")))
    if b"</f>" in content:
        shown += [_shown(found, "=" + found[3].decode("utf-8", "replace")) for found in _FORMULA.finditer(content)]
    tail = content.find(b"<mergeCells")
    merged = () if tail < 0 else tuple(area_of(found[1].decode()) for found in _MERGED.finditer(content, tail))
    return SheetMarks(tuple(shown), merged)


def _shown(found: re.Match[bytes], text: str) -> Shown:
    return Shown(int(found[2]), column_number(found[1].decode()), text)


def find_table(path: Path, name: str, sheets: list[str]) -> tuple[str, Area] | None:
    """Return the sheet and the rectangle (header included) of a named table of an XLSX; nothing if there is none."""
    with open_archive(path) as archive:
        names = set(archive.namelist())
        for sheet in sheets if "xl/workbook.xml" in names else []:
            part = _part_of(archive, sheet)
            folder, file = posixpath.split(part or "")
            if part is None or f"{folder}/_rels/{file}.rels" not in names:
                continue
            for relation in _relations(archive, part):
                if not relation.get("Type", "").endswith("/table"):
                    continue
                table = ElementTree.fromstring(_read(archive, _target(part, relation)))
                if name in (table.get("displayName"), table.get("name")):
                    return sheet, area_of(table.get("ref", ""))
    return None
