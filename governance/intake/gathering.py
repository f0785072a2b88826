"""From received files to one frame of text: each file read and mapped alone, all put together once.

Reading is the only thing done file by file; whatever needs the query engine waits until all rows stand together,
since starting it a hundred times costs more than judging a hundred thousand rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from connectors.problems import is_out_of_room
from governance.contracts.model import Contract
from governance.intake.formats import rewrite
from governance.intake.header import Wanted, match
from governance.intake.model import ReceivedFile
from governance.intake.no_text import is_no_text
from governance.intake.parsers import join_cells, rules_of
from governance.intake.reading import read_file
from governance.intake.row_keys import FILE
from governance.intake.table import LINE, Fault, TextTable, UnreadableError
from governance.intake.validate import RECORD


@dataclass(frozen=True)
class MappedFile:
    """A file that could be read: its rows as written, with ``line_number``, under the contract columns it has."""

    file: ReceivedFile
    table: TextTable
    rows: pl.DataFrame
    faults: tuple[Fault, ...]
    notation: str
    """Equal for files whose values are written alike."""


@dataclass(frozen=True)
class Gathered:
    """All rows of all files, as written and in the contract's notation, with ``FILE``, ``RECORD`` and lines.

    ``FILE`` is the file's place in ``files``; its rows are the ``heights`` after those of the files before it.
    """

    files: tuple[MappedFile, ...]
    heights: tuple[int, ...]
    written: pl.DataFrame
    rows: pl.DataFrame

    @property
    def parsed(self) -> frozenset[tuple[str, str]]:
        """Column and rule of every declared parser that may not be able to read a cell."""
        declared = [item for mapped in self.files for item in mapped.file.column_formats.items()]
        return frozenset((name, rule) for name, formats in declared for rule in rules_of(formats))


def read_table(file: ReceivedFile, wanted: Wanted) -> TextTable:
    """Read one file as text, whatever its kind.

    Raises:
        UnreadableError: with the reason to report.
    """
    try:
        return read_file(file.path, file.reading, wanted)
    except OSError as error:
        if is_out_of_room(error):  # ours: the file may be as good as any
            raise
        raise UnreadableError("not-a-table", error.strerror or str(error)) from None


def _constant(name: str, value: str, height: int) -> pl.Series:
    return pl.Series(name, [value], dtype=pl.String).new_from_index(0, height)


def wanted_of(file: ReceivedFile, contract: Contract) -> Wanted:
    """Return the headers to look for in a file."""
    joined = {name: formats.join for name, formats in file.column_formats.items() if formats.join}
    return Wanted.of(contract, file.columns, file.constants, joined)


def _blank_headers(table: TextTable) -> list[Fault]:
    """Find columns with values that no header names: they are ignored, which the clerk must know."""
    faults = []
    for place, header in enumerate(table.headers):
        if not header and table.rows.get_column(str(place)).drop_nulls().len():
            faults.append(Fault("blank-header", table.header_row, None, None, str(place + 1)))
    return faults


def _unknown_columns(file: ReceivedFile, wanted: Wanted, line: int) -> list[Fault]:
    """Find columns that the source declares and the contract has not: a misspelt one would be ignored in silence."""
    declared = (*file.columns, *file.constants, *file.column_formats)
    names = dict.fromkeys(name for name in declared if name not in wanted.headers and name not in wanted.joined)
    return [Fault("declared-column-unknown", line, None, name) for name in names]


def _named(rows: pl.DataFrame, positions: Mapping[str, int]) -> pl.DataFrame:
    """Return the columns that a contract wants, by its names, and the lines.

    To name all at once takes a tenth of naming each, which counts where there are as many files as communes.
    """
    names = {str(position): name for name, position in positions.items()}
    if len(names) == len(positions) == rows.width - 1:
        named = rows.clone()
        named.columns = [names.get(place, place) for place in rows.columns]
        return named
    return pl.DataFrame([*(rows.get_column(str(at)).alias(name) for name, at in positions.items()), rows[LINE]])


def read_mapped(file: ReceivedFile, wanted: Wanted, table: TextTable | None = None) -> MappedFile:
    """Read one file, unless it was, and put its columns under the contract's names.

    Raises:
        UnreadableError: with the reason to report.
    """
    table = table or read_table(file, wanted)
    matched = match(table.headers, wanted, table.header_row)
    height = table.rows.height
    if not matched.positions and not matched.joined:
        if is_no_text(table):
            raise UnreadableError("not-a-text")
        raise UnreadableError("header-not-found", line=table.header_row, table=table)
    if height == 0:
        raise UnreadableError("no-rows", line=table.header_row, table=table)
    named, cells = _named(table.rows, matched.positions), list[pl.Series]()
    for name, places in matched.joined.items():
        parts = [table.rows.get_column(str(place)) for place in places]
        cells.append(join_cells(parts, file.column_formats[name].separator).alias(name))
    cells += [_constant(name, value, height) for name, value in file.constants.items() if name in wanted.headers]
    own = {name: formats.model_dump_json() for name, formats in sorted(file.column_formats.items())}
    notation = f"{file.formats.model_dump_json()}{own}{table.sheet is not None}"
    rows = named.hstack(cells) if cells else named
    odd = (*_unknown_columns(file, wanted, table.header_row), *_blank_headers(table))
    return MappedFile(file, table, rows, (*matched.faults, *odd, *table.faults), notation)


def _missing_to_null(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Take the contract's missing values for nothing; where "" is not one of them, an empty cell is a text.

    Columns without any are left as they are: to look costs a tenth of writing a column anew.
    """
    missing = {
        column.name: list(contract.missing_values if column.missing_values is None else column.missing_values)
        for column in contract.columns
    }
    # Left out where nothing but "" is missing: every reader gives null for it.
    told = {name: [value for value in values if value] for name, values in missing.items()}
    found = frame.select(pl.col(name).is_in(values).any() for name, values in told.items() if values)
    cells = []
    for name, values in missing.items():
        value = pl.col(name)
        if "" not in values and frame[name].null_count():
            value = value.fill_null("")
        if told[name] and found[name].item():
            value = pl.when(value.is_in(told[name]).not_()).then(value)
        cells.append(value.alias(name))
    return frame.with_columns(cells)


def gather(files: Sequence[MappedFile], contract: Contract, first_record: int = 1) -> Gathered:
    """Put all rows together, files written alike side by side, and rewrite each such run at once.

    The records of each file are numbered from ``first_record``.
    """
    ordered = tuple(sorted(files, key=lambda mapped: mapped.notation))
    heights = tuple(mapped.rows.height for mapped in ordered)
    places = pl.DataFrame({FILE: range(len(ordered)), "n": heights}, schema={FILE: pl.UInt32, "n": pl.Int64})
    numbers = places.select(
        FILE, pl.int_ranges(first_record, pl.col("n") + first_record, dtype=pl.Int64).alias(RECORD)
    ).explode(RECORD)
    together = pl.concat([mapped.rows for mapped in ordered], how="diagonal", rechunk=True)
    names = [column.name for column in contract.columns]
    absent = [pl.lit(None, pl.String).alias(name) for name in names if name not in together.columns]
    written = _missing_to_null(together.with_columns(absent).select(*names, LINE).hstack(numbers), contract)
    parts, start = [], 0
    for _, run in groupby(ordered, key=lambda mapped: mapped.notation):
        alike = list(run)
        height = sum(mapped.rows.height for mapped in alike)
        file, table = alike[0].file, alike[0].table
        part = written.slice(start, height)
        parts.append(rewrite(part, contract, file.formats, file.column_formats, table.sheet is not None))
        start += height
    return Gathered(ordered, heights, written, parts[0] if len(parts) == 1 else pl.concat(parts, rechunk=True))
