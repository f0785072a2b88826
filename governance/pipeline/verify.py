"""The output is held to the contract too: what leaves is checked by the rules that checked what came in."""

from pathlib import Path

import polars as pl

from governance.contracts.model import Contract
from governance.intake.row_keys import FILE
from governance.intake.table import LINE
from governance.intake.typed_text import as_text, in_plain_notation
from governance.intake.validate import RECORD, validate


class OutputRefused(RuntimeError):
    """A shared dataset breaks its own contract; the message names the first rows at fault."""


def verify_output(contract: Contract, path: Path) -> None:
    """Check every row of a shared Parquet file.

    Raises:
        OutputRefused: a column is missing, or a row breaks a rule that blocks.
    """
    frame = pl.read_parquet(path)
    missing = [column.name for column in contract.columns if column.name not in frame.columns]
    if missing:
        raise OutputRefused(f"{contract.id}: columns {missing} of the contract are missing")
    plain = in_plain_notation(contract)
    # A key is one row's within a file: two sources of a member may contradict each other, and both are served.
    owner = [pl.col(name) for name in ("member_id", "source_id") if name in frame.columns]
    text = frame.select(
        *(as_text(column) for column in plain.columns),
        (pl.concat_str(owner, separator="/") if owner else pl.lit("")).alias(FILE),
        pl.int_range(1, pl.len() + 1).alias(RECORD),
        pl.int_range(1, pl.len() + 1).alias(LINE),
    )
    errors = validate(text, text, plain).errors.filter("blocks")
    if errors.height:
        first = ", ".join(f"{e['column']}={e['value']!r} ({e['rule']})" for e in errors.head(3).to_dicts())
        raise OutputRefused(f"{contract.id}: {errors.height} values break the contract, such as {first}")
