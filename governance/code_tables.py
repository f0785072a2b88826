"""Tables of codes that stand as a small CSV beside a declaration: ``codes: natures.csv``.

A table is read where the declaration is, and becomes part of it: a run keeps what it was read by, and a table that
changes makes the source be looked at anew.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20
HEADER = ["code", "value"]
_NAME = re.compile(r"[\w][\w .-]*\.csv")


class CodeTableError(ValueError):
    """A table of codes cannot be used; the message names the file, the line and the reason."""


def read_code_table(path: Path) -> dict[str, str]:
    """Return code → value; UTF-8, ``;`` or ``,``, the header ``code;value``.

    Raises:
        CodeTableError: no such file, too large, another header, a line without two cells, a code twice.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CodeTableError(f"{path.name}: a table of codes has at most {MAX_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CodeTableError(f"{path.name}: cannot be read as UTF-8 text beside the declaration: {error}") from error
    head = text.split("\n", 1)[0]
    rows = csv.reader(text.splitlines(), delimiter=";" if ";" in head else ",")
    if [cell.strip() for cell in next(rows, [])] != HEADER:
        raise CodeTableError(f"{path.name}: line 1: the header is {';'.join(HEADER)}")
    codes: dict[str, str] = {}
    for row in rows:
        cells = [cell.strip() for cell in row]
        if len(cells) != len(HEADER) or not all(cells):
            raise CodeTableError(f"{path.name}: line {rows.line_num}: a code and a value, both filled in")
        if cells[0] in codes:
            raise CodeTableError(f"{path.name}: line {rows.line_num}: code {cells[0]!r} stands there twice")
        codes[cells[0]] = cells[1]
    return codes


def with_code_tables(declared: Any, folder: Path) -> Any:
    """Return a member's declaration with the table in the place of each file's name under ``codes``.

    Raises:
        CodeTableError: a table cannot be used, or is not a mere name beside the declaration.
    """
    for source in _children(declared, "sources"):
        for formats in _children(source, "column_formats"):
            if isinstance(formats, dict) and isinstance(formats.get("codes"), str):
                formats["codes"] = _table(formats["codes"], folder)
    return declared


def _children(declared: Any, name: str) -> Iterable[Any]:
    """Return what stands under a name, whatever the shape; the models say what is wrong with another one."""
    found = declared.get(name) if isinstance(declared, dict) else None
    return found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()


def _table(name: str, folder: Path) -> dict[str, str]:
    if not _NAME.fullmatch(name):
        raise CodeTableError(f"codes: {name!r} is not the name of a CSV beside the declaration")
    return read_code_table(folder / name)
