"""Examine received files against their contract: read each, judge all in one pass, split the rows of each.

A file that cannot be read is reported as unusable and never stops another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from governance.by_size import part_by_size
from governance.contracts.keys import ForeignKey
from governance.contracts.model import Contract
from governance.intake.alike import read_alike
from governance.intake.at_length import Job, examine_at_length
from governance.intake.gathering import MappedFile, gather, read_mapped, wanted_of
from governance.intake.header import Wanted
from governance.intake.limits import MIB
from governance.intake.model import Examined, ReceivedFile
from governance.intake.read_ahead import one_ahead
from governance.intake.row_keys import unresolved
from governance.intake.table import Fault, TextTable, UnreadableError
from governance.intake.upgrade import upgraded
from governance.intake.validate import NONE, Rules, compile_contract, validate
from governance.intake.verdicts import split, unusable

PASS_BYTES = 16 * MIB
"""Of text in one pass: enough that its fixed cost does not count, few enough that cells stay near the processor."""


def _unjudged(keys: Sequence[ForeignKey]) -> tuple[Fault, ...]:
    """Say that foreign keys cannot be judged: unchecked is never the same as right."""
    return tuple(Fault("foreign-key-unchecked", None, key.columns[0], None, key.resource) for key in keys)


def _with_faults(mapped: MappedFile, faults: Sequence[Fault]) -> MappedFile:
    return replace(mapped, faults=(*mapped.faults, *faults)) if faults else mapped


def examine(
    files: Sequence[ReceivedFile], contract: Contract, references: Mapping[str, pl.DataFrame] = NONE
) -> list[Examined]:
    """Examine files of one contract; the answers stand in the order of the files.

    Blank rows are not rows: they are left out of ``in``, keep their place in line numbers, and are reported
    as ``improves``. A row equal in every mapped cell to an earlier one of its file is a duplicate. A second
    row with the same primary key and other content is quarantined. A missing required column, or one whose
    header appears twice, puts every row of the file in quarantine.

    ``references`` are the accepted rows of other datasets, by id, for foreign keys: one to a dataset that is not
    among them is reported as not checked. Where they say whose they are (``row_keys.OWNER``), a file is held against
    those of its own ``owner`` only.

    With an earlier version of a contract (``served_as``) the accepted rows are those of the current one.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
        ValueError: two files have the same key.
    """
    if len({file.key for file in files}) != len(files):
        raise ValueError("two files have the same key")
    rules = compile_contract(contract)
    owners = {file.owner for file in files}
    unjudged = {owner: _unjudged(unresolved(contract, references, owner)) for owner in owners}
    done: dict[str, Examined] = {}
    wanted: list[tuple[ReceivedFile, Wanted]] = []
    for file in files:
        headers = wanted_of(file, contract)
        answer = examine_at_length(Job(file, headers, contract, rules, references, unjudged[file.owner]))
        if answer is not None:
            done[file.key] = answer
        else:
            wanted.append((file, headers))
    for read in one_ahead(_read(together, contract, unjudged) for together in _passes(wanted)):
        done |= read.unusable
        if read.mapped:
            done |= {answer.key: answer for answer in _judge(read.mapped, contract, rules, references)}
    return [upgraded(done[file.key], contract) for file in files]


class _Read(NamedTuple):
    """Files of one pass: those that could be read, and the answers for the others."""

    mapped: list[MappedFile]
    unusable: dict[str, Examined]


def _passes(files: Sequence[tuple[ReceivedFile, Wanted]]) -> Iterator[list[tuple[ReceivedFile, Wanted]]]:
    """Part files into as many passes as their size asks for: no rule looks at two files, so nothing is lost by it."""
    return part_by_size(files, lambda wanted: _size(wanted[0]), PASS_BYTES)


def _size(file: ReceivedFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0  # kept quiet because it is read next, and says so then


def _read(
    files: Sequence[tuple[ReceivedFile, Wanted]], contract: Contract, unjudged: Mapping[str, Sequence[Fault]]
) -> _Read:
    tables = read_alike(files)
    mapped: list[MappedFile] = []
    without: dict[str, Examined] = {}
    for file, headers in files:
        try:
            mapped.append(_with_faults(read_mapped(file, headers, tables.get(file.key)), unjudged[file.owner]))
        except UnreadableError as error:
            without[file.key] = unusable(file, contract, error)
    return _Read(mapped, without)


def _judge(
    mapped: Sequence[MappedFile], contract: Contract, rules: Rules, references: Mapping[str, pl.DataFrame] = NONE
) -> Iterator[Examined]:
    gathered = gather(mapped, contract)
    whose = [one.file.owner for one in gathered.files]
    judged = validate(gathered.rows, gathered.written, contract, rules, references, whose, gathered.parsed)
    return split(gathered, judged, contract)


def examine_table(file: ReceivedFile, table: TextTable, contract: Contract) -> Examined:
    """Examine a table that was read already, or the first rows of one; as for ``examine``.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
    """
    rules = compile_contract(contract)
    unjudged = _unjudged(unresolved(contract, NONE))
    try:
        mapped = _with_faults(read_mapped(file, wanted_of(file, contract), table), unjudged)
    except UnreadableError as error:
        return unusable(file, contract, error)
    (examined,) = _judge([mapped], contract, rules)
    return examined
