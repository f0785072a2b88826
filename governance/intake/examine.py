"""Examine received files against their contract: read each, judge all in one pass, split the rows of each.

A file that cannot be read is reported as unusable and never stops another.
"""

from collections.abc import Sequence

from governance.contracts.model import Contract
from governance.intake.alike import read_alike
from governance.intake.gathering import MappedFile, gather, read_mapped, wanted_of
from governance.intake.model import Examined, ReceivedFile
from governance.intake.table import UnreadableError
from governance.intake.validate import compile_contract, validate
from governance.intake.verdicts import split, unusable


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
    mapped: list[MappedFile] = []
    done: dict[str, Examined] = {}
    wanted = [(file, wanted_of(file, contract)) for file in files]
    tables = read_alike(wanted)
    for file, headers in wanted:
        try:
            mapped.append(read_mapped(file, headers, tables.get(file.key)))
        except UnreadableError as error:
            done[file.key] = unusable(file, contract, error)
    if mapped:
        gathered = gather(mapped, contract)
        judged = validate(gathered.rows, gathered.written, contract)
        done |= {answer.key: answer for answer in split(gathered, judged, contract)}
    return [done[file.key] for file in files]
