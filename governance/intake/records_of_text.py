"""Records of a delimited text whose shape is not regular, made regular without going cell by cell.

A line without quotes is a record by itself, and counting its separators says whether it has the right number of
cells; only records with quotes go through ``csv.reader``. What comes out is regular text for the fast reader, the
line on which each record starts, and the faults.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from governance.intake.limits import MAX_LINE_BYTES, in_mib
from governance.intake.table import Fault, UnreadableError

csv.field_size_limit(MAX_LINE_BYTES)  # kept because a commune's outline in GeoJSON passes the default


@dataclass(frozen=True)
class Record:
    """One record and the physical lines it stands on."""

    first_line: int
    last_line: int
    cells: list[str]


def records(lines: Iterator[str], delimiter: str, first_line: int = 1) -> Iterator[Record]:
    """Read records one by one; ``lines`` keep their line ends.

    Raises:
        UnreadableError: a quote is opened and never closed.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            yield Record(first_line + before, first_line + reader.line_num - 1, cells)
            before = reader.line_num
    except csv.Error as error:
        raise UnreadableError("unclosed-quote", str(error), first_line + before) from None


@dataclass
class Regular:
    """Regular text made of a piece: ``lines_of`` has the physical line of each record; ``used`` lines were read."""

    content: list[bytes] = field(default_factory=list)
    lines_of: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    used: int = 0


def _fault(cells: list[str], width: int, line: int) -> Fault | None:
    if len(cells) == width or not any(cell.strip() for cell in cells):
        return None
    extra = [cell for cell in cells[width:] if cell.strip()]
    detail = f"{len(cells)}/{width}"
    if extra:
        return Fault("extra-cell", line, None, extra[0], detail)
    return Fault("missing-cell", line, None, None, detail) if len(cells) < width else None


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell else ""


def _write(cells: list[str], width: int, delimiter: str) -> bytes:
    whole = (cells + [""] * width)[:width]
    if width == 1 and not whole[0]:
        return b'""'  # kept because the fast reader passes over a line without anything
    return delimiter.join(map(_quoted, whole)).encode("utf-8")


def is_left_open(lines: list[bytes], delimiter: str) -> bool:
    """Tell whether the record of these lines ends inside a quoted cell; a mid-cell quote is just a sign."""
    text = b"\n".join(lines).decode("utf-8")
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def make_regular(lines: list[bytes], delimiter: str, width: int, first_line: int, is_last: bool) -> Regular:
    """Make a piece of text regular: short records are filled, long ones cut, each with its fault.

    ``lines`` have no line feed. Unless the piece is the last, a record that its end may have cut is not used.

    Raises:
        UnreadableError: a quote is opened and not closed within what one cell may hold.
    """
    answer, mark, separators = Regular(), delimiter.encode(), width - 1
    place, end = 0, len(lines)
    while place < end:
        line = lines[place]
        number = first_line + place
        if b'"' not in line:
            bare = line[:-1] if line.endswith(b"\r") else line
            if bare.count(mark) != separators or not bare:
                cells = bare.decode("utf-8").split(delimiter) if bare else []
                fault = _fault(cells, width, number)
                if fault is not None:
                    answer.faults.append(fault)
                bare = _write(cells, width, delimiter)
            place += 1
        else:
            rest = (lines[at].decode("utf-8") + ("\n" if at + 1 < end else "") for at in range(place, end))
            record = next(records(rest, delimiter, number))
            taken = record.last_line - record.first_line + 1
            if place + taken == end and is_left_open(lines[place:], delimiter):
                if not is_last:
                    break
                answer.faults.append(Fault("unclosed-quote", number))
            fault = _fault(record.cells, width, number)
            if fault is not None:
                answer.faults.append(fault)
            bare = _write(record.cells, width, delimiter)
            place += taken
        answer.content.append(bare)
        answer.lines_of.append(number)
    answer.used = place
    return answer


def check_line_length(content: bytes, start: int, line: int) -> int:
    """Return where the line that starts at ``start`` ends, its line feed left out.

    Raises:
        UnreadableError: it is longer than ``MAX_LINE_BYTES``.
    """
    end = content.find(b"\n", start, start + MAX_LINE_BYTES + 1)
    if end >= 0:
        return end
    if len(content) - start > MAX_LINE_BYTES:
        raise UnreadableError("line-too-long", in_mib(MAX_LINE_BYTES), line)
    return len(content)
