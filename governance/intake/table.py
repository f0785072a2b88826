"""A table as text, however it was kept: what every reader gives and everything after it takes."""

from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

LINE = "line_number"
"""Name of the column that holds the physical line; contracts may not use it."""


@dataclass(frozen=True)
class Fault:
    """Something wrong with the file or with a row's shape, found before any cell is looked at.

    ``line`` is null for what concerns the whole file; ``detail`` is what the message shows. ``record`` is the row's
    number, from 1, where its line does not tell: a line of JSON may hold every row.
    """

    rule: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    detail: str = ""
    record: int | None = None


@dataclass(frozen=True)
class TextTable:
    """Cells as text under their headers.

    ``rows`` has one String column a header, named ``0``, ``1`` and so on (null = nothing written), and ``line_number``
    (Int64, physical line from 1). Rows without any text are already left out.

    ``sheet`` is the part of the file that holds the table: a sheet, a layer, or the path of a list in a document
    ("" for the whole); null for delimited text, whose cells have no type of their own. ``numbered`` says what
    ``line_number`` counts: lines of a text, rows of a sheet, or records where a file has neither.
    """

    headers: tuple[str, ...]
    rows: pl.DataFrame
    header_row: int
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    faults: tuple[Fault, ...] = ()
    suspect: bool = field(default=False, metadata={"why": "some cell may hold damaged text"})
    damaged: bool = field(default=False, metadata={"why": "bytes that are no text were replaced"})
    format: str = "csv"
    header_rows: int = 1
    member: str | None = None
    crs: str | None = None
    numbered: Literal["line", "row", "record"] = "line"

    def detected(self) -> dict[str, Any]:
        """Return how the file was read, by the names of the fields of the receipt."""
        return {
            "encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet, "header_row": self.header_row,
            "format": self.format, "header_rows": self.header_rows, "member": self.member, "crs": self.crs,
            "numbered": self.numbered,
        }  # fmt: skip


def without_empty_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return cells where an empty text is null, as it is in a CSV: nothing is written there, however it was kept."""
    empty = [name for name, dtype in frame.schema.items() if dtype == pl.String and (frame[name] == "").any()]
    return frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in empty)


class UnreadableError(ValueError):
    """The file cannot be read as a table; carries the one fault to report and what is known of the file."""

    def __init__(self, rule: str, detail: str = "", line: int | None = None, table: TextTable | None = None) -> None:
        super().__init__(f"{rule}: {detail}")
        self.fault = Fault(rule, line, detail=detail)
        self.table = table
