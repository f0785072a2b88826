"""Delimited text (CSV) to a table of text, with the physical line of every record.

Polars reads fast but hides short rows and would shift line numbers after a quoted line break, so the file's
shape is checked first, vectorised; only a file whose shape is not regular goes through ``csv.reader``.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from governance.federation import Reading
from governance.intake.decoding import Text
from governance.intake.header import SEARCHED_ROWS, Wanted, best_row, clean
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_BYTES = 256 * 1024
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
    for delimiter in (reading.delimiter,) if reading.delimiter else DELIMITERS:
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
    assert best is not None
    return best[2], best[3]


def _after_line(content: bytes, line: int) -> bytes:
    """Return what stands below a physical line."""
    position = 0
    for _ in range(line):
        position = content.find(b"\n", position) + 1
        if position == 0:
            return b""
    return content[position:]


def _is_regular(body: bytes, delimiter: str, width: int) -> bool:
    """Tell whether each physical line is one record of ``width`` cells, or blank."""
    separator = delimiter.encode()
    quoted = b'"' in body
    if not quoted and b"\n\n" not in body and b"\n\r\n" not in body and body[:1] not in b"\r\n":
        # extra cells make Polars fail, so the right sum of separators means that no row is short either
        return body.count(separator) == (body.count(b"\n") + 1) * (width - 1)
    lines = pl.read_lines(io.BytesIO(body)).filter(pl.col("line") != "").lazy()
    has_quote = pl.col("line").str.contains('"', literal=True)
    count_fits = pl.col("line").str.count_matches(delimiter, literal=True) == width - 1
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{mark}]*)'
    shape_fits = pl.col("line").str.contains(rf"^{cell}(?:{mark}{cell}){{{width - 1}}}$")
    fits = pl.when(has_quote).then(shape_fits).otherwise(count_fits)
    return bool(lines.select(fits.all()).collect().item())


def _read_regular(body: bytes, delimiter: str, width: int, first_line: int) -> pl.DataFrame | None:
    """Read a body of regular shape with Polars; ``None`` if it disagrees after all."""
    try:
        frame = pl.read_csv(
            io.BytesIO(body), has_header=False, separator=delimiter, infer_schema=False,
            quote_char='"' if b'"' in body else None, new_columns=[str(i) for i in range(width)],
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    if frame.width != width or frame.height != body.count(b"\n") + 1:
        return None
    return frame.with_columns(pl.int_range(first_line, first_line + pl.len(), dtype=pl.Int64).alias(LINE))


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
    if record is not None and record.last_line > record.first_line and text.count('"') % 2:
        faults.append(Fault("unclosed-quote", record.first_line))
    columns = list(zip(*rows, strict=True)) or [()] * width
    data = {str(i): pl.Series(values, dtype=pl.String) for i, values in enumerate(columns)}
    return pl.DataFrame({**data, LINE: pl.Series(lines, dtype=pl.Int64)}), faults


def without_blank_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out rows without any text; those between rows that have some are reported."""
    cells = [name for name in frame.columns if name != LINE]
    empty = frame.select(pl.all_horizontal(pl.col(cells).is_null() | (pl.col(cells).str.len_bytes() == 0))).to_series()
    maybe = frame.filter(empty)
    if maybe.height == 0:
        return frame, []
    kept = frame.filter(~empty)
    last = kept[LINE].max() if kept.height else 0
    between = maybe.filter(pl.col(LINE) < last)[LINE].to_list()
    return kept, [Fault("blank-row", line) for line in between]


def read_delimited(text: Text, reading: Reading, wanted: Wanted) -> TextTable:
    """Read delimited text; what is not pinned is found.

    Raises:
        UnreadableError: no header, no row, or a quote that is never closed.
    """
    delimiter, header = _locate(text, reading, wanted)
    headers = tuple(clean(cell) for cell in header.cells)
    first_line = header.last_line + 1
    body = _after_line(text.content, header.last_line).rstrip(b"\r\n")
    frame: pl.DataFrame | None = None
    faults: list[Fault] = []
    if body and _is_regular(body, delimiter, len(headers)):
        frame = _read_regular(body, delimiter, len(headers), first_line)
    if frame is None:
        frame, faults = _read_irregular(body, delimiter, len(headers), first_line)
    rows, blank = without_blank_rows(frame)
    return TextTable(
        headers, rows, header.first_line, text.encoding, delimiter,
        faults=(*faults, *blank), suspect=text.suspect, damaged=text.damaged,
    )  # fmt: skip
