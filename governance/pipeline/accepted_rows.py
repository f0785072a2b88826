"""The accepted layer: the last good rows of each source, typed by the contract, each with where it comes from."""

import hashlib
from io import BytesIO

import polars as pl

from governance.contracts.model import Contract
from governance.intake.casting import dtype_of
from governance.lake import Lake, write_atomically

PROVENANCE = {
    "member_id": pl.String,
    "source_id": pl.String,
    "file_sha256": pl.String,
    "line_number": pl.Int64,
    "run_id": pl.String,
    "contract_version": pl.String,
}
"""Columns added to a contract's own, in this order."""


def _schema(contract: Contract) -> dict[str, pl.DataType | type[pl.DataType]]:
    return {**{column.name: dtype_of(column) for column in contract.columns}, **PROVENANCE}


def write_accepted(
    lake: Lake, contract: Contract, rows: pl.DataFrame, *, member_id: str, source_id: str, file_sha256: str, run_id: str
) -> str:
    """Replace a source's last good rows in one step.

    ``rows`` has the contract's columns and ``line_number``. Returns the SHA-256 of the content.
    """
    stamped = rows.with_columns(
        pl.lit(member_id).alias("member_id"),
        pl.lit(source_id).alias("source_id"),
        pl.lit(file_sha256).alias("file_sha256"),
        pl.col("line_number").cast(pl.Int64),
        pl.lit(run_id).alias("run_id"),
        pl.lit(contract.version).alias("contract_version"),
    ).select(list(_schema(contract)))
    out = BytesIO()
    stamped.write_parquet(out)
    write_atomically(lake.accepted_of(contract.id, member_id, source_id), out.getvalue())
    return hashlib.sha256(out.getvalue()).hexdigest()


def ensure_typed_empty(lake: Lake, contract: Contract) -> None:
    """Make the file of no rows that gives a dataset its types before anybody contributed."""
    out = BytesIO()
    pl.DataFrame(schema=_schema(contract)).write_parquet(out)
    path = lake.accepted(contract.id) / "_empty.parquet"
    if not path.is_file() or path.read_bytes() != out.getvalue():
        write_atomically(path, out.getvalue())
