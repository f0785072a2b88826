"""The output is held to the contract too: what leaves is checked by the rules that checked what came in."""

from pathlib import Path

import polars as pl

from governance.contracts.model import Column, Contract
from governance.intake.row_keys import FILE
from governance.intake.table import LINE
from governance.intake.validate import RECORD, validate


class OutputRefused(RuntimeError):
    """A shared dataset breaks its own contract; the message names the first rows at fault."""


def _as_written(column: Column) -> pl.Expr:
    """A typed value as text that the contract itself would accept."""
    value = pl.col(column.name)
    if column.type == "boolean":
        yes, no = column.true_values[0], column.false_values[0]
        return pl.when(value).then(pl.lit(yes)).when(~value).then(pl.lit(no)).alias(column.name)
    if column.type == "datetime":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.cast(pl.String)


def verify_output(contract: Contract, path: Path) -> None:
    """Check every row of a shared Parquet file.

    Raises:
        OutputRefused: a column is missing, or a row breaks a rule that blocks.
    """
    frame = pl.read_parquet(path)
    missing = [column.name for column in contract.columns if column.name not in frame.columns]
    if missing:
        raise OutputRefused(f"{contract.id}: columns {missing} of the contract are missing")
    plain = contract.model_copy(update={"columns": tuple(_plain(column) for column in contract.columns)})
    # A key is one row's within a file: two sources of a member may contradict each other, and both are served.
    owner = [pl.col(name) for name in ("member_id", "source_id") if name in frame.columns]
    text = frame.select(
        *(_as_written(column) for column in plain.columns),
        (pl.concat_str(owner, separator="/") if owner else pl.lit("")).alias(FILE),
        pl.int_range(1, pl.len() + 1).alias(RECORD),
        pl.int_range(1, pl.len() + 1).alias(LINE),
    )
    errors = validate(text, text, plain).errors.filter("blocks")
    if errors.height:
        first = ", ".join(f"{e['column']}={e['value']!r} ({e['rule']})" for e in errors.head(3).to_dicts())
        raise OutputRefused(f"{contract.id}: {errors.height} values break the contract, such as {first}")


def _plain(column: Column) -> Column:
    """The column as typed values are written: how a member writes them was settled at the intake."""
    dated = column.type in {"date", "datetime", "time"}
    return column.model_copy(
        update={"format": "default" if dated else column.format, "decimal_char": ".", "group_char": ""}
    )
