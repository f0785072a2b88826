"""Small files written alike, read as one: starting the reader costs more than reading a thousand rows.

Only what leaves no doubt is read together: delimited text under the same header, each record on a line of its own, all
with as many cells. A file that may leave a quote open or hold a total is read alone. Blank rows, exchanged axes, a
short line: whatever else needs a look at one file sends its group back, to be read file by file as any other.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from governance.federation import Reading
from governance.intake.axes import check_axes
from governance.intake.decoding import Text, decode
from governance.intake.delimited import Found, edges, locate, read_regular
from governance.intake.header import Wanted
from governance.intake.limits import MIB
from governance.intake.model import ReceivedFile
from governance.intake.no_data_rows import could_be_units, places_of_totals, without_blank_rows
from governance.intake.reading import kind_of
from governance.intake.table import LINE, TextTable, UnreadableError

SMALL_BYTES = MIB
"""Above it a file is worth a reader of its own."""


@dataclass(frozen=True)
class _Plain:
    """A small file that is plain delimited text: its text, its header, and the body below, ``lines`` long."""

    key: str
    wanted: Wanted
    text: Text
    found: Found
    body: bytes
    lines: int

    @property
    def shape(self) -> object:
        """Equal for files that can be read as one."""
        return self.found.delimiter, self.found.heading.headers, tuple(self.wanted.headers.items())


def read_alike(files: Sequence[tuple[ReceivedFile, Wanted]]) -> dict[str, TextTable]:
    """Return the tables, by key, of files that could be read together; the others are to be read one by one."""
    groups: dict[object, list[_Plain]] = defaultdict(list)
    for file, wanted in files if len(files) > 1 else ():
        plain = _plain(file, wanted)
        if plain is not None:
            groups[plain.shape].append(plain)
    tables: dict[str, TextTable] = {}
    for group in groups.values():
        if len(group) > 1:
            tables |= _read_group(group)
    return tables


def _plain(file: ReceivedFile, wanted: Wanted) -> _Plain | None:
    """Return a file that may be read with others; None where it is anything but the simplest."""
    if file.reading != Reading(encoding=file.reading.encoding):
        return None
    try:
        if file.path.stat().st_size > SMALL_BYTES or kind_of(file.path) != "text":
            return None
        text = decode(file.path.read_bytes(), file.reading.encoding)
        if text.content.lstrip()[:1] in (b"{", b"["):
            return None
        found = locate(text.content, file.reading, wanted)
    except (OSError, UnreadableError):
        return None  # kept quiet because it is read again, alone, and says so then
    start, end = edges(text.content, found.last_line, None)
    body = text.content[start:end]
    if not body or len(found.heading.headers) < 2 or found.heading.height > 1:
        return None
    first = body[: body.find(b"\n")] if b"\n" in body else body
    if could_be_units(first.decode().replace('"', "").split(found.delimiter)):
        return None
    return _Plain(file.key, wanted, text, found, body, body.count(b"\n") + 1)


def _is_regular(plain: _Plain) -> bool:
    """Tell whether a file would be read with others as it is alone: no short, blank or open line."""
    delimiter, width = plain.found.delimiter.encode(), len(plain.found.heading.headers)
    more = plain.body.count(delimiter) - (width - 1) * plain.lines
    if b"\n" + delimiter * (width - 1) in plain.body:
        return False
    return more >= 0 and not _leaves_open(plain.body) if b'"' in plain.body else more == 0


def _leaves_open(body: bytes) -> bool:
    """Tell whether some line has an odd number of quotes: its record may go on in the next line, or the next file."""
    return any(line.count(b'"') % 2 for line in body.split(b"\n") if b'"' in line)


def _read_group(group: Sequence[_Plain]) -> dict[str, TextTable]:
    """Read files as one and cut the rows apart again; nothing where a closer look is needed.

    Mostly all are regular. Only where that turns out wrong are those that are not looked for, which costs as much as
    to read all; until then a quote inside a cell could also be one that another file left open.
    """
    frame = _rows_of(group, is_whole=False)
    tables = {} if frame is None else _apart(group, frame)
    if tables:
        return tables
    regular = [plain for plain in group if _is_regular(plain)]
    if len(regular) < 2 or (frame is not None and len(regular) == len(group)):  # nothing would be read otherwise
        return {}
    frame = _rows_of(regular, is_whole=True)
    return {} if frame is None else _apart(regular, frame)


def _rows_of(group: Sequence[_Plain], is_whole: bool) -> pl.DataFrame | None:
    """Return the rows of all files, if they are as many as lines: then none reaches from one file into the next."""
    width = len(group[0].found.heading.headers)
    body = b"\n".join(plain.body for plain in group)
    frame = read_regular(body, group[0].found.delimiter, width, 1, is_whole)
    if frame is None or frame.height != sum(plain.lines for plain in group):
        return None
    return frame.rechunk().with_columns(_lines_of(group))


def _apart(group: Sequence[_Plain], frame: pl.DataFrame) -> dict[str, TextTable]:
    """Cut the rows of files apart; a file that may hold a total is left out, to be looked at by itself."""
    found, wanted = group[0].found, group[0].wanted
    headers = found.heading.headers
    if without_blank_rows(frame)[0].height != frame.height or check_axes(headers, frame, wanted, Reading())[1]:
        return {}
    ends = list(accumulate(plain.lines for plain in group))
    totals = places_of_totals(headers, frame, wanted, [end - 1 for end in ends])
    doubtful = {bisect(ends, place) for place in totals}
    tables = {}
    for number, plain in enumerate(group):
        if number not in doubtful:
            tables[plain.key] = TextTable(
                headers, frame.slice(ends[number] - plain.lines, plain.lines), plain.found.first_line,
                plain.text.encoding, found.delimiter, suspect=plain.text.suspect, damaged=plain.text.damaged,
            )  # fmt: skip
    return tables


def _lines_of(group: Sequence[_Plain]) -> pl.Series:
    """Physical line of each row, file after file."""
    starts = [plain.found.last_line + 1 for plain in group]
    ends = [start + plain.lines for start, plain in zip(starts, group, strict=True)]
    ranges = pl.DataFrame({"from": starts, "to": ends}, schema={"from": pl.Int64, "to": pl.Int64})
    numbers = ranges.select(pl.int_ranges("from", "to", dtype=pl.Int64).alias(LINE))
    return numbers.to_series().list.explode(keep_nulls=False, empty_as_null=False)
