"""Delimited text (CSV) to a table of text, with the physical line of every record.

Polars reads fast but hides short rows and would shift line numbers after a quoted line break, so the file's
shape is checked first, vectorised; only a file whose shape is not regular goes through ``csv.reader``.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from governance.federation import Reading
from governance.intake.decoding import Text
from governance.intake.header import SEARCHED_ROWS, Wanted, best_row, clean
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_BYTES = 64 * 1024
LIKELY_SAMPLE = 4096
csv.field_size_limit(16 * 1024 * 1024)  # kept because a commune's outline in GeoJSON passes the default


@dataclass(frozen=True)
class _Record:
    first_line: int
    last_line: int
    cells: list[str]


def _records(text: str, delimiter: str, first_line: int = 1) -> Iterator[_Record]:
    """Read records with the physical lines they stand on.

    Raises:
        UnreadableError: a quote is opened and never closed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            yield _Record(first_line + before, first_line + reader.line_num - 1, cells)
            before = reader.line_num
    except csv.Error as error:
        raise UnreadableError("unclosed-quote", str(error), first_line + before) from None


def _top(text: str, delimiter: str, until: int) -> list[_Record]:
    top = []
    for record in _records(text, delimiter):
        top.append(record)
        if len(top) >= SEARCHED_ROWS and record.last_line >= until:
            break
    return top


def _locate(text: Text, reading: Reading, wanted: Wanted) -> tuple[str, _Record]:
    """Find delimiter and header together: the pair that names most wanted columns."""
    pinned = reading.header_row or 0
    sample = text.content if pinned > SEARCHED_ROWS else text.content[:SAMPLE_BYTES]
    lines = sample.decode("utf-8", "ignore")
    best: tuple[int, int, str, _Record] | None = None
    likely = sorted(DELIMITERS, key=lambda sign: -lines.count(sign, 0, LIKELY_SAMPLE))
    for delimiter in (reading.delimiter,) if reading.delimiter else likely:
        if len(delimiter) != 1:
            raise UnreadableError("delimiter-unknown", delimiter)
        top = _top(lines, delimiter, pinned)
        if pinned:
            top = [record for record in top if record.first_line == pinned]
            if not top:
                raise UnreadableError("header-not-found", str(pinned), pinned)
        index, count = best_row([record.cells for record in top], wanted)
        score = (count, len(top[index].cells))
        if best is None or score > best[:2]:
            best = (*score, delimiter, top[index])
        if count == len(wanted.folded):
            break
    assert best is not None
    return best[2], best[3]


def _body(content: bytes, header_line: int) -> bytes:
    """Return what stands below a physical line, without line ends after the last text."""
    position = 0
    for _ in range(header_line):
        position = content.find(b"\n", position) + 1
        if position == 0:
            return b""
    end = len(content)
    while end > position and content[end - 1] in b"\r\n":
        end -= 1
    return content[position:end]


def _has_each_byte(frame: pl.DataFrame, body: bytes, delimiter: str) -> bool:
    """Tell whether every record has as many cells as the frame has columns.

    A long record makes Polars fail and a short one lacks separators, so the right sum means a regular shape.
    Where quotes may hide separators, cells, separators, line ends and quotes must make up the text to the byte.
    """
    separators = (frame.width - 1) * frame.height
    if b'"' not in body:
        return body.count(delimiter.encode()) == separators
    cells = int(frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum().fill_null(0))).item())
    left = len(body) - cells - separators - (frame.height - 1)
    around = sum(body.count(sign) for sign in (b'"', b"\r") if sign in body)
    if left == around:
        return True
    inside = pl.all().str.count_matches('["\r]').sum().fill_null(0)
    return left == around - int(frame.select(pl.sum_horizontal(inside)).item())


def _lines_of(frame: pl.DataFrame, body: bytes, first_line: int) -> pl.Series:
    """Return the physical line on which each record starts; cells may hold line ends of their own."""
    index = pl.int_range(first_line, first_line + frame.height, dtype=pl.Int64, eager=True).alias(LINE)
    if b'"' not in body or body.count(b"\n") == frame.height - 1:
        return index
    inside = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))).to_series()
    return (index + inside.cast(pl.Int64).cum_sum().shift(1, fill_value=0)).alias(LINE)


def _read_regular(body: bytes, delimiter: str, width: int, first_line: int) -> pl.DataFrame | None:
    """Read a body with Polars; ``None`` if some record has not ``width`` cells, or a quote may be left open."""
    if body.count(b'"') % 2:
        return None
    try:
        frame = pl.read_csv(
            io.BytesIO(body), has_header=False, separator=delimiter, infer_schema=False,
            quote_char='"' if b'"' in body else None, new_columns=[str(i) for i in range(width)],
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    if frame.width != width or not _has_each_byte(frame, body, delimiter):
        return None
    numbered = frame.hstack([_lines_of(frame, body, first_line)])
    return numbered.rechunk() if frame.n_chunks() > 1 else numbered  # kept because mixed chunks cost more later


def _ends_in_a_quote(text: str, delimiter: str, lines_before: int) -> bool:
    """Tell whether the last record opens a quote that the end of the file closes; a mid-cell quote is just a sign."""
    if text.count('"') % 2 == 0:
        return False
    last = "\n".join(text.split("\n")[lines_before:])
    try:
        list(csv.reader(io.StringIO(last, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _read_irregular(body: bytes, delimiter: str, width: int, first_line: int) -> tuple[pl.DataFrame, list[Fault]]:
    """Read any body record by record; short and long rows become faults, cut or filled to the width."""
    faults: list[Fault] = []
    lines: list[int] = []
    rows: list[list[str]] = []
    text = body.decode("utf-8")
    record = None
    for record in _records(text, delimiter, first_line):
        cells = record.cells
        if len(cells) != width and any(cell.strip() for cell in cells):
            extra = [cell for cell in cells[width:] if cell.strip()]
            detail = f"{len(cells)}/{width}"
            if extra:
                faults.append(Fault("extra-cell", record.first_line, None, extra[0], detail))
            elif len(cells) < width:
                faults.append(Fault("missing-cell", record.first_line, None, None, detail))
        if len(cells) != width:
            cells = (cells + [""] * width)[:width]
        rows.append(cells)
        lines.append(record.first_line)
    if record is not None and _ends_in_a_quote(text, delimiter, record.first_line - first_line):
        faults.append(Fault("unclosed-quote", record.first_line))
    columns = list(zip(*rows, strict=True)) or [()] * width
    data = {str(i): pl.Series(values, dtype=pl.String) for i, values in enumerate(columns)}
    return pl.DataFrame({**data, LINE: pl.Series(lines, dtype=pl.Int64)}), faults


def without_blank_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out rows without any text; those between rows that have some are reported."""
    cells = [name for name in frame.columns if name != LINE]
    for name in cells:  # a few columns are enough to see that no row is blank
        if frame[name].null_count() == 0 and (frame[name].str.len_bytes() > 0).all():
            return frame, []
    no_text = pl.all_horizontal(pl.col(cells).is_null() | (pl.col(cells).str.len_bytes() == 0))
    empty = frame.select(no_text).to_series()
    if not empty.any():
        return frame, []
    kept = frame.filter(~empty)
    last = kept[LINE].max() if kept.height else 0
    between = frame.filter(empty).filter(pl.col(LINE) < last)[LINE].to_list()
    return kept, [Fault("blank-row", line) for line in between]


def read_delimited(text: Text, reading: Reading, wanted: Wanted) -> TextTable:
    """Read delimited text; what is not pinned is found.

    Raises:
        UnreadableError: no header, no row, or a quote that is never closed.
    """
    delimiter, header = _locate(text, reading, wanted)
    headers = tuple(clean(cell) for cell in header.cells)
    first_line = header.last_line + 1
    body = _body(text.content, header.last_line)
    faults: list[Fault] = []
    frame = _read_regular(body, delimiter, len(headers), first_line) if body else None
    if frame is None:
        frame, faults = _read_irregular(body, delimiter, len(headers), first_line)
    rows, blank = without_blank_rows(frame)
    return TextTable(
        headers, rows, header.first_line, text.encoding, delimiter,
        faults=(*faults, *blank), suspect=text.suspect, damaged=text.damaged,
    )  # fmt: skip
