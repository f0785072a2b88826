"""Workbooks (XLSX, XLS, ODS) to a table of text, each cell as the clerk sees it.

A SIRET that Excel keeps as a number stays 14 digits; a date becomes ISO 8601, since a sheet holds no notation
but a day. A sheet that declares a million rows costs what it really holds.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import polars as pl

from governance.federation import Reading
from governance.intake.archive import open_archive
from governance.intake.header import SEARCHED_ROWS, Wanted, find_heading
from governance.intake.limits import MAX_SHEET_CELLS, check_shape, check_unpacked
from governance.intake.no_data_rows import without_rows_of_no_data
from governance.intake.sheet_xml import Area, SheetMarks, area_of, find_table, read_marks
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

DAY = r"^(\d{4}-\d{2}-\d{2}) 00:00:00$"
INSTANT = r"^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$"
HOUR = r"^1899-12-3[01] (\d{2}:\d{2}:\d{2})$"
DAMAGED = "\ufffd"


@dataclass(frozen=True)
class _Chosen:
    sheet: str
    area: Area | None


def _open(path: Path) -> fastexcel.ExcelReader:
    try:
        if zipfile.is_zipfile(path):
            with open_archive(path) as archive:
                items = archive.infolist()
                check_unpacked(sum(item.file_size for item in items), sum(item.compress_size for item in items))
        return fastexcel.read_excel(path)
    except (fastexcel.FastExcelError, OSError) as error:
        raise UnreadableError("not-a-table", str(error).splitlines()[0]) from None


def _load(reader: fastexcel.ExcelReader, sheet: str, limit: int | None = None) -> tuple[pl.DataFrame, bool]:
    """Return the cells of a sheet, and whether it is hidden."""
    # skip_rows=0 keeps the empty rows at the top, without which every line number would be wrong
    loaded = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", n_rows=limit)
    frame = loaded.to_polars()
    return frame.rename({name: str(i) for i, name in enumerate(frame.columns)}), loaded.visible != "visible"


def _with_shown(frame: pl.DataFrame, marks: SheetMarks) -> pl.DataFrame:
    """Put formulas without a value back as the text that stands there: such a cell is not an empty one."""
    by_column: dict[str, dict[int, str]] = {}
    for cell in marks.shown:
        if cell.row <= frame.height and cell.column < frame.width:
            by_column.setdefault(str(cell.column), {})[cell.row - 1] = cell.shown
    for name, cells in by_column.items():
        empty = {row: shown for row, shown in cells.items() if shown[0] != "=" or not frame[name][row]}
        frame = frame.with_columns(frame[name].scatter(list(empty), list(empty.values())).alias(name))
    return frame


def _with_merged(frame: pl.DataFrame, marks: SheetMarks, below: int) -> tuple[pl.DataFrame, list[Fault]]:
    """Give each row of a merged cell its value, as the clerk sees it; only below the header and where a row is."""
    tall = [
        area for area in marks.merged
        if area.top > below and area.bottom > area.top and area.left < frame.width and area.top <= frame.height
    ]  # fmt: skip
    if not tall:
        return frame, []
    is_row = frame.select(pl.any_horizontal((pl.all().str.len_bytes() > 0).fill_null(False))).to_series()
    faults: list[Fault] = []
    cells: dict[str, dict[int, str]] = {}
    for area in tall:
        name, value = str(area.left), frame[area.top - 1, area.left]
        rows = [row for row in range(area.top, min(area.bottom, frame.height)) if is_row[row]]
        if value and rows:
            cells.setdefault(name, {}).update(dict.fromkeys(rows, value))
            faults.append(Fault("merged-cells", area.top, None, value, area.written))
    for name, filled in cells.items():
        empty = {row: value for row, value in filled.items() if not frame[name][row]}
        frame = frame.with_columns(frame[name].scatter(list(empty), list(empty.values())).alias(name))
    return frame, faults


def _choose(reader: fastexcel.ExcelReader, path: Path, reading: Reading, wanted: Wanted) -> _Chosen:
    """Return the sheet as pinned, or the visible one that names most wanted columns.

    Raises:
        UnreadableError: no such sheet or table, or only a hidden sheet has the columns.
    """
    area = area_of(reading.range) if reading.range else None
    names = reader.sheet_names
    if not names:
        raise UnreadableError("not-a-table", "0 × sheet")
    if reading.table is not None:
        found = find_table(path, reading.table, names) if zipfile.is_zipfile(path) else None
        if found is None:
            raise UnreadableError("table-not-found", reading.table)
        return _Chosen(*found)
    if isinstance(reading.sheet, int):
        if not 1 <= reading.sheet <= len(names):
            raise UnreadableError("sheet-not-found", str(reading.sheet))
        return _Chosen(names[reading.sheet - 1], area)
    if reading.sheet is not None:
        if reading.sheet not in names:
            raise UnreadableError("sheet-not-found", reading.sheet)
        return _Chosen(reading.sheet, area)
    if len(names) == 1:
        return _Chosen(names[0], area)
    counts: dict[str, int] = {}
    hidden: dict[str, int] = {}
    for name in names:
        read_marks(path, name)  # refuses a sheet whose span would exhaust memory
        frame, is_hidden = _load(reader, name, SEARCHED_ROWS)
        (hidden if is_hidden else counts)[name] = find_heading(frame.rows(), wanted).count
    best = max(counts, key=lambda name: counts[name]) if counts else None
    if best is None or (counts[best] == 0 and max(hidden.values(), default=0) > 0):
        raise UnreadableError("sheet-hidden", max(hidden, key=lambda name: hidden[name]))
    return _Chosen(best, area)


def _as_seen(column: str) -> pl.Expr:
    value = pl.col(column).str.strip_chars("\u00a0 \t\r\n")
    value = value.str.replace(DAY, "$1").str.replace(HOUR, "$1").str.replace(INSTANT, "${1}T${2}")
    return pl.when(value == "").then(None).otherwise(value).alias(column)


def _within(frame: pl.DataFrame, area: Area | None, last_row: int | None) -> pl.DataFrame:
    """Return the cells of a rectangle; what is outside is empty, so that rows and columns keep their places."""
    bottom = min(frame.height, last_row or frame.height, area.bottom if area else frame.height)
    frame = frame.head(bottom)
    if area is None:
        return frame
    kept = [
        pl.col(name) if area.left <= place <= area.right else pl.lit(None, pl.String).alias(name)
        for place, name in enumerate(frame.columns)
    ]
    below = pl.int_range(pl.len()) >= area.top - 1
    return frame.select(kept).with_columns(pl.when(below).then(pl.all()))


def read_workbook(path: Path, reading: Reading, wanted: Wanted, kind: str = "xlsx") -> TextTable:
    """Read one sheet of a workbook, or the declared rectangle or table in it.

    Raises:
        UnreadableError: not a workbook, no such sheet, no row in it, or more than a table may have.
    """
    reader = _open(path)
    try:
        chosen = _choose(reader, path, reading, wanted)
        marks = read_marks(path, chosen.sheet)
        frame, _ = _load(reader, chosen.sheet)
    except (fastexcel.FastExcelError, pl.exceptions.PanicException) as error:
        raise UnreadableError("not-a-table", str(error).splitlines()[0]) from None
    check_shape(frame.height, frame.width, MAX_SHEET_CELLS)
    frame = _within(_with_shown(frame, marks), chosen.area, reading.last_row)
    if frame.height == 0:
        raise UnreadableError("empty-file")
    pinned = reading.header_row or (chosen.area.top if chosen.area else None)
    if pinned is not None and pinned > frame.height:
        raise UnreadableError("header-not-found", str(pinned), pinned)
    top = frame.slice(pinned - 1, reading.header_rows or 1).rows() if pinned else frame.head(SEARCHED_ROWS).rows()
    heading = find_heading(top, wanted, reading.header_rows or (1 if pinned else None))
    first = (pinned or 1) + heading.index
    last = first + heading.height - 1
    frame, merged = _with_merged(frame, marks, last)
    body = frame.with_row_index(LINE, offset=1).slice(last)
    rows = body.select(*(_as_seen(str(i)) for i in range(len(heading.headers))), pl.col(LINE).cast(pl.Int64))
    kept, no_data = without_rows_of_no_data(heading.headers, rows, wanted)
    joined = [Fault("header-joined", first, detail=f"{first}–{last}")] if heading.height > 1 else []
    signs = [DAMAGED, "Ã", "â€", "Â"]
    suspect = bool(kept.select(pl.any_horizontal(pl.exclude(LINE).str.contains_any(signs).any())).item())
    return TextTable(
        heading.headers, kept, first, sheet=chosen.sheet, faults=(*joined, *merged, *no_data), suspect=suspect,
        format=kind, header_rows=heading.height, numbered="row",
    )  # fmt: skip
