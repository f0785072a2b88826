"""From what the pass found to each file's report and rows: accepted, quarantined, duplicates.

    in = accepted + quarantined + duplicates

holds for every file, or it is our fault and raised.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from governance.contracts.checks import canonical_name
from governance.contracts.model import Contract
from governance.intake.casting import dtype_of
from governance.intake.decoding import MOJIBAKE
from governance.intake.findings import SCHEMA, Findings
from governance.intake.gathering import Gathered
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
from governance.intake.origin import Origin
from governance.intake.row_keys import FILE, INDEX
from governance.intake.spool import Spool
from governance.intake.table import LINE, Fault, TextTable, UnreadableError
from governance.intake.validate import ERROR_SCHEMA, RECORD, Judged

ABSENT = ("missing-column", "missing-optional-column")
FAULTS_OF_ROWS = ("extra-cell", "missing-cell", "unclosed-quote", "name-twice")
RULES_OF_DAMAGE = ("encoding", "mojibake")
"""Told of a cell after the rules that it breaks."""
ERRORS = {FILE: pl.UInt32, INDEX: pl.UInt32, **SCHEMA}


def _blocks(rule: str) -> bool:
    return MESSAGES[rule].severity == "blocks"


def _damage(gathered: Gathered, contract: Contract) -> Iterator[pl.DataFrame]:
    """Find cells with signs that are no text, or that lost their accents; only in files that may have some."""
    offsets = accumulate(gathered.heights, initial=0)
    for mapped, offset in zip(gathered.files, offsets, strict=False):
        if not mapped.table.suspect:
            continue
        rows = gathered.written.slice(offset, mapped.rows.height)
        for column in contract.columns:
            value = rows[column.name]
            lost = value.str.contains_any(["\ufffd", "\x00"]).fill_null(False)
            odd = value.str.contains(MOJIBAKE.pattern).fill_null(False) & ~lost
            for mask, rule in ((lost, "encoding" if mapped.table.damaged else "mojibake"), (odd, "mojibake")):
                index = mask.arg_true()
                if len(index):
                    yield pl.DataFrame(
                        {
                            INDEX: index.cast(pl.UInt32) + offset,
                            "column": column.name,
                            "rule": rule,
                            "value": value.gather(index),
                            "check": None,
                            "blocks": _blocks(rule),
                            "detail": "",
                        },
                        schema=ERROR_SCHEMA,
                    )


def _said_once(gathered: Gathered, errors: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Report an absent column once for its file instead of once a row; return the cells left and the faults."""
    absent = [(n, f.column) for n, m in enumerate(gathered.files) for f in m.faults if f.rule in ABSENT]
    once: list[tuple[int, Fault]] = []
    if absent:
        gone = pl.DataFrame(absent, schema={FILE: pl.UInt32, "column": pl.String}, orient="row")
        required = errors.filter(pl.col("rule") == "required").join(gone, on=[FILE, "column"], how="semi")
        errors = errors.join(required.select(INDEX, "column", "rule"), on=[INDEX, "column", "rule"], how="anti")
        known = set(absent)
        for number, check in enumerate(contract.checks):
            if canonical_name(check.name) != "one-of-required":
                continue
            without = [n for n in range(len(gathered.files)) if all((n, name) in known for name in check.columns)]
            errors = errors.filter(~(pl.col(FILE).is_in(without) & (pl.col("check") == number).fill_null(False)))
            faults = (Fault("one-of-required", gathered.files[n].table.header_row, check.columns[0]) for n in without)
            once += zip(without, faults, strict=True)
    faults_of_files = [(n, fault) for n, mapped in enumerate(gathered.files) for fault in mapped.faults]
    return errors, fault_frame([*faults_of_files, *once])


def fault_frame(faults: Sequence[tuple[int, Fault]]) -> pl.DataFrame:
    """Return faults, each with its file's number, as errors (``ERRORS``); most name no record yet."""
    rows = [(n, None, f.line, f.record, f.column, f.value, f.rule, f.detail, None, _blocks(f.rule)) for n, f in faults]
    return pl.DataFrame(rows, schema=ERRORS, orient="row")


def _with_records(faults: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    """Name the record that stands on the line of each fault of a row."""
    of_rows = faults.filter(pl.col("rule").is_in(FAULTS_OF_ROWS))
    if of_rows.height == 0:
        return faults
    places = written.select(FILE, pl.col(LINE).alias("line"), pl.col(RECORD).alias("row")).with_row_index(INDEX)
    has_record = pl.col("row").is_not_null()
    by_line = (
        of_rows.filter(~has_record)
        .drop(INDEX, "row")
        .join(places, on=[FILE, "line"], how="left", maintain_order="left")
    )
    by_record = (
        of_rows.filter(has_record)
        .drop(INDEX)
        .join(places.drop("line"), on=[FILE, "row"], how="left", maintain_order="left")
    )
    named = pl.concat([by_line.select(*ERRORS), by_record.select(*ERRORS)]).sort(FILE, "line", maintain_order=True)
    # A row that was left out (nothing stands under any header) blocks nothing: without its place the fault would
    # be taken for one of the whole file.
    named = named.with_columns(pl.col("blocks") & pl.col(INDEX).is_not_null())
    others = faults.filter(~pl.col("rule").is_in(FAULTS_OF_ROWS))
    return pl.concat([others, named])


def _all_errors(gathered: Gathered, judged: Judged, contract: Contract) -> pl.DataFrame:
    """Return every error of every file (``ERRORS``), by file, the whole file first, then line by line."""
    written = gathered.written
    cells = pl.concat([judged.errors, *_damage(gathered, contract)]).sort(INDEX, maintain_order=True)
    places = written.select(FILE, LINE, RECORD)[cells[INDEX]]
    cells, faults = _said_once(gathered, cells.hstack(places), contract)
    in_cells = cells.select(
        FILE, INDEX, pl.col(LINE).alias("line"), pl.col(RECORD).alias("row"), "column", "value", "rule",
        "detail", "check", "blocks",
    )  # fmt: skip
    repeats = [Fault("duplicate-row", line) for line in written.filter(judged.repeated)[LINE].to_list()]
    whose = written.filter(judged.repeated)[FILE].to_list() if repeats else []
    records = written.filter(judged.repeated)[RECORD] if repeats else pl.Series([], dtype=pl.Int64)
    repeated = fault_frame(list(zip(whose, repeats, strict=True))).with_columns(records.alias("row"))
    together = pl.concat([_with_records(faults, written), repeated, in_cells])
    return together.sort(FILE, "line", nulls_last=False, maintain_order=True)


def _wrong_rows(gathered: Gathered, errors: pl.DataFrame, repeated: pl.Series) -> pl.Series:
    """Mark rows that something blocks, their own or their whole file's; a repeated row is only a duplicate."""
    blocking = errors.filter("blocks")
    wrong = pl.Series([False]).new_from_index(0, gathered.written.height)
    rows = blocking[INDEX].drop_nulls().unique()
    if len(rows):
        wrong = wrong.scatter(rows, True)
    files = blocking.filter(pl.col(INDEX).is_null())[FILE].unique()
    if len(files):
        wrong = wrong | gathered.written[FILE].is_in(files.implode())
    return wrong & ~repeated


def _quarantined(gathered: Gathered, errors: pl.DataFrame, wrong: pl.Series, contract: Contract) -> pl.DataFrame:
    """Return quarantined rows as written, with the rules that they break; the whole file's first."""
    blocking = errors.filter("blocks")
    rules = pl.col("rule").unique(maintain_order=True)
    of_rows = blocking.filter(pl.col(INDEX).is_not_null()).group_by(INDEX).agg(rules.alias("own"))
    of_files = blocking.filter(pl.col(INDEX).is_null()).group_by(FILE).agg(rules.alias("all"))
    names = [column.name for column in contract.columns]
    kept = gathered.written.select(*names, LINE, FILE).with_row_index(INDEX).filter(wrong)
    joined = kept.join(of_files, on=FILE, how="left", maintain_order="left")
    joined = joined.join(of_rows, on=INDEX, how="left", maintain_order="left")
    both = pl.concat_list(pl.col("all").fill_null([]), pl.col("own").fill_null([]))
    return joined.select(*names, LINE, both.alias("rules"), FILE)


def _report(
    file: ReceivedFile, table: TextTable | None, contract: Contract, rows: RowCounts, errors: Findings
) -> Report:
    status: Status = "unusable" if rows.read == 0 else "invalid" if rows.quarantined else "valid"
    facts = FileFacts(name=file.filename, sha256=file.sha256)
    if table is not None:
        facts = FileFacts(name=file.filename, sha256=file.sha256, **table.detected())
    about = ContractFacts(id=contract.id, version=contract.version)
    return Report(status=status, file=facts, contract=about, rows=rows, errors=errors)


def _origin(file: ReceivedFile) -> Origin:
    return Origin(file.columns, file.column_formats, file.formats)


def unusable(file: ReceivedFile, contract: Contract, error: UnreadableError) -> Examined:
    """Return the answer for a file that cannot be read: no rows, and the one reason."""
    names = [column.name for column in contract.columns]
    accepted = pl.DataFrame(schema={column.name: dtype_of(column) for column in contract.columns} | {LINE: pl.Int64})
    quarantined = pl.DataFrame(schema=dict.fromkeys(names, pl.String) | {LINE: pl.Int64, "rules": pl.List(pl.String)})
    errors = Findings(fault_frame([(0, error.fault)]).drop(FILE, INDEX), contract, _origin(file))
    return Examined(file.key, _report(file, error.table, contract, RowCounts(), errors), accepted, quarantined)


def _edges(of_files: pl.Series, files: int) -> list[int]:
    """Return where each file's rows begin in a frame sorted by file, and where the last ends."""
    edges = pl.Series(range(files + 1), dtype=pl.UInt32)
    return of_files.search_sorted(edges, "left").to_list()


@dataclass(frozen=True)
class Parted:
    """Rows told apart, each frame sorted by ``FILE``; ``errors`` as ``ERRORS``."""

    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    repeated: pl.Series
    errors: pl.DataFrame


def part(gathered: Gathered, judged: Judged, contract: Contract) -> Parted:
    """Tell rows apart by what was found."""
    errors = _all_errors(gathered, judged, contract)
    wrong = _wrong_rows(gathered, errors, judged.repeated)
    good = ~(wrong | judged.repeated)
    accepted = judged.typed.hstack(gathered.written.select(LINE, FILE))
    return Parted(
        accepted if good.all() else accepted.filter(good),
        _quarantined(gathered, errors, wrong, contract),
        gathered.written[FILE].filter(judged.repeated),
        errors,
    )


def answer_for(
    file: ReceivedFile,
    table: TextTable,
    contract: Contract,
    counts: RowCounts,
    errors: pl.DataFrame,
    accepted: pl.DataFrame | pl.LazyFrame,
    quarantined: pl.DataFrame,
    spool: Spool | None = None,
) -> Examined:
    """Return the answer for one file; ``errors`` are as ``Findings`` takes them.

    Raises:
        IntakeError: its rows are not accepted + quarantined + duplicates.
    """
    if counts.read != counts.accepted + counts.quarantined + counts.duplicates:
        raise IntakeError(f"{file.key}: rows in are not accepted + quarantined + duplicates: {counts}")
    report = _report(file, table, contract, counts, Findings(errors, contract, _origin(file)))
    return Examined(file.key, report, accepted, quarantined, spool)


def split(gathered: Gathered, judged: Judged, contract: Contract) -> Iterator[Examined]:
    """Give the answer for each file, in the order of ``gathered``.

    Raises:
        IntakeError: the rows of a file are not accepted + quarantined + duplicates.
    """
    parted = part(gathered, judged, contract)
    frames = (parted.accepted[FILE], parted.quarantined[FILE], parted.repeated, parted.errors[FILE])
    edges = [_edges(frame, len(gathered.files)) for frame in frames]
    errors = parted.errors.drop(FILE, INDEX)
    accepted, quarantined = parted.accepted.drop(FILE), parted.quarantined.drop(FILE)
    for number, mapped in enumerate(gathered.files):
        (a, b), (c, d), (e, f), (g, h) = (edge[number : number + 2] for edge in edges)
        counts = RowCounts(read=gathered.heights[number], accepted=b - a, quarantined=d - c, duplicates=f - e)
        own = accepted.slice(a, b - a)
        yield answer_for(
            mapped.file, mapped.table, contract, counts, errors.slice(g, h - g), own, quarantined.slice(c, d - c)
        )
