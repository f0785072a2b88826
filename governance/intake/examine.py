"""Examine received files against their contract: read each, judge all in one pass, split the rows of each.

A file that cannot be read is reported as unusable and never stops another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from governance.contracts.keys import ForeignKey
from governance.contracts.model import Contract
from governance.intake.alike import read_alike
from governance.intake.gathering import MappedFile, gather, read_mapped, wanted_of
from governance.intake.model import Examined, ReceivedFile
from governance.intake.row_keys import unresolved
from governance.intake.table import Fault, TextTable, UnreadableError
from governance.intake.validate import NONE, compile_contract, validate
from governance.intake.verdicts import split, unusable


def _with_unjudged(mapped: MappedFile, keys: Sequence[ForeignKey]) -> MappedFile:
    """Say in the file's report which foreign keys nobody could judge: unchecked is never the same as right."""
    faults = [Fault("foreign-key-unchecked", None, key.columns[0], None, key.resource) for key in keys]
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
    among them is reported as not checked.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
        ValueError: two files have the same key.
    """
    if len({file.key for file in files}) != len(files):
        raise ValueError("two files have the same key")
    compile_contract(contract)
    unjudged = unresolved(contract, references)
    mapped: list[MappedFile] = []
    done: dict[str, Examined] = {}
    wanted = [(file, wanted_of(file, contract)) for file in files]
    tables = read_alike(wanted)
    for file, headers in wanted:
        try:
            mapped.append(_with_unjudged(read_mapped(file, headers, tables.get(file.key)), unjudged))
        except UnreadableError as error:
            done[file.key] = unusable(file, contract, error)
    if mapped:
        done |= {answer.key: answer for answer in _judge(mapped, contract, references)}
    return [done[file.key] for file in files]


def _judge(
    mapped: Sequence[MappedFile], contract: Contract, references: Mapping[str, pl.DataFrame] = NONE
) -> Iterator[Examined]:
    gathered = gather(mapped, contract)
    judged = validate(gathered.rows, gathered.written, contract, references, gathered.parsed)
    return split(gathered, judged, contract)


def examine_table(file: ReceivedFile, table: TextTable, contract: Contract) -> Examined:
    """Examine a table that was read already, or the first rows of one; as for ``examine``.

    Raises:
        ContractError: the contract itself cannot be applied.
        IntakeError: the identity of row counts is broken.
    """
    compile_contract(contract)
    try:
        mapped = _with_unjudged(read_mapped(file, wanted_of(file, contract), table), unresolved(contract, NONE))
    except UnreadableError as error:
        return unusable(file, contract, error)
    (examined,) = _judge([mapped], contract)
    return examined
