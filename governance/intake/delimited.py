"""Delimited text (CSV) to a table of text, with the physical line of every record.

Polars reads fast but hides short rows and would shift line numbers after a quoted line break, so the shape of each
piece of the file is checked, vectorised; only a piece whose shape is not regular is first made so.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import polars as pl

from governance.federation import Reading
from governance.intake.byte_counts import count_byte
from governance.intake.decoding import Text
from governance.intake.header import SEARCHED_ROWS, Heading, Wanted, clean, find_heading
from governance.intake.limits import MAX_LINE_BYTES, check_shape
from governance.intake.no_data_rows import SIGNS_OF_A_TOTAL, without_rows_of_no_data
from governance.intake.records_of_text import Record, check_line_length, make_regular, records
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_BYTES = 64 * 1024
LIKELY_SAMPLE = 4096
WHOLE_BYTES = 256 * 1024 * 1024
"""Up to this size a text is tried in one go: starting the reader once is cheapest."""
PIECE_BYTES = 2 * 1024 * 1024
NEAR_LINES = 64


@dataclass(frozen=True)
class Found:
    """The delimiter, the heading, and the physical lines on which the header starts and ends."""

    delimiter: str
    heading: Heading
    first_line: int
    last_line: int


def _top(text: str, delimiter: str, until: int) -> list[Record]:
    top = []
    for record in records(io.StringIO(text, newline=""), delimiter):
        top.append(record)
        if len(top) >= SEARCHED_ROWS and record.last_line >= until:
            break
    return top


def _sample(content: bytes, pinned: int) -> str:
    """Return the top of the text; never half of its first line, which may be as long as a line may be."""
    end = len(content) if pinned > SEARCHED_ROWS else max(SAMPLE_BYTES, check_line_length(content, 0, 1))
    return content[:end].decode("utf-8", "ignore")


def _beyond_doubt(lines: str, delimiter: str, wanted: Wanted) -> Found | None:
    """Find a header near the top that leaves no doubt; most files have theirs on the first line."""
    first = lines[: lines.find("\n", 0, LIKELY_SAMPLE) + 1]
    found = _at_the_top(first, delimiter, wanted) if '"' not in first else None  # the record may go on in the next line
    return found or _near_the_top(lines, delimiter, wanted)


@lru_cache(maxsize=256)
def _at_the_top(line: str, delimiter: str, wanted: Wanted) -> Found | None:
    """Find the header in a first line; once for files written alike, of which there may be as many as communes."""
    return _near_the_top(line, delimiter, wanted)


def _near_the_top(lines: str, delimiter: str, wanted: Wanted) -> Found | None:
    for record in islice(records(io.StringIO(lines, newline=""), delimiter), SEARCHED_ROWS):
        if wanted.is_met_by(record.cells):
            heading = Heading(0, 1, wanted.count(record.cells), tuple(clean(cell) for cell in record.cells))
            return Found(delimiter, heading, record.first_line, record.last_line)
    return None


def locate(content: bytes, reading: Reading, wanted: Wanted) -> Found:
    """Find delimiter and header together: the pair that names most wanted columns.

    Raises:
        UnreadableError: nothing stands on the pinned line, or the pinned delimiter is none.
    """
    pinned = reading.header_row or 0
    lines = _sample(content, pinned)
    likely = sorted(DELIMITERS, key=lambda sign: -lines.count(sign, 0, LIKELY_SAMPLE))
    if reading == Reading(encoding=reading.encoding):
        found = _beyond_doubt(lines, likely[0], wanted)
        if found is not None:
            return found
    best: tuple[tuple[int, int], Found] | None = None
    for delimiter in (reading.delimiter,) if reading.delimiter else likely:
        if len(delimiter) != 1:
            raise UnreadableError("delimiter-unknown", delimiter)
        top = _top(lines, delimiter, pinned)
        if pinned:
            top = [record for record in top if record.first_line >= pinned][: reading.header_rows or 1]
            if not top or top[0].first_line != pinned:
                raise UnreadableError("header-not-found", str(pinned), pinned)
        heading = find_heading([record.cells for record in top], wanted, reading.header_rows or (1 if pinned else None))
        first, last = top[heading.index], top[heading.index + heading.height - 1]
        score = (heading.count, len(heading.headers))
        if best is None or score > best[0]:
            best = score, Found(delimiter, heading, first.first_line, last.last_line)
        if heading.count == len(wanted.folded):
            break
    assert best is not None
    return best[1]


def edges(content: bytes, header_line: int, last_row: int | None) -> tuple[int, int]:
    """Return where the body starts and ends, without line ends after the last text."""
    start, end = 0, len(content)
    for _ in range(header_line):
        start = content.find(b"\n", start) + 1
        if start == 0:
            return end, end
    if last_row is not None:
        at = start
        for _ in range(last_row - header_line):
            at = content.find(b"\n", at) + 1
            if at == 0:
                break
        end = at or end
    while end > start and content[end - 1] in b"\r\n":
        end -= 1
    return start, end


def _has_each_byte(frame: pl.DataFrame, body: bytes, delimiter: str, quotes: int, is_whole: bool) -> bool:
    """Tell whether every record has as many cells as the frame has columns.

    A long record makes Polars fail and a short one lacks separators, so the right sum means a regular shape. Where the
    last column is filled throughout, no record is short, and counting separators would cost as much as reading.
    Where quotes may hide separators, cells, separators, line ends and quotes must make up the text to the byte.
    In a piece of a text a quote inside a cell could also be one that the piece's end left open: not certain.
    """
    separators = (frame.width - 1) * frame.height
    if not quotes:
        return not frame.to_series(-1).null_count() or count_byte(body, delimiter.encode()) == separators
    cells = int(frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum().fill_null(0))).item())
    left = len(body) - cells - separators - (frame.height - 1)
    around = quotes + (count_byte(body, b"\r") if b"\r" in body else 0)
    if left == around or not is_whole:
        return left == around
    inside = pl.all().str.count_matches('["\r]').sum().fill_null(0)
    return left == around - int(frame.select(pl.sum_horizontal(inside)).item())


def _lines_of(frame: pl.DataFrame, body: bytes, first_line: int) -> pl.Series:
    """Return the physical line on which each record starts; cells may hold line ends of their own."""
    index = pl.int_range(first_line, first_line + frame.height, dtype=pl.Int64, eager=True).alias(LINE)
    if b'"' not in body or count_byte(body, b"\n") == frame.height - 1:
        return index
    inside = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))).to_series()
    return (index + inside.cast(pl.Int64).cum_sum().shift(1, fill_value=0)).alias(LINE)


def _fast(body: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    try:
        frame = pl.read_csv(
            body, has_header=False, separator=delimiter, schema={str(place): pl.String for place in range(width)},
            quote_char='"' if b'"' in body else None,
            null_values="",  # kept because an empty cell is nothing written, quoted or not
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.width == width else None


def read_regular(
    body: bytes, delimiter: str, width: int, first_line: int, is_whole: bool = True, quotes: int | None = None
) -> pl.DataFrame | None:
    """Read a body with Polars; ``None`` if it is no UTF-8, a record has not ``width`` cells, or a quote may be open.

    ``quotes`` are how many it has, where they were counted already.
    """
    quotes = count_byte(body, b'"') if quotes is None else quotes
    if quotes % 2:
        return None
    frame = _fast(body, delimiter, width)
    if frame is None or not _has_each_byte(frame, body, delimiter, quotes, is_whole):
        return None
    return frame.hstack([_lines_of(frame, body, first_line)])


def _read_made_regular(
    piece: bytes, delimiter: str, width: int, line: int, is_last: bool
) -> tuple[pl.DataFrame, list[Fault], int]:
    """Read a piece of any shape; return its rows, its faults, and how many of its lines were used."""
    regular = make_regular(piece.split(b"\n"), delimiter, width, line, is_last)
    numbers = pl.Series(LINE, regular.lines_of, dtype=pl.Int64)
    if not regular.lines_of:
        schema = {str(place): pl.String for place in range(width)}
        return pl.DataFrame(schema=schema).hstack([numbers]), regular.faults, regular.used
    frame = _fast(b"\n".join(regular.content), delimiter, width)
    if frame is None or frame.height != len(numbers):
        raise UnreadableError("not-a-table", "CSV", line)
    return frame.hstack([numbers]), regular.faults, regular.used


def _cut(content: bytes, start: int, end: int, size: int, line: int) -> int:
    """Return where a piece ends: at a line feed, with an even number of quotes before it if one is near."""
    if end - start <= size:
        return end
    cut = content.rfind(b"\n", start, start + size)
    if cut < 0:
        return min(check_line_length(content, start, line), end)
    odd = count_byte(content, b'"', start, cut) % 2
    for _ in range(NEAR_LINES if odd else 0):
        following = content.find(b"\n", cut + 1, end)
        if following < 0:
            return end
        odd = (odd + content.count(b'"', cut, following)) % 2
        cut = following
        if not odd:
            break
    return cut


def read_piecemeal(
    content: bytes, start: int, end: int, delimiter: str, width: int, line: int
) -> tuple[pl.DataFrame, list[Fault]]:
    """Read piece by piece, so that what is odd in one place costs nothing elsewhere, and memory stays bounded.

    Raises:
        UnreadableError: more than one file may hold, or a quote that is never closed.
    """
    frames: list[pl.DataFrame] = []
    faults: list[Fault] = []
    size = PIECE_BYTES
    while start < end:
        cut = _cut(content, start, end, size, line)
        piece = content[start:cut]
        frame = read_regular(piece, delimiter, width, line, is_whole=False)
        used, found = 0, list[Fault]()
        if frame is None:
            frame, found, used = _read_made_regular(piece, delimiter, width, line, cut == end)
            if used == 0:  # one record that is longer than the piece
                if size > 2 * MAX_LINE_BYTES:
                    raise UnreadableError("unclosed-quote", line=line)
                size *= 2
                continue
        lines = count_byte(piece, b"\n") + 1
        if used and used < lines:
            cut = start + sum(len(text) + 1 for text in piece.split(b"\n")[:used]) - 1
            lines = used
        frames.append(frame)
        faults += found
        start, line, size = cut + 1, line + lines, PIECE_BYTES
        check_shape(line, width)
    return pl.concat(frames), faults


def read_at_once(
    content: bytes, start: int, end: int, delimiter: str, width: int, line: int,
    is_whole: bool = True, quotes: int | None = None,
) -> pl.DataFrame | None:  # fmt: skip
    """Read the records between two places of a text, the first of which stands on ``line``; ``None`` as above.

    Unless it ``is_whole``, a quote that the text leaves open may be closed behind its end.
    """
    if end <= start:
        return pl.DataFrame(schema={**{str(place): pl.String for place in range(width)}, LINE: pl.Int64})
    if end - start > WHOLE_BYTES:
        return None
    frame = read_regular(content[start:end], delimiter, width, line, is_whole, quotes)
    if frame is None:
        return None
    check_shape(frame.height, width)
    return frame.rechunk() if frame.n_chunks() > 1 else frame  # kept because mixed chunks cost more later


def read_delimited(text: Text, reading: Reading, wanted: Wanted) -> TextTable:
    """Read delimited text; what is not pinned is found.

    Raises:
        UnreadableError: no header, no row, a quote that is never closed, or more than one file may hold.
    """
    found = locate(text.content, reading, wanted)
    headers, delimiter = found.heading.headers, found.delimiter
    check_shape(0, len(headers))
    start, end = edges(text.content, found.last_line, reading.last_row)
    place = (text.content, start, end, delimiter, len(headers), found.last_line + 1)
    frame, faults = read_at_once(*place), list[Fault]()
    if frame is None:
        frame, faults = read_piecemeal(*place)
    is_small = len(text.content) <= PIECE_BYTES  # where to look at the bytes is cheaper than to look at the rows
    may_have_totals = not is_small or any(sign in text.content for sign in SIGNS_OF_A_TOTAL)
    rows, no_data = without_rows_of_no_data(headers, frame, wanted, may_have_totals=may_have_totals)
    if found.heading.height > 1:
        faults.append(Fault("header-joined", found.first_line, detail=f"{found.first_line}–{found.last_line}"))
    return TextTable(
        headers, rows, found.first_line, text.encoding, delimiter, faults=(*faults, *no_data),
        suspect=text.suspect, damaged=text.damaged, header_rows=found.heading.height,
    )  # fmt: skip
