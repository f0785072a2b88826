"""Examine received files against their contract: read each, judge all in one pass, split the rows of each.

    in = accepted + quarantined + duplicates

holds for every file, or it is our fault and raised. A file that cannot be read is reported as unusable and
never stops another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from governance.contracts.checks import canonical_name
from governance.contracts.model import Contract
from governance.intake.casting import dtype_of
from governance.intake.decoding import MOJIBAKE, decode
from governance.intake.delimited import read_delimited
from governance.intake.findings import SCHEMA, Findings
from governance.intake.formats import rewrite
from governance.intake.header import Wanted, match
from governance.intake.messages import MESSAGES
from governance.intake.model import (
    ContractFacts,
    Examined,
    FileFacts,
    IntakeError,
    ReceivedFile,
    Report,
    RowCounts,
    Status,
)
from governance.intake.spreadsheet import is_workbook, read_workbook
from governance.intake.table import LINE, Fault, TextTable, UnreadableError
from governance.intake.validate import FILE, INDEX, RECORD, Judged, compile_contract, validate

ABSENT = ("missing-column", "missing-optional-column")


@dataclass(frozen=True)
class _Read:
    """A file that could be read: its rows under the contract's columns, as written (null = missing)."""

    file: ReceivedFile
    table: TextTable
    rows: pl.DataFrame
    faults: tuple[Fault, ...]


def read_table(file: ReceivedFile, wanted: Wanted) -> TextTable:
    """Read one file as text, whatever its kind.

    Raises:
        UnreadableError: with the reason to report.
    """
    try:
        with file.path.open("rb") as opened:
            start = opened.read(8)
        if is_workbook(start):
            return read_workbook(file.path, file.reading, wanted)
        return read_delimited(decode(file.path.read_bytes(), file.reading.encoding), file.reading, wanted)
    except OSError as error:
        raise UnreadableError("not-a-table", error.strerror or str(error)) from None


def _read(file: ReceivedFile, contract: Contract) -> _Read:
    wanted = Wanted.of(contract, file.columns, file.constants)
    table = read_table(file, wanted)
    matched = match(table.headers, wanted, table.header_row)
    if not matched.positions:
        raise UnreadableError("header-not-found", line=table.header_row, table=table)
    if table.rows.height == 0:
        raise UnreadableError("no-rows", line=table.header_row, table=table)
    cells = []
    for column in contract.columns:
        if column.name in file.constants:
            cell = pl.lit(file.constants[column.name], dtype=pl.String)
        elif column.name in matched.positions:
            cell = pl.col(str(matched.positions[column.name]))
        else:
            cell = pl.lit(None, dtype=pl.String)
        cells.append(cell.alias(column.name))
    rows = table.rows.select(*cells, LINE, pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(RECORD))
    return _Read(file, table, rows, (*matched.faults, *table.faults))


def _missing_to_null(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Take the contract's missing values for nothing; where "" is not one of them, an empty cell is a text."""
    cells = []
    for column in contract.columns:
        missing = list(contract.missing_values if column.missing_values is None else column.missing_values)
        value = pl.col(column.name)
        if "" not in missing:
            value = value.fill_null("")
        cells.append((pl.when(value.is_in(missing).not_()).then(value) if missing else value).alias(column.name))
    return frame.with_columns(cells)


def _notation(read: _Read) -> tuple[str, str, bool]:
    own = {name: formats.model_dump_json() for name, formats in sorted(read.file.column_formats.items())}
    return read.file.formats.model_dump_json(), str(own), read.table.sheet is not None


def _gather(reads: Sequence[_Read], contract: Contract) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put all rows in one frame, twice: as written, and in the contract's notation."""
    frames = [read.rows.with_columns(pl.lit(number, pl.UInt32).alias(FILE)) for number, read in enumerate(reads)]
    written = _missing_to_null(pl.concat(frames), contract)
    runs: list[list[int]] = []
    for number, read in enumerate(reads):
        if runs and _notation(reads[runs[-1][0]]) == _notation(read):
            runs[-1].append(number)
        else:
            runs.append([number])
    parts, start = [], 0
    for run in runs:
        height = sum(reads[number].rows.height for number in run)
        first = reads[run[0]]
        part = written.slice(start, height)
        parts.append(
            rewrite(part, contract, first.file.formats, dict(first.file.column_formats), first.table.sheet is not None)
        )
        start += height
    return written, pl.concat(parts)


def _damage(rows: pl.DataFrame, read: _Read, contract: Contract, offset: int) -> Iterable[pl.DataFrame]:
    """Find cells with signs that are no text, or that lost their accents; only in files that may have some."""
    if not read.table.suspect:
        return
    for column in contract.columns:
        value = rows[column.name]
        lost = value.str.contains_any(["\ufffd", "\x00"]).fill_null(False)
        odd = value.str.contains(MOJIBAKE.pattern).fill_null(False) & ~lost
        for mask, rule in ((lost, "encoding" if read.table.damaged else "mojibake"), (odd, "mojibake")):
            index = mask.arg_true()
            if len(index):
                yield pl.DataFrame({INDEX: index.cast(pl.UInt32) + offset, "value": value.gather(index)}).select(
                    INDEX,
                    pl.lit(column.name).alias("column"),
                    pl.lit(rule).alias("rule"),
                    "value",
                    pl.lit(None, pl.UInt32).alias("check"),
                    pl.lit(MESSAGES[rule].severity == "blocks").alias("blocks"),
                )


def _fault_rows(faults: Sequence[Fault], rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return faults as errors, with the record that stands on their line where there is one."""
    frame = pl.DataFrame(
        {
            "line": [fault.line for fault in faults],
            "column": [fault.column for fault in faults],
            "value": [fault.value for fault in faults],
            "rule": [fault.rule for fault in faults],
            "detail": [fault.detail for fault in faults],
            "blocks": [MESSAGES[fault.rule].severity == "blocks" for fault in faults],
        },
        schema={name: SCHEMA[name] for name in ("line", "column", "value", "rule", "detail", "blocks")},
    )
    records = pl.DataFrame(schema={LINE: pl.Int64, RECORD: pl.Int64}) if rows is None else rows.select(LINE, RECORD)
    joined = frame.join(records, left_on="line", right_on=LINE, how="left", maintain_order="left")
    return joined.select(
        "line", pl.col(RECORD).alias("row"), "column", "value", "rule", "detail",
        pl.lit(None, SCHEMA["check"]).alias("check"), "blocks",
    )  # fmt: skip


def _absent(read: _Read) -> list[str]:
    return [fault.column for fault in read.faults if fault.rule in ABSENT and fault.column is not None]


def _said_once(read: _Read, cells: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, list[Fault]]:
    """Report an absent column once for the file instead of once a row."""
    absent = _absent(read)
    if not absent or not cells.height:
        return cells, []
    kept = ~(pl.col("column").is_in(absent) & (pl.col("rule") == "required"))
    faults = []
    for number, check in enumerate(contract.checks):
        if canonical_name(check.name) == "one-of-required" and set(check.columns) <= set(absent):
            kept = kept & (pl.col("check") != number).fill_null(True)
            faults.append(Fault("one-of-required", read.table.header_row, check.columns[0]))
    return cells.filter(kept), faults


def _errors_of(read: _Read, cells: pl.DataFrame, rows: pl.DataFrame, repeated: pl.Series, offset: int) -> pl.DataFrame:
    """Return every error of one file in reading order: the whole file first, then line by line."""
    place = rows.select(pl.int_range(offset, offset + pl.len(), dtype=pl.UInt32).alias(INDEX), LINE, RECORD)
    in_cells = cells.join(place, on=INDEX, how="left", maintain_order="left").select(
        pl.col(LINE).alias("line"), pl.col(RECORD).alias("row"), "column", "value", "rule",
        pl.lit("", pl.String).alias("detail"), "check", "blocks",
    )  # fmt: skip
    lines = rows.filter(repeated)[LINE].to_list()
    faults = [*read.faults, *(Fault("duplicate-row", line) for line in lines)]
    return pl.concat([_fault_rows(faults, rows), in_cells]).sort("line", nulls_last=False, maintain_order=True)


def _report(
    file: ReceivedFile, table: TextTable | None, contract: Contract, rows: RowCounts, errors: Findings
) -> Report:
    status: Status = "unusable" if rows.read == 0 else "invalid" if rows.quarantined else "valid"
    facts = FileFacts(name=file.filename, sha256=file.sha256)
    if table is not None:
        facts = FileFacts(
            name=file.filename, sha256=file.sha256, encoding=table.encoding, delimiter=table.delimiter,
            sheet=table.sheet, header_row=table.header_row,
        )  # fmt: skip
    about = ContractFacts(id=contract.id, version=contract.version)
    return Report(status=status, file=facts, contract=about, rows=rows, errors=errors)


def _unusable(file: ReceivedFile, contract: Contract, error: UnreadableError) -> Examined:
    names = [column.name for column in contract.columns]
    accepted = pl.DataFrame(schema={column.name: dtype_of(column) for column in contract.columns} | {LINE: pl.Int64})
    quarantined = pl.DataFrame(schema=dict.fromkeys(names, pl.String) | {LINE: pl.Int64, "rules": pl.List(pl.String)})
    errors = Findings(_fault_rows([error.fault]), contract)
    return Examined(file.key, _report(file, error.table, contract, RowCounts(), errors), accepted, quarantined)


def _split(
    read: _Read,
    written: pl.DataFrame,
    typed: pl.DataFrame,
    errors: pl.DataFrame,
    repeated: pl.Series,
    contract: Contract,
) -> Examined:
    """Part the rows of one file into accepted, quarantined and duplicates, and write its report."""
    names = [column.name for column in contract.columns]
    blocking = errors.filter("blocks")
    whole_file = blocking.filter(pl.col("row").is_null()).height > 0
    if whole_file:
        wrong = pl.repeat(True, written.height, dtype=pl.Boolean, eager=True)
    else:
        wrong = written[RECORD].is_in(blocking["row"].unique().implode())
    wrong = wrong & ~repeated
    good = ~wrong & ~repeated
    accepted = typed.with_columns(written[LINE])
    if not good.all():
        accepted = accepted.filter(good)
    kept = written.filter(wrong).select(*names, LINE, RECORD)
    file_rules = blocking.filter(pl.col("row").is_null())["rule"].unique(maintain_order=True).to_list()
    rules = blocking.group_by("row", maintain_order=True).agg(pl.col("rule").unique(maintain_order=True).alias("rules"))
    quarantined = (
        kept.join(rules, left_on=RECORD, right_on="row", how="left", maintain_order="left")
        .with_columns(
            pl.concat_list(pl.lit(file_rules, dtype=pl.List(pl.String)), pl.col("rules").fill_null([])).alias("rules")
        )
        .drop(RECORD)
    )
    counts = RowCounts(
        read=written.height, accepted=accepted.height, quarantined=quarantined.height, duplicates=int(repeated.sum())
    )
    if counts.read != counts.accepted + counts.quarantined + counts.duplicates:
        raise IntakeError(f"{read.file.key}: rows in are not accepted + quarantined + duplicates: {counts}")
    report = _report(read.file, read.table, contract, counts, Findings(errors, contract))
    return Examined(read.file.key, report, accepted, quarantined)


def _examine_all(reads: Sequence[_Read], contract: Contract) -> Iterable[Examined]:
    written, rows = _gather(reads, contract)
    judged: Judged = validate(rows, written, contract)
    offset = 0
    for read in reads:
        height = read.rows.height
        mine = written.slice(offset, height)
        low, high = (judged.errors[INDEX].search_sorted(edge, "left") for edge in (offset, offset + height))
        damage = list(_damage(mine, read, contract, offset))
        cells = pl.concat([judged.errors.slice(low, high - low), *damage]).sort(INDEX, maintain_order=True)
        repeated = judged.repeated.slice(offset, height)
        cells, once = _said_once(read, cells, contract)
        errors = _errors_of(replace(read, faults=(*read.faults, *once)), cells, mine, repeated, offset)
        yield _split(read, mine, judged.typed.slice(offset, height), errors, repeated, contract)
        offset += height


def examine(files: Sequence[ReceivedFile], contract: Contract) -> list[Examined]:
    """Examine files of one contract; the answers stand in the order of the files.

    Blank rows are not rows: they are left out of ``in``, keep their place in line numbers, and are reported
    as ``improves``. A row equal in every mapped cell to an earlier one of its file is a duplicate. A second
    row with the same primary key and other content is quarantined. A missing required column, or one whose
    header appears twice, puts every row of the file in quarantine.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
        ValueError: two files have the same key.
    """
    if len({file.key for file in files}) != len(files):
        raise ValueError("two files have the same key")
    compile_contract(contract)
    reads: list[_Read] = []
    done: dict[str, Examined] = {}
    for file in files:
        try:
            reads.append(_read(file, contract))
        except UnreadableError as error:
            done[file.key] = _unusable(file, contract, error)
    if reads:
        done |= {examined.key: examined for examined in _examine_all(sorted(reads, key=_notation), contract)}
    return [done[file.key] for file in files]
