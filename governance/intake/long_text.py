"""A long delimited text, read piece by piece from the disk, so that memory does not grow with the file.

Only UTF-8, or a text of a byte a sign, whose rows can be told one by one is read so. Whatever needs a look at the whole
(a total, exchanged axes, UTF-16, an odd number of quotes) says so, and the file is read as any other.
"""

from collections.abc import Iterator
from dataclasses import replace
from os import SEEK_CUR
from pathlib import Path
from typing import BinaryIO, NamedTuple

from governance.federation import Reading
from governance.intake.axes import check_axes
from governance.intake.byte_counts import count_byte
from governance.intake.decoding import Text, decode, has_other_line_ends, is_utf8, taken_for_utf8
from governance.intake.delimited import NEAR_LINES, Found, edges, locate, read_at_once, read_piecemeal
from governance.intake.header import Wanted
from governance.intake.limits import MAX_CELLS_BY_PIECES, MAX_LINE_BYTES, MIB, check_shape
from governance.intake.no_data_rows import places_of_totals, split_blank_rows, without_unit_row
from governance.intake.reading import kind_of
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

PIECE_BYTES = 16 * MIB
"""Enough that the fixed cost of a pass does not count, few enough that its cells stay near the processor."""
LONG_BYTES = 2 * PIECE_BYTES
ONE_BYTE = frozenset({"cp1252", "iso8859-1", "iso8859-15"})
"""Encodings that may be pinned and in which a line feed and a quote are what they are in UTF-8."""


class WholeLookNeeded(Exception):
    """The file cannot be judged piece by piece; nothing is wrong with it by that."""


class AnotherEncodingError(WholeLookNeeded):
    """The file is no UTF-8: which encoding it is in cannot be told from a piece of it."""


def is_long(path: Path, reading: Reading) -> bool:
    """Tell whether a file is worth being read by pieces, and nothing pinned forbids it."""
    try:
        return (
            path.stat().st_size > LONG_BYTES
            and reading == Reading(encoding=reading.encoding)
            and kind_of(path) == "text"
        )
    except (OSError, UnreadableError):
        return False  # kept quiet because it is read again, as any other, and says so then


class _Piece(NamedTuple):
    """Whole lines with whole quotes, without the last line's end: to cut that off later would copy the piece."""

    content: bytes
    feeds: int
    """How many line feeds (0 or 1) were behind it."""
    quotes: int | None
    """How many it has, where that was counted."""


def _pieces(path: Path) -> Iterator[_Piece]:
    size = path.stat().st_size
    with path.open("rb") as opened:
        while (here := opened.tell()) < size:
            # Where the piece ends is looked for first, so that it is read once and never copied.
            opened.seek(PIECE_BYTES, SEEK_CUR)
            last = opened.readline(MAX_LINE_BYTES)
            behind = min(opened.tell(), size)
            ending = next((sign for sign in (b"\r\n", b"\n") if last.endswith(sign)), b"")
            opened.seek(here)
            piece = opened.read(PIECE_BYTES + len(last) - len(ending))
            opened.seek(behind)
            if ending == b"\n" and piece.endswith(b"\r"):
                piece, ending = piece[:-1], b"\r\n"
            quotes = count_byte(piece, b'"')
            if quotes % 2:
                yield _Piece(_with_quotes_closed(piece + ending, opened), 0, None)
            else:
                yield _Piece(piece, len(ending.lstrip(b"\r")), quotes)


def _with_quotes_closed(piece: bytes, opened: BinaryIO) -> bytes:
    """Return a piece with the lines behind it that end a quoted cell."""
    for _ in range(NEAR_LINES):
        line = opened.readline(MAX_LINE_BYTES)
        piece += line
        if line.count(b'"') % 2:
            return piece
    raise WholeLookNeeded


def _text(piece: bytes, reading: Reading, guessed: str | None, is_first: bool) -> Text:
    """Return a piece as text; one behind the first of what is UTF-8 is taken for it, and the reader refuses others."""
    pinned = guessed or reading.encoding
    text = decode(piece, pinned) if pinned or is_first else taken_for_utf8(piece)
    if pinned and text.encoding in ONE_BYTE:
        text = replace(text, encoding=guessed or text.encoding)
    elif not text.encoding.startswith("utf-8") or (text.damaged and not pinned):
        raise AnotherEncodingError
    if text.damaged or has_other_line_ends(piece):
        raise WholeLookNeeded
    return text


def read_by_pieces(path: Path, reading: Reading, wanted: Wanted, guessed: str | None = None) -> Iterator[TextTable]:
    """Give a long text as tables of successive rows under the same header.

    ``guessed`` is its encoding, of a byte a sign, where that was found already.

    Raises:
        AnotherEncodingError: it is no UTF-8; a guess may help.
        WholeLookNeeded: at any piece; what was given so far counts for nothing.
    """
    try:
        yield from _read(path, reading, wanted, guessed)
    except UnreadableError as error:
        raise WholeLookNeeded from error


def _read(path: Path, reading: Reading, wanted: Wanted, guessed: str | None) -> Iterator[TextTable]:
    found: Found | None = None
    line, blank = 1, list[int]()
    for piece in _pieces(path):
        text = _text(piece.content, reading, guessed, found is None)
        start, end = 0, edges(text.content, 0, None)[1]
        if found is None:
            if text.content.lstrip()[:1] in (b"{", b"["):
                raise WholeLookNeeded
            found = locate(text.content, reading, wanted)
            check_shape(0, len(found.heading.headers))
            start, line = edges(text.content, found.last_line, None)[0], found.last_line + 1
        quotes = piece.quotes if text.content is piece.content and start == 0 else None
        table = _table(found, text, (start, end), line, quotes)
        rows, without_text = split_blank_rows(table.rows)
        last = _last_line(table, text.content, start, end, line)
        following = last + text.content.count(b"\n", max(start, end)) + piece.feeds
        blank += [*without_text, *range(last + 1 if end > start else line, following)]
        line = following
        check_shape(line - found.last_line - 1, len(table.headers), MAX_CELLS_BY_PIECES)
        if rows.height:
            # Blank rows count once some row follows them: those at the end are not reported.
            foot = rows[LINE][-1]
            faults = [*table.faults, *(Fault("blank-row", at) for at in blank if at < foot)]
            blank = [at for at in blank if at > foot]
            yield _checked(replace(table, rows=rows, faults=tuple(faults)), wanted)


def _last_line(table: TextTable, content: bytes, start: int, end: int, line: int) -> int:
    """Return the line on which a body ends: that of its last record, and the line ends that its cells hold."""
    if not table.rows.height:
        return line + content.count(b"\n", start, end)
    cells = table.rows.row(-1)
    return int(table.rows[LINE][-1]) + sum(cell.count("\n") for cell in cells if isinstance(cell, str))


def _table(found: Found, text: Text, body: tuple[int, int], line: int, quotes: int | None) -> TextTable:
    headers = found.heading.headers
    if len(headers) < 2:
        raise WholeLookNeeded  # kept because a blank line of one column is no separator short
    place = (text.content, *body, found.delimiter, len(headers), line)
    rows, faults = read_at_once(*place, is_whole=False, quotes=quotes), list[Fault]()
    if rows is None:
        if not is_utf8(text.content):
            raise AnotherEncodingError
        rows, faults = read_piecemeal(*place)
    if any(fault.rule == "unclosed-quote" for fault in faults):
        raise WholeLookNeeded  # kept because a quote inside a cell makes the count of quotes even too early
    if found.heading.height > 1:
        faults.insert(0, Fault("header-joined", found.first_line, detail=f"{found.first_line}–{found.last_line}"))
    return TextTable(
        headers, rows, found.first_line, text.encoding, found.delimiter, faults=tuple(faults),
        suspect=text.suspect, header_rows=found.heading.height,
    )  # fmt: skip


def _checked(table: TextTable, wanted: Wanted) -> TextTable:
    has_units = without_unit_row(table.headers, table.rows.head(1), wanted)[1]
    if has_units or places_of_totals(table.headers, table.rows, wanted, [table.rows.height - 1]):
        raise WholeLookNeeded
    if check_axes(table.headers, table.rows, wanted, Reading())[1]:
        raise WholeLookNeeded
    return table
