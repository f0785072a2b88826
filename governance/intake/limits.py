"""How much one file may ask of the machine: what is above is refused with words, before it costs memory or time.

Every limit is far above what a town hall's table needs, and far below what would stop the others' harvest.
"""

from governance.intake.table import UnreadableError

MIB = 1024**2
MAX_FILE_BYTES = 1024 * MIB
MAX_UNPACKED_BYTES = 1024 * MIB
"""Of one archive or workbook, all parts together."""
MAX_RATIO = 200
"""Unpacked bytes for each packed one; text of real tables packs to a fifth or a twentieth."""
RATIO_FROM_BYTES = 16 * MIB
"""A small file may pack as well as it likes."""
MAX_LINE_BYTES = 16 * MIB
"""A commune's outline in one cell is the longest line of real files, and has some hundred kilobytes."""
MAX_COLUMNS = 4096
MAX_ROWS = 20_000_000
MAX_CELLS = 400_000_000
MAX_CELLS_BY_PIECES = 1_000_000_000
"""Of a text that is read piece by piece: its cells never stand in memory together."""
MAX_SHEET_CELLS = 60_000_000
"""A workbook's reader lays out the whole rectangle that a sheet spans, 24 bytes a cell."""


def in_mib(size: int) -> str:
    """Return a size as people read it."""
    return f"{size // MIB} MiB"


def check_file_size(size: int) -> None:
    """Refuse a file that is too large to read.

    Raises:
        UnreadableError: it is larger than ``MAX_FILE_BYTES``.
    """
    if size > MAX_FILE_BYTES:
        raise UnreadableError("file-too-large", f"{in_mib(size)} > {in_mib(MAX_FILE_BYTES)}")


def check_shape(rows: int, columns: int, cells: int = MAX_CELLS) -> None:
    """Refuse a table that is too wide or too long.

    Raises:
        UnreadableError: more columns, rows or cells than a table may have.
    """
    if columns > MAX_COLUMNS:
        raise UnreadableError("too-many-columns", f"{columns} > {MAX_COLUMNS}")
    if rows > MAX_ROWS or rows * columns > cells:
        raise UnreadableError("too-many-rows", f"{rows} × {columns}")


def check_unpacked(unpacked: int, packed: int) -> None:
    """Refuse what grows too much when it is unpacked.

    Raises:
        UnreadableError: more than ``MAX_UNPACKED_BYTES``, or a ratio that no real table has.
    """
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * max(packed, 1)):
        raise UnreadableError("too-large", in_mib(unpacked))
