"""Workbooks (XLSX, XLS, ODS) to a table of text, each cell as the clerk sees it.

A SIRET that Excel keeps as a number stays 14 digits; a date becomes ISO 8601, since a sheet holds no notation
but a day. A sheet that declares a million rows costs what it really holds.
"""

import zipfile
from pathlib import Path

import fastexcel
import polars as pl

from governance.federation import Reading
from governance.intake.cell_errors import CellError, find_cell_errors
from governance.intake.delimited import without_blank_rows
from governance.intake.header import SEARCHED_ROWS, Wanted, best_row, clean
from governance.intake.table import LINE, TextTable, UnreadableError

MAX_UNPACKED_BYTES = 1024**3
SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
DAY = r"^(\d{4}-\d{2}-\d{2}) 00:00:00$"
INSTANT = r"^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$"
HOUR = r"^1899-12-3[01] (\d{2}:\d{2}:\d{2})$"


def is_workbook(start: bytes) -> bool:
    """Tell by its first bytes whether a file is a workbook, whatever its name says."""
    return start.startswith(SIGNATURES)


def _open(path: Path) -> fastexcel.ExcelReader:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED_BYTES:
                    raise UnreadableError("too-large", str(MAX_UNPACKED_BYTES))
        return fastexcel.read_excel(path)
    except (fastexcel.FastExcelError, zipfile.BadZipFile, OSError) as error:
        raise UnreadableError("not-a-table", str(error).splitlines()[0]) from None


def _load(reader: fastexcel.ExcelReader, sheet: str, limit: int | None = None) -> pl.DataFrame:
    # skip_rows=0 keeps the empty rows at the top, without which every line number would be wrong
    loaded = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", n_rows=limit).to_polars()
    return loaded.rename({name: str(i) for i, name in enumerate(loaded.columns)})


def _with_errors_shown(frame: pl.DataFrame, path: Path, sheet: str) -> pl.DataFrame:
    """Put failed formulas back as the text that the sheet shows, since a failed cell is not an empty one."""
    by_column: dict[str, list[CellError]] = {}
    for error in find_cell_errors(path, sheet):
        if error.row <= frame.height and error.column < frame.width:
            by_column.setdefault(str(error.column), []).append(error)
    for name, errors in by_column.items():
        shown = frame[name].scatter([error.row - 1 for error in errors], [error.shown for error in errors])
        frame = frame.with_columns(shown.alias(name))
    return frame


def _choose_sheet(reader: fastexcel.ExcelReader, reading: Reading, wanted: Wanted) -> str:
    names = reader.sheet_names
    if isinstance(reading.sheet, int):
        if not 1 <= reading.sheet <= len(names):
            raise UnreadableError("sheet-not-found", str(reading.sheet))
        return names[reading.sheet - 1]
    if reading.sheet is not None:
        if reading.sheet not in names:
            raise UnreadableError("sheet-not-found", reading.sheet)
        return reading.sheet
    counts = [best_row(_load(reader, name, SEARCHED_ROWS).rows(), wanted)[1] for name in names]
    return names[counts.index(max(counts))]


def _as_seen(column: str) -> pl.Expr:
    value = pl.col(column).str.strip_chars("\u00a0 \t\r\n")
    value = value.str.replace(DAY, "$1").str.replace(HOUR, "$1").str.replace(INSTANT, "${1}T${2}")
    return pl.when(value == "").then(None).otherwise(value).alias(column)


def read_workbook(path: Path, reading: Reading, wanted: Wanted) -> TextTable:
    """Read one sheet of a workbook; ``reading.sheet`` is a name, or a number from 1.

    Raises:
        UnreadableError: not a workbook, no such sheet, or no row in it.
    """
    reader = _open(path)
    try:
        sheet = _choose_sheet(reader, reading, wanted)
        frame = _with_errors_shown(_load(reader, sheet), path, sheet)
    except fastexcel.FastExcelError as error:
        raise UnreadableError("not-a-table", str(error).splitlines()[0]) from None
    if frame.height == 0:
        raise UnreadableError("empty-file")
    if reading.header_row is not None and reading.header_row > frame.height:
        raise UnreadableError("header-not-found", str(reading.header_row), reading.header_row)
    index = reading.header_row - 1 if reading.header_row else best_row(frame.head(SEARCHED_ROWS).rows(), wanted)[0]
    headers = tuple(clean(cell) for cell in frame.row(index))
    body = frame.with_row_index(LINE, offset=1).slice(index + 1)
    rows = body.select(*(_as_seen(str(i)) for i in range(len(headers))), pl.col(LINE).cast(pl.Int64))
    kept, blank = without_blank_rows(rows)
    damaged = "\ufffd"
    suspect = bool(
        kept.select(pl.any_horizontal(pl.exclude(LINE).str.contains_any([damaged, "Ã", "â€", "Â"]).any())).item()
    )
    return TextTable(headers, kept, index + 1, sheet=sheet, faults=tuple(blank), suspect=suspect)
