"""The output is held to the contract too: what leaves is checked by the rules that checked what came in."""

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from governance.by_size import part_by_size
from governance.contracts.model import Contract
from governance.intake.row_keys import FILE
from governance.intake.table import LINE
from governance.intake.typed_text import as_text, in_plain_notation
from governance.intake.validate import RECORD, compile_contract, validate

AT_ONCE_ROWS = 500_000
"""Rows checked at once, unless one member has more."""


class OutputRefused(RuntimeError):
    """A shared dataset breaks its own contract; the message names the first rows at fault."""


def verify_output(contract: Contract, path: Path, members: Collection[str] | None = None) -> None:
    """Check every row of a shared Parquet file, or those of some members.

    A row is held against those of its member only: who has the same rows as when they were held to this contract need
    not be checked again.

    Raises:
        OutputRefused: a column is missing, or a row breaks a rule that blocks.
    """
    shared = pl.scan_parquet(path)
    present = shared.collect_schema().names()
    missing = [column.name for column in contract.columns if column.name not in present]
    if missing:
        raise OutputRefused(f"{contract.id}: columns {missing} of the contract are missing")
    plain = in_plain_notation(contract)
    rules = compile_contract(plain)
    member = pl.col("member_id") if "member_id" in present else pl.lit("")
    # A key is one row's within a file: two sources of a member may contradict each other, and both are served.
    owner = [pl.col(name) for name in ("member_id", "source_id") if name in present]
    looked_at = shared if members is None else shared.filter(member.is_in(list(members)))
    for some in _members(looked_at, member):
        text = (
            shared.filter(member.is_in(some))
            .select(
                *(as_text(column) for column in plain.columns),
                (pl.concat_str(owner, separator="/") if owner else pl.lit("")).alias(FILE),
                pl.int_range(1, pl.len() + 1).alias(RECORD),
                pl.int_range(1, pl.len() + 1).alias(LINE),
            )
            .collect()
        )
        errors = validate(text, text, plain, rules).errors.filter("blocks")
        if errors.height:
            first = ", ".join(f"{e['column']}={e['value']!r} ({e['rule']})" for e in errors.head(3).to_dicts())
            raise OutputRefused(f"{contract.id}: {errors.height} values break the contract, such as {first}")


def _members(shared: pl.LazyFrame, member: pl.Expr) -> Iterator[list[str]]:
    """Ids of members, so many at a time that their rows fit in memory: a row is held against those of its member only.

    The file is sorted by member, so that the rows of the others are not even read.
    """
    counted = shared.group_by(member.alias("member_id")).len().sort("member_id").collect(engine="streaming")
    for some in part_by_size(counted.iter_rows(), lambda row: int(row[1]), AT_ONCE_ROWS):
        yield [member_id for member_id, _ in some]
