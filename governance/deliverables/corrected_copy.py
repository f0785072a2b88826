"""The corrected copy: a clerk's own table as a workbook, wrong cells marked and commented, certain values filled in.

Row N of the copy is line N of the report. Every cell is text, so that no spreadsheet turns a SIRET into 2,14E+13 or
runs a cell that begins with ``=``. What may not be shown, or stands in no column of the contract, is left out.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import xlsxwriter

from governance.deliverables.copy_words import COPY_WORDS
from governance.deliverables.kept_file import KeptFile
from governance.deliverables.sight import Sight
from governance.intake.messages import MESSAGES
from governance.intake.model import RowError
from governance.intake.origin import value_as_written
from governance.intake.report_files import FORMULA_STARTS
from governance.intake.table import LINE

MAX_CELLS = 1_000_000
"""Cells of the table; above it a copy takes longer to make than anybody waits before a page."""
MAX_ROW = 1_048_576
"""Last row of a sheet (ECMA-376)."""
MAX_TEXT = 32_000
"""Signs in one cell; a sheet holds 32 767."""
MAX_COMMENTS = 5_000
"""Spreadsheets become slow with more; cells beyond are marked all the same."""
_COLOURS = {"blocks": "#F8C9C4", "improves": "#FCE8B2", "filled": "#CDE8C9", "hidden": "#E4E4E4"}
Language = Literal["fr", "en"]
Mark = Literal["blocks", "improves", "filled", "hidden"]


class NoCopy(ValueError):  # noqa: N818 - kept because it is named after the fact it states
    """A file of which no copy can be made; ``code`` names the reason in ``COPY_WORDS``."""

    def __init__(self, code: Literal["too_large", "too_long", "no_table"]) -> None:
        super().__init__(COPY_WORDS["en"][code])
        self.code = code


@dataclass(frozen=True)
class MarkedCell:
    """What becomes of one wrong cell: its text in the copy, how it is marked, what is said of it."""

    text: str | None
    mark: Mark
    comment: str


def write_corrected_copy(
    kept: KeptFile, errors: Iterable[RowError], sight: Sight, language: Language, most_cells: int | None = None
) -> bytes:
    """Return the workbook; ``most_cells`` in place of ``MAX_CELLS`` for whoever waits as long as it takes.

    Raises:
        NoCopy: the table has more cells or rows than a copy may have.
    """
    rows = kept.table.rows
    offset = 1 if kept.table.numbered == "record" else 0
    last = int(rows[LINE].max() or 0) + offset if rows.height else 0  # type: ignore[arg-type]
    if last > MAX_ROW:
        raise NoCopy("too_long")
    if rows.height * len(kept.table.headers) > (MAX_CELLS if most_cells is None else most_cells):
        raise NoCopy("too_large")
    of_file, of_cells = _sorted_out(kept, errors, sight, language)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        _write_table(_Sheet(book, COPY_WORDS[language]["sheet"]), kept, of_cells, sight, offset, language)
        _write_notes(_Sheet(book, COPY_WORDS[language]["notes"]), of_file, language)
    return out.getvalue()


def _sorted_out(
    kept: KeptFile, errors: Iterable[RowError], sight: Sight, language: Language
) -> tuple[list[RowError], dict[int, dict[int, MarkedCell]]]:
    """Part faults of the whole file from those of cells: (faults, cells by line and place)."""
    of_file: list[RowError] = []
    found: dict[tuple[int, int], list[RowError]] = defaultdict(list)
    lines = set(kept.table.rows[LINE])
    for error in errors:
        if error.line not in lines:
            # Blank rows would fill the notes; the report names them.
            of_file += [] if error.rule == "blank-row" else [sight.seen(error)]
        elif error.line is not None:
            # A fault of a whole row, or of a column that the file has not, is said at the row's first cell.
            found[error.line, kept.positions.get(error.column or "", 0)].append(error)
    cells: dict[int, dict[int, MarkedCell]] = defaultdict(dict)
    for (line, place), faults in found.items():
        cells[line][place] = _marked(kept, faults, sight, language)
    return of_file, cells


def _marked(kept: KeptFile, faults: Sequence[RowError], sight: Sight, language: Language) -> MarkedCell:
    seen = [sight.seen(error) for error in faults]
    words = COPY_WORDS[language]
    said = [_said(error, language) for error in seen]
    filled = _certain(kept, seen)
    if filled is not None:
        before = words["before"].format(value=next(error.value for error in seen if error.value is not None))
        return MarkedCell(filled, "filled", "\n".join([words["filled"], before, *said]))
    blocks = any(error.severity == "blocks" for error in seen)
    return MarkedCell(None, "blocks" if blocks else "improves", "\n".join(said))


def _said(error: RowError, language: Language) -> str:
    texts = (error.message_fr, error.remedy_fr) if language == "fr" else (error.message_en, error.remedy_en)
    return f"{MESSAGES[error.rule].title(language) or error.rule}. {' '.join(texts)}"


def _certain(kept: KeptFile, faults: Sequence[RowError]) -> str | None:
    """The value to fill in: one that mends every fault of the cell, written as the member writes the others."""
    corrections = {error.correction for error in faults if error.severity == "blocks"}
    (only,) = corrections if len(corrections) == 1 else (None,)
    name = faults[0].column
    if only is None or name is None or name not in kept.positions:
        return None
    return value_as_written(only, kept.contract.column(name), kept.formats_of(name))


class _Sheet:
    """One sheet under way: rows are written from the top, each once, as ``constant_memory`` wants it."""

    def __init__(self, book: "xlsxwriter.Workbook", name: str) -> None:
        self._sheet = book.add_worksheet(name)
        self._book = book
        self._formats: dict[tuple[str, bool], object] = {}
        self._comments = 0

    def freeze_under(self, row: int, columns: int) -> None:
        """Keep the header in view, and make columns wide enough to read."""
        self._sheet.freeze_panes(row, 0)
        self._sheet.set_column(0, max(columns - 1, 0), 22)

    def write(self, row: int, place: int, text: str, mark: str = "", comment: str = "") -> None:
        """Write one cell as text, never as a formula or a number; row and place count from 1 and 0."""
        shown = text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
        self._sheet.write_string(row - 1, place, shown, self._format(mark, shown.startswith(FORMULA_STARTS)))
        if comment and self._comments < MAX_COMMENTS:
            self._comments += 1
            self._sheet.write_comment(row - 1, place, comment[:MAX_TEXT], {"x_scale": 2.5, "y_scale": 1.6})

    def _format(self, mark: str, is_formula: bool) -> object:
        """Text format, so that what is typed stays as typed; a quote before what would run."""
        key = (mark, is_formula)
        if key not in self._formats:
            look: dict[str, object] = {"num_format": "@", "quote_prefix": is_formula}
            if mark == "bold":
                look["bold"] = True
            elif mark:
                look["bg_color"] = _COLOURS[mark]
            self._formats[key] = self._book.add_format(look)
        return self._formats[key]


def _write_table(
    sheet: _Sheet,
    kept: KeptFile,
    cells: Mapping[int, Mapping[int, MarkedCell]],
    sight: Sight,
    offset: int,
    language: Language,
) -> None:
    table, words = kept.table, COPY_WORDS[language]
    header = 1 if offset else table.header_row + table.header_rows - 1
    sheet.freeze_under(header, len(table.headers))
    for place, name in enumerate(table.headers):
        sheet.write(header, place, name, "bold")
    places = range(len(table.headers))
    shown = [kept.shows(place, sight.columns) for place in places]
    instead = [words["hidden"] if kept.columns_at(place) else words["outside"] for place in places]
    for *values, line in table.rows.iter_rows():
        marked = cells.get(line, {})
        for place, value in enumerate(values):
            cell = marked.get(place)
            text = (value or "") if shown[place] else (instead[place] if value else "")
            if cell is not None:
                sheet.write(line + offset, place, cell.text or text, cell.mark, cell.comment)
            elif text:
                sheet.write(line + offset, place, text, "" if shown[place] else "hidden")


def _write_notes(sheet: _Sheet, of_file: Sequence[RowError], language: Language) -> None:
    words = COPY_WORDS[language]
    sheet.freeze_under(1, 1)
    for row, text in enumerate(words["read_me"].split("\n"), 1):
        sheet.write(row, 0, text, "bold" if row == 1 else "")
    start = words["read_me"].count("\n") + 3
    for row, mark in enumerate(_COLOURS, start):
        sheet.write(row, 0, words[f"legend_{mark}"], mark)
    for row, error in enumerate(of_file, start + len(_COLOURS) + 1):
        where = "" if error.line is None else words["line"].format(line=error.line)
        sheet.write(row, 0, where + _said(error, language), error.severity)
