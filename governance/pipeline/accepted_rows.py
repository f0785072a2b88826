"""The accepted layer: the last good rows of each source, typed by the contract, each with where it comes from.

Sources taken in together share one file, which never changes; a list says whose rows still count. So a federation of
thousands of communes is some hundred files to read, and a new file of one commune rewrites nobody else's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from governance.contracts.model import Contract
from governance.intake.casting import dtype_of
from governance.intake.model import Examined
from governance.lake import Lake, write_if_changed, written_atomically
from governance.parquet_bytes import to_parquet
from governance.state.cursors import AcceptedRows

PROVENANCE = {
    "member_id": pl.String,
    "source_id": pl.String,
    "file_sha256": pl.String,
    "line_number": pl.Int64,
    "run_id": pl.String,
    "contract_version": pl.String,
}
"""Columns added to a contract's own, in this order."""
_EMPTY = "_empty"
"""Name of the file of no rows."""


@dataclass(frozen=True)
class Kept:
    """Good rows of one source (``examined.accepted_rows``), and whose they are.

    The examination is kept as a whole, since a long file's rows can be read while it is.
    """

    member_id: str
    source_id: str
    file_sha256: str
    run_id: str
    examined: Examined

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.examined.report.rows.accepted


def _schema(contract: Contract) -> dict[str, pl.DataType | type[pl.DataType]]:
    return {**{column.name: dtype_of(column) for column in contract.columns}, **PROVENANCE}


def repeated(values: Sequence[str], times: Sequence[int], name: str) -> pl.Series:
    """Each text as many times in a row as it has rows; one column for many files at once."""
    counted = pl.DataFrame({name: values, "n": times}, schema={name: pl.String, "n": pl.Int64})
    return counted.select(pl.col(name).repeat_by("n").list.explode(keep_nulls=False, empty_as_null=False)).to_series()


def write_accepted(lake: Lake, contract: Contract, batch_id: str, kept: Sequence[Kept]) -> None:
    """Write the good rows of a batch in one file; they count once the list says so (``list_current``)."""
    heights = [source.height for source in kept]
    stamps = {
        "member_id": [source.member_id for source in kept],
        "source_id": [source.source_id for source in kept],
        "file_sha256": [source.file_sha256 for source in kept],
        "run_id": [source.run_id for source in kept],
    }
    if len(kept) == 1:
        # One file may be long: its rows go from where they are to the disk, and never all stand in memory.
        rows = kept[0].examined.accepted_rows.with_columns(
            pl.lit(values[0]).alias(name) for name, values in stamps.items()
        )
    else:
        together = pl.concat([source.examined.accepted for source in kept], rechunk=True)
        rows = together.with_columns(repeated(values, heights, name) for name, values in stamps.items()).lazy()
    columns = list(_schema(contract.served_as or contract))
    whole = rows.with_columns(pl.lit(contract.version).alias("contract_version")).select(columns)
    with written_atomically(lake.accepted_batch(contract.id, batch_id)) as draft:
        whole.sink_parquet(draft)


def list_current(lake: Lake, contract: Contract, served: Iterable[AcceptedRows], kept: Iterable[AcceptedRows]) -> None:
    """Say whose rows count, and remove files that hold none that are kept; all are of this contract's dataset.

    The caller holds the dataset's lock, so that no batch is being written meanwhile.
    """
    runs = pl.DataFrame({"run_id": [record.run_id for record in served]}, schema={"run_id": pl.String})
    write_if_changed(lake.accepted_now(contract.id), to_parquet(runs))
    # The file of no rows gives a dataset its types before anybody contributed.
    write_if_changed(lake.accepted_batch(contract.id, _EMPTY), to_parquet(pl.DataFrame(schema=_schema(contract))))
    named = {record.batch_id for record in kept} | {_EMPTY}
    for path in lake.accepted(contract.id).glob("*.parquet"):
        if path.stem not in named:
            path.unlink()
