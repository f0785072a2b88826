"""Every row of every file of a contract against every rule of it, in one vectorised pass.

The frame that comes in holds the contract's columns as text and three of ours: which file (``FILE``), which record
(``RECORD``, from 1) and which physical line (``line_number``).
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from governance.contracts.checks import canonical_name
from governance.contracts.keys import foreign_keys_of, unique_keys_of
from governance.contracts.model import Contract, ContractError
from governance.intake.casting import cast, dtype_of
from governance.intake.checks import expression_of
from governance.intake.constraints import TYPED, constraints_of, text, typed
from governance.intake.parsers import MARKS, is_marked
from governance.intake.row_keys import FILE, INDEX, Judgeable, key_errors
from governance.intake.table import LINE

RECORD = "\x1frecord"
NONE: Mapping[str, pl.DataFrame] = MappingProxyType({})
NEVER = pl.lit(False)
ERROR_SCHEMA = {
    INDEX: pl.UInt32, "column": pl.String, "rule": pl.String, "value": pl.String, "check": pl.UInt32,
    "blocks": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What the pass found: typed columns row for row, cell errors (``ERROR_SCHEMA``), and which rows repeat."""

    typed: pl.DataFrame
    errors: pl.DataFrame
    repeated: pl.Series


@dataclass(frozen=True)
class _Rule:
    column: str
    code: str
    broken: pl.Expr
    check: int | None = None
    blocks: bool = True


def _rules_of(contract: Contract) -> list[_Rule]:
    if any(column.name == LINE for column in contract.columns):
        raise ContractError(f"{LINE!r} is the name of our own column; the contract must use another")
    foreign_keys_of(contract), unique_keys_of(contract)
    rules = [
        _Rule(column.name, code, broken)
        for column in contract.columns
        for code, broken in constraints_of(column).items()
    ]
    for number, check in enumerate(contract.checks):
        code, broken = canonical_name(check.name), expression_of(check, contract)
        rules.append(_Rule(check.columns[0], code, broken, number, check.severity == "blocks"))
    return rules


def compile_contract(contract: Contract) -> None:
    """Make every expression of a contract once, to find what cannot be applied before any file arrives.

    Raises:
        ContractError: a pattern, bound or check of the contract cannot be applied.
    """
    _rules_of(contract)


def _repeated_rows(frame: pl.DataFrame, names: list[str]) -> pl.Series:
    """Mark rows equal in every cell to an earlier row of the same file; hashed first, compared where hashes meet."""
    hashes = frame.select(FILE, *names).hash_rows()
    twice = hashes.is_duplicated()
    if not twice.any():
        return twice
    candidates = frame.with_row_index(INDEX).filter(twice)
    again = candidates.filter(~candidates.select(pl.struct(FILE, *names).is_first_distinct()).to_series())[INDEX]
    return pl.Series(INDEX, pl.arange(0, frame.height, dtype=pl.UInt32, eager=True)).is_in(again.implode())


def _errors_at(written: pl.DataFrame, index: pl.Series, rule: _Rule) -> pl.DataFrame:
    found = written[rule.column].gather(index)
    return pl.DataFrame({INDEX: index.cast(pl.UInt32), "value": found}).select(
        INDEX,
        pl.lit(rule.column).alias("column"),
        pl.lit(rule.code).alias("rule"),
        "value",
        pl.lit(rule.check, dtype=pl.UInt32).alias("check"),
        pl.lit(rule.blocks).alias("blocks"),
    )


def _with_parsers(rules: list[_Rule], parsed: Set[tuple[str, str]], contract: Contract) -> list[_Rule]:
    """Add the rules of declared parsers; a cell that none could read breaks that rule and no other of its column."""
    names = {column.name for column in contract.columns}
    unread = {column: is_marked(text(column)).fill_null(False) for column, _ in parsed if column in names}
    spared = [
        replace(rule, broken=rule.broken & unread[rule.column].not_()) if rule.column in unread else rule
        for rule in rules
    ]
    own = [
        _Rule(column, code, text(column).str.starts_with(MARKS[code]))
        for column, code in sorted(parsed)
        if column in names
    ]
    return [*own, *spared]


def validate(
    frame: pl.DataFrame,
    written: pl.DataFrame,
    contract: Contract,
    references: Mapping[str, pl.DataFrame] = NONE,
    parsed: Set[tuple[str, str]] = frozenset(),
) -> Judged:
    """Judge every row; errors come in the order of rows, then of columns, with the values of ``written``.

    ``references`` are the accepted rows of other datasets, by id, for foreign keys; ``parsed`` are column and rule of
    the parsers that were declared.

    Raises:
        ContractError: a pattern, bound or check of the contract cannot be applied.
    """
    rules = _with_parsers(_rules_of(contract), parsed, contract) if parsed else _rules_of(contract)
    names = [column.name for column in contract.columns]
    masks = [rule.broken.fill_null(False).alias(str(number)) for number, rule in enumerate(rules)]
    pass_ = frame.lazy().with_columns(cast(column).alias(column.name + TYPED) for column in contract.columns)
    kept = [typed(column.name).cast(dtype_of(column)).alias(f"{column.name}{TYPED}") for column in contract.columns]
    result = pass_.select(*masks, *kept).collect()
    values = result.select(pl.col(name + TYPED).alias(name) for name in names)
    repeated = _repeated_rows(frame, names)
    found = [
        _errors_at(written, result[str(number)].arg_true(), rule)
        for number, rule in enumerate(rules)
        if result[str(number)].any()
    ]
    rows = Judgeable(frame.select(FILE).hstack(values), ~repeated, references)
    found += key_errors(rows, contract, lambda at, column, code: _errors_at(written, at, _Rule(column, code, NEVER)))
    order = pl.Enum(names)
    errors = pl.concat([pl.DataFrame(schema=ERROR_SCHEMA), *found]) if found else pl.DataFrame(schema=ERROR_SCHEMA)
    return Judged(values, errors.sort(INDEX, pl.col("column").cast(order), maintain_order=True), repeated)
