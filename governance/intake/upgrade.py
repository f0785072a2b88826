"""Rows of a source that still follows an earlier major version of a contract, brought to the version that is served.

A file is judged and reported by the contract that it follows. Its good rows then become rows of the current one by what
the earlier contract declares, and are judged by that too: one that cannot be brought over is quarantined.
"""

from dataclasses import replace

import polars as pl

from governance.contracts.model import Contract
from governance.intake.findings import SCHEMA, Findings
from governance.intake.model import Examined, RowCounts
from governance.intake.row_keys import FILE, INDEX
from governance.intake.table import LINE
from governance.intake.typed_text import as_text, in_plain_notation
from governance.intake.validate import RECORD, compile_contract, validate

RULE, ENDS = "not-upgradable", "contract-ends"


def upgraded(examined: Examined, contract: Contract) -> Examined:
    """Return an answer whose accepted rows are of the current contract; unchanged where the contract is that one."""
    served = contract.served_as
    if served is None or examined.report.status == "unusable":
        return examined
    rows = examined.accepted
    text = rows.select(
        *(_value(name.name, contract) for name in served.columns),
        pl.lit(0, pl.UInt32).alias(FILE),
        pl.int_range(1, pl.len() + 1).alias(RECORD),
        LINE,
    )
    plain = in_plain_notation(served)
    judged = validate(text, text, plain, compile_contract(plain))
    wrong = judged.errors.filter("blocks")
    left_out = pl.Series(range(rows.height), dtype=pl.UInt32).is_in(wrong[INDEX].unique().implode())
    accepted = judged.typed.hstack([rows[LINE]]).filter(~left_out)
    return replace(
        examined,
        rows=accepted,
        quarantined=_with_left_out(examined.quarantined, rows.filter(left_out), contract),
        report=examined.report.model_copy(
            update={
                "rows": _moved(examined.report.rows, int(left_out.sum())),
                "status": "invalid" if left_out.any() else examined.report.status,
                "errors": _told(examined, wrong, rows, contract),
            }
        ),
    )


def _value(name: str, contract: Contract) -> pl.Expr:
    """A column of the current contract as text: as declared, or the column of that name, or nothing."""
    own = {column.name: column for column in contract.columns}
    declared = contract.upgrade.get(name)
    if declared is not None and declared.constant is not None:
        return pl.lit(declared.constant, pl.String).alias(name)
    origin = own.get(declared.source if declared is not None and declared.source else name)
    if origin is None:
        return pl.lit(None, pl.String).alias(name)
    value = as_text(origin)
    return (value.replace(dict(declared.codes)) if declared is not None and declared.codes else value).alias(name)


def _with_left_out(quarantined: pl.DataFrame, rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    more = rows.select(
        *(as_text(column) for column in contract.columns), LINE, pl.lit([RULE], pl.List(pl.String)).alias("rules")
    )
    return pl.concat([quarantined, more.select(quarantined.columns)]).sort(LINE, maintain_order=True)


def _moved(counts: RowCounts, left_out: int) -> RowCounts:
    return RowCounts(
        read=counts.read,
        accepted=counts.accepted - left_out,
        quarantined=counts.quarantined + left_out,
        duplicates=counts.duplicates,
    )


def _told(examined: Examined, wrong: pl.DataFrame, rows: pl.DataFrame, contract: Contract) -> Findings:
    """The report's errors, with those of the current contract, and until when the earlier one may be followed."""
    errors = examined.report.errors
    if not isinstance(errors, Findings):
        raise TypeError(f"an examination by {contract.id} gives its errors as columns")
    more = wrong.select(
        rows[LINE].gather(wrong[INDEX]).alias("line"),
        pl.lit(None, pl.Int64).alias("row"),
        "column",
        "value",
        pl.lit(RULE).alias("rule"),
        pl.col("rule").alias("detail"),
        pl.lit(None, pl.UInt32).alias("check"),
        pl.lit(True).alias("blocks"),
    )
    until = (
        f"{contract.version} → {contract.served_as.version if contract.served_as else ''} : {contract.supported_until}"
    )
    notice = pl.DataFrame([[None, None, None, None, ENDS, until, None, False]], schema=SCHEMA, orient="row")
    together = pl.concat([notice, errors.frame, more.select(*SCHEMA)])
    return Findings(together.sort("line", nulls_last=False, maintain_order=True), contract, errors.origin)
