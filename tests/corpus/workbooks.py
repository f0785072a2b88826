"""Spoiled workbooks: what clerks do in them, and what happens to them on their way."""

import datetime
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import openpyxl
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile

from governance.federation import Reading
from tests.corpus.archives import MIB, packed
from tests.corpus.case import Case, Outcome, all_bad, case, refused, rows

HEAD = ["id", "ville", "montant", "jour"]
A: list[Any] = ["a", "Donges", 1.5, datetime.date(2024, 1, 1)]
B: list[Any] = ["b", "Besné", 2, datetime.date(2024, 1, 2)]
C: list[Any] = ["c", "Pornichet", 3, datetime.date(2024, 1, 3)]
BROKEN = refused("not-a-table", has_lines=False)
Fill = Callable[[Any], object]
SHEET = "xl/worksheets/sheet1.xml"


def book(*sheets: Sequence[Sequence[Any]], then: Fill = lambda _: None) -> bytes:
    """Return a workbook of these sheets, after one more change."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for number, lines in enumerate(sheets, start=1):
        sheet = made.create_sheet(f"Feuille {number}")
        for line in lines:
            sheet.append(list(line))
    then(made)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def merged(area: str) -> Fill:
    """Return the change that merges cells."""
    return lambda made: made.worksheets[0].merge_cells(area)


def formatted(cell: str) -> Fill:
    """Return the change that formats one far cell, so that the sheet seems to reach there."""
    return lambda made: setattr(made.worksheets[0][cell], "number_format", "0.00")


def filled(cell: str) -> Fill:
    """Return the change that writes one far cell."""
    return lambda made: setattr(made.worksheets[0][cell], "value", "x")


def hidden(made: Any) -> None:
    """Hide the last sheet."""
    made.worksheets[-1].sheet_state = "hidden"


def with_part(content: bytes, name: str, part: bytes | None) -> bytes:
    """Return a workbook in which one part was replaced, or left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {item: archive.read(item) for item in archive.namelist() if item != name}
    return packed(parts if part is None else parts | {name: part})


def protected(content: bytes) -> bytes:
    """Return a workbook as Excel keeps it under a password (MS-OFFCRYPTO, agile encryption)."""
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt("mot de passe", target)
    return target.getvalue()


def old_book(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook of Excel 97 (BIFF 8) of these sheets."""
    made = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for number, lines in enumerate(sheets, start=1):
        sheet = made.add_sheet(f"Feuille {number}")
        for row, line in enumerate(lines):
            for place, cell in enumerate(line):
                if isinstance(cell, datetime.date):
                    sheet.write(row, place, cell, day)
                elif cell is not None:
                    sheet.write(row, place, cell)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def changed_b(**cells: Any) -> bytes:
    """Return a workbook whose third row has other cells."""
    row = [cells.get(name, cell) for name, cell in zip(HEAD, B, strict=True)]
    return book([HEAD, A, row, C])


RIGHT = book([HEAD, A, B, C])
SPOILED: dict[str, tuple[bytes, Outcome]] = {
    "right": (RIGHT, rows([2, 3, 4])),
    "word-for-number": (changed_b(montant="deux"), rows([2, 4], {3: "type-error"})),
    "comma-in-text": (changed_b(montant="1,5"), rows([2, 4], {3: "type-error"})),
    "truth-for-number": (changed_b(montant=True), rows([2, 4], {3: "type-error"})),
    "text-for-day": (changed_b(jour="hier"), rows([2, 4], {3: "type-error"})),
    "day-as-number": (changed_b(jour=45293), rows([2, 4], {3: "type-error"})),
    "instant-for-day": (changed_b(jour=datetime.datetime(2024, 1, 2, 8, 30)), rows([2, 4], {3: "type-error"})),
    "identifier-empty": (changed_b(id=None), rows([2, 4], {3: "required"})),
    "identifier-of-spaces": (changed_b(id="  "), rows([2, 4], {3: "required"})),
    "identifier-a-number": (changed_b(id=24440064400013), rows([2, 3, 4])),
    "key-twice": (changed_b(id="a"), rows([2, 4], {3: "primary-key"})),
    "row-twice": (book([HEAD, A, B, A]), rows([2, 3], twice=[4])),
    "formula-not-computed": (changed_b(montant="=C2+1"), rows([2, 4], {3: "type-error"})),
    "formula-failed": (changed_b(montant="#DIV/0!"), rows([2, 4], {3: "type-error"})),
    "reference-lost": (changed_b(jour="#REF!"), rows([2, 4], {3: "type-error"})),
    "titles-above": (book([["Subventions 2024"], [], HEAD, A, B]), rows([4, 5])),
    "blank-rows": (book([HEAD, A, [], [None] * 4, B]), rows([2, 5])),
    "units-under-the-header": (book([HEAD, [None, None, "€", None], A, B]), rows([3, 4])),
    "total-at-the-foot": (book([HEAD, A, B, C, ["Total", None, 6.5, None]]), rows([2, 3, 4])),
    "table-on-the-third-sheet": (book([["Bonjour"]], [], [HEAD, A, B]), rows([2, 3])),
    "table-on-a-hidden-sheet": (book([["Bonjour"]], [HEAD, A], then=hidden), refused("sheet-hidden")),
    "sheet-empty": (book([]), refused("empty-file")),
    "header-alone": (book([HEAD]), refused("no-rows", 1)),
    "names-unknown": (book([["x", "y"], [1, 2]]), refused("header-not-found", 1)),
    "header-twice": (book([["id", "ville", "ville"], ["a", "x", "y"]]), all_bad([2], "duplicate-header", 1)),
    "required-column-missing": (book([HEAD[1:], A[1:], B[1:]]), all_bad([2, 3], "missing-column", 1)),
    "merged-down": (book([HEAD, A, ["b", None, 2], C], then=merged("B2:B3")), rows([2, 3, 4])),
    "merged-key": (book([HEAD, A, [None, "x", 2], C], then=merged("A2:A3")), rows([2, 4], {3: "primary-key"})),
    "merged-across": (book([HEAD, A, ["b", "x", None], C], then=merged("B3:C3")), rows([2, 3, 4])),
    "header-of-two-rows": (book([["id", "ville", "montant", "jour"], [None] * 4, A], then=merged("A1:A2")), rows([3])),
    "formatted-to-the-last-row": (book([HEAD, A], then=formatted("A1048576")), rows([2])),
    "one-cell-in-the-last-corner": (book([HEAD, A], then=filled("XFD1048576")), refused("too-many-rows")),
    "one-cell-far-below": (book([HEAD, A], then=filled("B5000")), rows([2], {5000: "required"})),
    "password": (protected(RIGHT), refused("archive-encrypted")),
    "sheet-no-xml": (with_part(RIGHT, SHEET, b"bonjour"), BROKEN),
    "sheet-cut": (with_part(RIGHT, SHEET, b"<worksheet><sheetData><row r='1'><c r='A1'"), BROKEN),
    "sheet-left-out": (with_part(RIGHT, SHEET, None), BROKEN),
    "book-no-xml": (with_part(RIGHT, "xl/workbook.xml", b"<"), BROKEN),
    "relations-left-out": (with_part(RIGHT, "xl/_rels/workbook.xml.rels", None), BROKEN),
    **{f"cut-at-{part}-tenths": (RIGHT[: len(RIGHT) * part // 10], BROKEN) for part in (1, 3, 5, 7, 9)},
    "cut-at-the-end": (RIGHT[:-1], BROKEN),
}

OPEN_DOCUMENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="F">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)
ENDLESS = (
    '<table:table-row table:number-rows-repeated="1048570">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def line(*cells: str) -> str:
    """Return a row of an OpenDocument sheet."""
    written = (
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
    )
    return f"<table:table-row>{''.join(written)}</table:table-row>"


def open_document(*lines: str, content: str = OPEN_DOCUMENT) -> bytes:
    """Return an OpenDocument workbook."""
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return packed(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": manifest.encode(),
            "content.xml": content.format(rows="".join(lines)).encode(),
        }
    )  # fmt: skip


OPEN: dict[str, tuple[bytes, Outcome]] = {
    "right": (open_document(line(*HEAD), line("a", "x", "1", "2024-01-01")), rows([2])),
    "word-for-number": (
        open_document(line(*HEAD), line("a", "x", "1"), line("b", "y", "z")),
        rows([2], {3: "type-error"}),
    ),
    "endless-rows": (open_document(line(*HEAD), line("a", "x", "1"), ENDLESS), rows([2])),
    "header-alone": (open_document(line(*HEAD)), refused("no-rows", 1)),
    "sheet-empty": (open_document(), refused("empty-file")),
    "content-cut": (open_document(line(*HEAD), content=OPEN_DOCUMENT[:300]), BROKEN),
    "content-no-xml": (open_document(content="bonjour"), BROKEN),
    "cut-by-half": (open_document(line(*HEAD))[:200], BROKEN),
}

OLD_RIGHT = old_book([HEAD, A, B, C])
OLD: dict[str, tuple[bytes, Outcome]] = {
    "right": (OLD_RIGHT, rows([2, 3, 4])),
    "word-for-number": (old_book([HEAD, A, ["b", "Besné", "deux"], C]), rows([2, 4], {3: "type-error"})),
    "text-for-day": (old_book([HEAD, A, ["b", "x", 2, "hier"]]), rows([2], {3: "type-error"})),
    "identifier-empty": (old_book([HEAD, A, [None, "x", 2], C]), rows([2, 4], {3: "required"})),
    "key-twice": (old_book([HEAD, A, ["a", "x", 2], C]), rows([2, 4], {3: "primary-key"})),
    "row-twice": (old_book([HEAD, A, B, A]), rows([2, 3], twice=[4])),
    "titles-above": (old_book([["Subventions 2003"], [], HEAD, A, B]), rows([4, 5])),
    "table-on-the-second-sheet": (old_book([["Bonjour"]], [HEAD, A]), rows([2])),
    "formula-not-computed": (
        old_book([HEAD, A, ["b", "x", xlwt.Formula("C2+1")]]),
        rows([2, 3]),  # xlwt keeps 0 as its result, as a workbook that was never opened does
    ),
    "header-alone": (old_book([HEAD]), refused("no-rows", 1)),
    "names-unknown": (old_book([["x", "y"], [1, 2]]), refused("header-not-found", 1)),
    "cut-by-half": (OLD_RIGHT[: len(OLD_RIGHT) // 2], BROKEN),
    "directory-cut": (OLD_RIGHT[:1_024], BROKEN),
}


def bomb() -> bytes:
    """Return a workbook whose sheet unpacks to a thousand times its size."""
    return with_part(RIGHT, SHEET, b"<worksheet>" + b" " * (48 * MIB))


def cases() -> Iterator[Case]:
    """Give every workbook."""
    for name, (content, outcome) in SPOILED.items():
        yield case(f"xlsx-{name}", "file.xlsx", content, outcome)
    for name, (content, outcome) in OLD.items():
        yield case(f"xls-{name}", "file.xls", content, outcome)
    for name, (content, outcome) in OPEN.items():
        yield case(f"ods-{name}", "file.ods", content, outcome)
    yield case("xlsx-bomb", "file.xlsx", bomb, refused("too-large"))
    for name, pinned in (("by-name", "Absente"), ("by-number", 9)):
        declared = {"reading": Reading(sheet=pinned)}
        yield case(f"xlsx-sheet-absent-{name}", "file.xlsx", RIGHT, refused("sheet-not-found"), declared=declared)
    declared = {"reading": Reading(table="Absente")}
    yield case("xlsx-table-absent", "file.xlsx", RIGHT, refused("table-not-found"), declared=declared)
