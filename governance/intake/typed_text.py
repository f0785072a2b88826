"""Typed values as text that their own contract accepts, so that what was judged once can be judged by another contract.

How a member writes values was settled when its file was read: here numbers have a point and days are ISO 8601.
"""

import polars as pl

from governance.contracts.model import Column, Contract


def as_text(column: Column) -> pl.Expr:
    """Return a column's typed value as text, under the column's name."""
    value = pl.col(column.name)
    if column.type == "boolean":
        yes, no = column.true_values[0], column.false_values[0]
        return pl.when(value).then(pl.lit(yes)).when(~value).then(pl.lit(no)).alias(column.name)
    if column.type == "datetime":
        return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.cast(pl.String)


def in_plain_notation(contract: Contract) -> Contract:
    """Return a contract that takes values as ``as_text`` writes them."""
    return contract.model_copy(update={"columns": tuple(_plain(column) for column in contract.columns)})


def _plain(column: Column) -> Column:
    dated = column.type in {"date", "datetime", "time"}
    return column.model_copy(
        update={"format": "default" if dated else column.format, "decimal_char": ".", "group_char": ""}
    )
