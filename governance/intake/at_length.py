"""Examine one long file piece by piece: the answer is that of `examine`, in memory that its cells do not fill.

Each piece is judged as a file of its own. What only all rows together show, repeated rows and keys, is found by hashes:
rows whose hashes meet, and no others, are read a second time and compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import polars as pl
from polars import selectors

from governance.contracts.keys import foreign_keys_of
from governance.contracts.model import Contract
from governance.intake.decoding import one_byte_encoding
from governance.intake.gathering import Gathered, gather, read_mapped
from governance.intake.header import Wanted
from governance.intake.long_text import AnotherEncodingError, WholeLookNeeded, is_long, read_by_pieces
from governance.intake.model import Examined, ReceivedFile, RowCounts
from governance.intake.read_ahead import one_ahead
from governance.intake.row_keys import (
    FILE,
    INDEX,
    Judgeable,
    keys_of_rows,
    reference_errors,
    repeat_errors,
    telling_columns,
)
from governance.intake.spool import Spool
from governance.intake.table import LINE, Fault, TextTable, UnreadableError
from governance.intake.validate import (
    RECORD,
    Judged,
    Rules,
    errors_of_keys,
    in_order,
    judge_cells,
    owned,
    repeated_rows,
    with_parsers,
)
from governance.intake.verdicts import ERRORS, FAULTS_OF_ROWS, RULES_OF_DAMAGE, answer_for, fault_frame, part

MANY = 0.02
"""Share of rows to be read again above which a look at more columns costs less."""


class Job(NamedTuple):
    """One file to examine, and by what."""

    file: ReceivedFile
    wanted: Wanted
    contract: Contract
    rules: Rules
    references: Mapping[str, pl.DataFrame]
    faults: tuple[Fault, ...]
    guessed: str | None = None
    """Its encoding, where it is found to be none of UTF-8."""


@dataclass
class _Seen:
    """What is kept of the pieces that went by."""

    telling: Sequence[str] = ()
    """The columns whose hash tells rows apart."""
    first: TextTable | None = None
    rows: int = 0
    lines: list[pl.Series] = field(default_factory=list)
    hashes: list[pl.DataFrame] = field(default_factory=list)
    errors: list[pl.DataFrame] = field(default_factory=list)
    accepted: Spool = field(default_factory=Spool)
    quarantined: list[pl.DataFrame] = field(default_factory=list)


def examine_at_length(job: Job) -> Examined | None:
    """Return the answer for a long file; nothing where the file is short or must be looked at as a whole.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
    """
    refers_to_itself = any(not key.resource for key in foreign_keys_of(job.contract))
    if refers_to_itself or not is_long(job.file.path, job.file.reading):
        return None
    try:
        try:
            return _by_pieces(job)
        except AnotherEncodingError:
            guessed = None if job.file.reading.encoding else one_byte_encoding(job.file.path)
            return _by_pieces(job._replace(guessed=guessed)) if guessed else None
    except (WholeLookNeeded, UnreadableError):
        return None  # kept quiet because it is read again, as any other, and says so then


def _by_pieces(job: Job, telling: Sequence[str] = ()) -> Examined | None:
    seen = _Seen(telling)
    for gathered, table in _gathered(job):
        _take(job, seen, gathered, table)
    meeting = _where_hashes_meet(seen)
    names = [column.name for column in job.contract.columns]
    if not telling and len(meeting) > seen.rows * MANY:  # a few columns did not tell enough
        del seen
        return _by_pieces(job, names)
    return _answer(job, seen, _read_again(job, meeting) if len(meeting) else None)


def _gathered(job: Job) -> Iterator[tuple[Gathered, TextTable]]:
    first_record = 1
    for table in one_ahead(read_by_pieces(job.file.path, job.file.reading, job.wanted, job.guessed)):
        mapped = read_mapped(job.file, job.wanted, table)
        yield gather([replace(mapped, faults=(*mapped.faults, *job.faults))], job.contract, first_record), table
        first_record += table.rows.height


def _take(job: Job, seen: _Seen, gathered: Gathered, table: TextTable) -> None:
    rules = with_parsers(job.rules, gathered.parsed, job.contract)
    values, found = judge_cells(gathered.rows, gathered.written, job.contract, rules)
    never = pl.Series([False]).new_from_index(0, values.height)
    rows = Judgeable(gathered.rows.select(FILE).hstack(values), ~never, job.references, owned([job.file.owner]))
    of_keys = reference_errors(rows, job.contract, errors_of_keys(gathered.written))
    parted = part(gathered, Judged(values, in_order([found, *of_keys], job.contract), never), job.contract)
    seen.first = seen.first or replace(table, rows=table.rows.clear())
    seen.rows += values.height
    seen.lines.append(gathered.written[LINE].cast(pl.UInt32))
    seen.telling = seen.telling or telling_columns(gathered.rows, values.columns)
    seen.hashes.append(_hashes(gathered.rows, values, job.contract, seen.telling))
    seen.errors.append(_apart(parted.errors))
    seen.accepted.add(parted.accepted.drop(FILE))
    seen.quarantined.append(_apart(parted.quarantined.drop(FILE)))


def _apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with texts of its own: as cut from a piece, a few rows would keep the whole piece in memory."""
    return frame.with_columns(selectors.string() + "")


def _hashes(rows: pl.DataFrame, values: pl.DataFrame, contract: Contract, telling: Sequence[str]) -> pl.DataFrame:
    """Return a hash of each row as it is written, and one of each of its keys (null where the key is not whole)."""
    answer = [rows.select(telling).hash_rows().alias("row")]
    for names_of_key in keys_of_rows(contract):
        key = values.select(names_of_key)
        whole = key.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
        hashed = pl.DataFrame({"hash": key.hash_rows(), "whole": whole})
        answer.append(hashed.select(pl.when("whole").then("hash")).to_series().alias(f"key{len(answer)}"))
    return pl.DataFrame(answer)


def _where_hashes_meet(seen: _Seen) -> pl.Series:
    """Return the lines of rows that may repeat another, or its key."""
    lines = pl.concat(seen.lines) if seen.lines else pl.Series([], dtype=pl.UInt32)
    meeting = []
    for name in seen.hashes[0].columns if seen.hashes else ():
        hashes = pl.concat([frame[name] for frame in seen.hashes])
        ordered = hashes.drop_nulls().sort(multithreaded=False)  # to count or to mark costs much more, and memory
        again = ordered.tail(-1)
        twice = again.filter(again == ordered.head(-1))
        if len(twice):
            meeting.append(lines.filter(hashes.is_in(twice.unique().implode()).fill_null(False)))
    return pl.concat(meeting).unique() if meeting else lines.clear()


class _Again(NamedTuple):
    """Rows that were read a second time: which repeat another, and the errors of keys, each with its place."""

    written: pl.DataFrame
    repeated: pl.Series
    errors: pl.DataFrame


def _read_again(job: Job, meeting: pl.Series) -> _Again:
    of_lines = pl.col(LINE).is_in(meeting.cast(pl.Int64).implode())
    found = [(gathered.written.filter(of_lines), gathered.rows.filter(of_lines)) for gathered, _ in _gathered(job)]
    written, rows = (pl.concat(frames, rechunk=True) for frames in zip(*found, strict=True))
    values, _ = judge_cells(rows, written, job.contract, job.rules)
    repeated = repeated_rows(rows, job.contract)
    judgeable = Judgeable(rows.select(FILE).hstack(values), ~repeated, {}, owned([job.file.owner]))
    errors = in_order(list(repeat_errors(judgeable, job.contract, errors_of_keys(written))), job.contract)
    places = written.select(FILE, pl.col(LINE).alias("line"), pl.col(RECORD).alias("row"))[errors[INDEX]]
    return _Again(written, repeated, errors.hstack(places).select(*ERRORS))


def _in_file_order(errors: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Put errors as one pass over the file would: what concerns it as a whole once, then line by line."""
    of_file = pl.col(INDEX).is_null()
    once = errors.filter(of_file).unique(maintain_order=True)
    together = pl.concat([once, errors.filter(~of_file)])
    order = pl.Enum([column.name for column in contract.columns])
    place = pl.col("column").cast(order, strict=False)
    of_row = pl.col("rule").is_in(FAULTS_OF_ROWS)
    is_damage = pl.col("rule").is_in(RULES_OF_DAMAGE)
    by = ("line", of_file.not_(), of_file & of_row, is_damage, place)
    return together.sort(*by, nulls_last=False, maintain_order=True).drop(FILE, INDEX)


def _answer(job: Job, seen: _Seen, again: _Again | None) -> Examined | None:
    if seen.first is None:
        return None
    accepted, left, quarantined = seen.accepted.rows(), seen.accepted.height, pl.concat(seen.quarantined)
    errors, duplicates = seen.errors, 0
    if again is not None:
        lines = again.written.filter(again.repeated)
        duplicates = lines.height
        repeats = fault_frame([(0, Fault("duplicate-row", line)) for line in lines[LINE]])
        repeats = repeats.with_columns(lines[RECORD].alias("row"), pl.lit(0, pl.UInt32).alias(INDEX))
        errors = [*errors, repeats, again.errors]
        at_fault = again.errors["line"].unique()
        at_fault = at_fault.filter(~at_fault.is_in(lines[LINE].implode()))
        moved = pl.col(LINE).is_in(pl.concat([lines[LINE], at_fault]).implode())
        left -= accepted.filter(moved).select(pl.len()).collect().item()
        accepted, quarantined = accepted.filter(~moved), quarantined.filter(~moved)
        if len(at_fault):
            wrong = again.written.filter(pl.col(LINE).is_in(at_fault.implode()))
            quarantined = pl.concat([quarantined, _with_rules(wrong, errors, job.contract)]).sort(LINE)
    counts = RowCounts(read=seen.rows, accepted=left, quarantined=quarantined.height, duplicates=duplicates)
    ordered = _in_file_order(pl.concat(errors), job.contract)
    return answer_for(job.file, seen.first, job.contract, counts, ordered, accepted, quarantined, seen.accepted)


def _with_rules(wrong: pl.DataFrame, errors: list[pl.DataFrame], contract: Contract) -> pl.DataFrame:
    """Return rows as written with all the rules that they break, the whole file's first."""
    blocking = _in_file_order(pl.concat(errors).filter("blocks"), contract)
    names = [column.name for column in contract.columns]
    at = wrong[LINE].implode()
    of_file = blocking.filter(pl.col("row").is_null())["rule"].unique(maintain_order=True)
    of_rows = blocking.filter(pl.col("line").is_in(at) & pl.col("row").is_not_null())
    rules = of_rows.group_by("line", maintain_order=True).agg(pl.col("rule").unique(maintain_order=True).alias("own"))
    joined = wrong.select(*names, LINE).join(rules, left_on=LINE, right_on="line", how="left", maintain_order="left")
    both = pl.concat_list(pl.lit(of_file.implode(), dtype=pl.List(pl.String)), pl.col("own").fill_null([]))
    return joined.select(*names, LINE, both.alias("rules"))
