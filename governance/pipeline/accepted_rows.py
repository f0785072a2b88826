"""The accepted layer: the last good rows of each source, typed by the contract, each with where it comes from.

Sources taken in together share one file, which never changes; a list says whose rows still count. So a federation of
thousands of communes is some hundred files to read, and a new file of one commune rewrites nobody else's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from governance.contracts.model import Contract
from governance.intake.casting import dtype_of
from governance.lake import Lake, write_atomically, write_if_changed
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
    """Good rows of one source: the contract's columns and ``line_number``, and whose they are."""

    member_id: str
    source_id: str
    file_sha256: str
    run_id: str
    rows: pl.DataFrame


def _schema(contract: Contract) -> dict[str, pl.DataType | type[pl.DataType]]:
    return {**{column.name: dtype_of(column) for column in contract.columns}, **PROVENANCE}


def repeated(values: Sequence[str], times: Sequence[int], name: str) -> pl.Series:
    """Each text as many times in a row as it has rows; one column for many files at once."""
    counted = pl.DataFrame({name: values, "n": times}, schema={name: pl.String, "n": pl.Int64})
    return counted.select(pl.col(name).repeat_by("n").list.explode(keep_nulls=False, empty_as_null=False)).to_series()


def write_accepted(lake: Lake, contract: Contract, batch_id: str, kept: Sequence[Kept]) -> None:
    """Write the good rows of a batch in one file; they count once the list says so (``list_current``)."""
    heights = [source.rows.height for source in kept]
    stamped = pl.concat([source.rows for source in kept], rechunk=True).with_columns(
        repeated([source.member_id for source in kept], heights, "member_id"),
        repeated([source.source_id for source in kept], heights, "source_id"),
        repeated([source.file_sha256 for source in kept], heights, "file_sha256"),
        pl.col("line_number").cast(pl.Int64),
        repeated([source.run_id for source in kept], heights, "run_id"),
        pl.lit(contract.version).alias("contract_version"),
    )
    content = to_parquet(stamped.select(list(_schema(contract))))
    write_atomically(lake.accepted_batch(contract.id, batch_id), content)


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
