"""A received file read once more from where it landed, as it was read then: its own columns, under its own lines."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import polars as pl

from governance.contracts.model import Contract
from governance.federation import ColumnFormats, Source
from governance.intake.examine import examine
from governance.intake.formats import effective
from governance.intake.gathering import read_table, wanted_of
from governance.intake.header import match
from governance.intake.model import Examined, ReceivedFile
from governance.intake.table import TextTable, UnreadableError
from governance.pipeline.run_reports import ReadBy, find_read_by
from governance.platform import Platform
from governance.state.receipts import Receipt, find_receipt


@dataclass(frozen=True)
class KeptFile:
    """The table of a file; ``places`` are those of each contract column that it has: several where cells are joined."""

    table: TextTable
    places: Mapping[str, tuple[int, ...]]
    contract: Contract
    source: Source

    @property
    def positions(self) -> dict[str, int]:
        """The place of each contract column that the file has, of several the first."""
        return {name: places[0] for name, places in self.places.items()}

    def shows(self, place: int, visible: Set[str]) -> bool:
        """Whether all that a cell at a place tells of may be seen; one that is parted may tell of more than columns."""
        names = self.columns_at(place)
        return bool(names) and all(name in visible and not self.formats_of(name).takes_a_part for name in names)

    def columns_at(self, place: int) -> list[str]:
        """The columns of the contract that are read from a place."""
        return [name for name, places in self.places.items() if place in places]

    def formats_of(self, column: str) -> ColumnFormats:
        """How the member declared that it writes a column."""
        return effective(self.source.formats, self.source.column_formats.get(column))


@dataclass(frozen=True)
class Reexamined:
    """A run's file judged once more, by the contract and the declaration of then."""

    contract: Contract
    examined: Examined


def read_kept_file(platform: Platform, receipt: Receipt) -> KeptFile | None:
    """Read the bytes of a run again, by the contract and the declaration of then.

    None where no table was read, where the bytes are no longer there, or where nothing says how they were read.
    """
    found = _received(platform, receipt)
    return table_of(*found) if found is not None else None


def table_of(contract: Contract, source: Source, file: ReceivedFile) -> KeptFile | None:
    """Return the table of a file of a source; None where none can be read."""
    wanted = wanted_of(file, contract)
    try:
        table = read_table(file, wanted)
    except UnreadableError:
        return None
    matched = match(table.headers, wanted, table.header_row)
    alone = {name: (place,) for name, place in matched.positions.items()}
    return KeptFile(table, {**matched.joined, **alone}, contract, source)


def reexamine(platform: Platform, receipt: Receipt) -> Reexamined | None:
    """Judge the bytes of a run again; None as for ``read_kept_file``."""
    found = _received(platform, receipt)
    if found is None:
        return None
    contract, _, file = found
    (examined,) = examine([file], contract, _references(platform, receipt))
    return Reexamined(contract, examined)


def _references(platform: Platform, receipt: Receipt) -> dict[str, pl.DataFrame]:
    """The rows that a file was held against then, judged anew as well; without those that are there no more."""
    read_by = find_read_by(platform.lake, receipt)
    rows: dict[str, pl.DataFrame] = {}
    for dataset, runs in (read_by.referred if read_by is not None else {}).items():
        receipts = [find_receipt(platform.engine, run_id) for run_id in runs]
        judged = [reexamine(platform, known) for known in receipts if known is not None]
        parts = [one.examined.accepted for one in judged if one is not None]
        if parts:
            rows[dataset] = pl.concat(parts, how="diagonal_relaxed")
    return rows


def _received(platform: Platform, receipt: Receipt) -> tuple[Contract, Source, ReceivedFile] | None:
    read_by = find_read_by(platform.lake, receipt)
    source = _source_of(platform, receipt, read_by)
    if read_by is None or source is None or receipt.file_sha256 is None:
        return None
    path = platform.lake.landed(receipt.file_sha256)
    if not path.is_file():
        return None
    name = receipt.file_name or receipt.file_sha256
    file = ReceivedFile.of(source, key=receipt.run_id, path=path, filename=name, sha256=receipt.file_sha256)
    return read_by.contract, source, file


def _source_of(platform: Platform, receipt: Receipt, read_by: ReadBy | None) -> Source | None:
    """The declaration that was kept with the run; for a run of before it was kept, the one that is declared now."""
    if read_by is not None and read_by.source is not None:
        return read_by.source
    organisation = platform.federation.organisations.get(receipt.member_id)
    declared = organisation.sources if organisation is not None else ()
    return next((source for source in declared if source.id == receipt.source_id), None)
