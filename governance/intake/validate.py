"""Every row of every file of a contract against every rule of it, in one vectorised pass.

The frame that comes in holds the contract's columns as text and three of ours: which file (``FILE``), which record
(``RECORD``, from 1) and which physical line (``line_number``).
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from governance.contracts.checks import canonical_name
from governance.contracts.keys import foreign_keys_of, unique_keys_of
from governance.contracts.model import Contract, ContractError
from governance.intake.casting import cast, dtype_of
from governance.intake.checks import detail_of, expression_of
from governance.intake.constraints import TYPED, constraints_of, text, typed
from governance.intake.parsers import MARKS, is_marked
from governance.intake.row_keys import FILE, INDEX, OWNER, Found, Judgeable, key_errors, telling_columns
from governance.intake.table import LINE

RECORD = "\x1frecord"
NONE: Mapping[str, pl.DataFrame] = MappingProxyType({})
NEVER = pl.lit(False)
AT_LINE = " (l. {})"
"""``detail`` of a key that another line has."""
ERROR_SCHEMA = {
    INDEX: pl.UInt32, "column": pl.String, "rule": pl.String, "value": pl.String, "check": pl.UInt32,
    "blocks": pl.Boolean, "detail": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What the pass found: typed columns row for row, cell errors (``ERROR_SCHEMA``), and which rows repeat."""

    typed: pl.DataFrame
    errors: pl.DataFrame
    repeated: pl.Series


@dataclass(frozen=True)
class Rule:
    """What marks a cell, or a row, as wrong, and how it is reported; ``detail`` is looked at for wrong rows only."""

    column: str
    code: str
    broken: pl.Expr
    check: int | None = None
    blocks: bool = True
    detail: pl.Expr | None = None


@dataclass(frozen=True)
class Rules:
    """The rules of a contract, made once for all that it judges, and the expressions of the pass over its cells."""

    each: tuple[Rule, ...]
    casts: tuple[pl.Expr, ...]
    results: tuple[pl.Expr, ...]
    """Whether each rule is broken, then each typed column."""

    @classmethod
    def of(cls, contract: Contract, each: Sequence[Rule]) -> "Rules":
        """Make the expressions of a contract's columns and of these rules."""
        casts = [cast(column).alias(column.name + TYPED) for column in contract.columns]
        broken = [rule.broken.fill_null(False).alias(str(number)) for number, rule in enumerate(each)]
        kept = [typed(column.name).cast(dtype_of(column)).alias(column.name + TYPED) for column in contract.columns]
        return cls(tuple(each), tuple(casts), (*broken, *kept))


def compile_contract(contract: Contract) -> Rules:
    """Return every rule of a contract.

    Raises:
        ContractError: a pattern, bound or check of the contract cannot be applied.
    """
    if any(column.name == LINE for column in contract.columns):
        raise ContractError(f"{LINE!r} is the name of our own column; the contract must use another")
    foreign_keys_of(contract), unique_keys_of(contract)
    rules = [
        Rule(column.name, code, broken)
        for column in contract.columns
        for code, broken in constraints_of(column).items()
    ]
    for number, check in enumerate(contract.checks):
        code, broken = canonical_name(check.name), expression_of(check, contract)
        detail = detail_of(check, contract)
        rules.append(Rule(check.columns[0], code, broken, number, check.severity == "blocks", detail))
    return Rules.of(contract, rules)


def repeated_rows(frame: pl.DataFrame, contract: Contract) -> pl.Series:
    """Mark rows equal in every cell to an earlier row of the same file.

    Those whose hashes meet are compared: first of a few columns, then of all.
    """
    names = [column.name for column in contract.columns]
    candidates = frame.select(FILE, *names).with_row_index(INDEX)
    for chosen in (telling_columns(frame, names), names):
        candidates = candidates.filter(candidates.select(FILE, *chosen).hash_rows().is_duplicated())
        if candidates.height == 0:
            return pl.Series([False]).new_from_index(0, frame.height)
    again = candidates.filter(~candidates.select(pl.struct(FILE, *names).is_first_distinct()).to_series())[INDEX]
    return pl.Series(INDEX, pl.arange(0, frame.height, dtype=pl.UInt32, eager=True)).is_in(again.implode())


def owned(owners: Sequence[str]) -> pl.DataFrame:
    """Return whose each file is, by its number (``FILE``, ``OWNER``)."""
    return pl.DataFrame({FILE: range(len(owners)), OWNER: owners}, schema={FILE: pl.UInt32, OWNER: pl.String})


def with_parsers(rules: Rules, parsed: Set[tuple[str, str]], contract: Contract) -> Rules:
    """Add the rules of declared parsers; a cell that none could read breaks that rule and no other of its column."""
    if not parsed:
        return rules
    names = {column.name for column in contract.columns}
    unread = {column: is_marked(text(column)).fill_null(False) for column, _ in parsed if column in names}
    spared = [
        replace(rule, broken=rule.broken & unread[rule.column].not_()) if rule.column in unread else rule
        for rule in rules.each
    ]
    own = [
        Rule(column, code, text(column).str.starts_with(MARKS[code]))
        for column, code in sorted(parsed)
        if column in names
    ]
    return Rules.of(contract, [*own, *spared])


def _errors_at(written: pl.DataFrame, found: Sequence[tuple[pl.Series, Rule]]) -> pl.DataFrame:
    """Return the errors of rows (by index) that break rules; made of all at once, since each frame costs alike."""
    rules = [rule for _, rule in found]
    times = pl.Series([len(index) for index, _ in found], dtype=pl.UInt32)
    which = pl.select(pl.int_range(len(rules)).repeat_by(times)).to_series().explode() if rules else times
    values = [written[rule.column].gather(index) for index, rule in found]
    about = pl.DataFrame(
        {
            "column": [rule.column for rule in rules],
            "rule": [rule.code for rule in rules],
            "check": [rule.check for rule in rules],
            "blocks": [rule.blocks for rule in rules],
        },
        schema={name: ERROR_SCHEMA[name] for name in ("column", "rule", "check", "blocks")},
    )[which]
    places = pl.concat([pl.Series([], dtype=pl.UInt32), *(index.cast(pl.UInt32) for index, _ in found)])
    texts = pl.concat([pl.Series([], dtype=pl.String), *values])
    told = about.with_columns(places.alias(INDEX), texts.alias("value"), pl.lit("").alias("detail"))
    return told.select(*ERROR_SCHEMA)


def judge_cells(
    frame: pl.DataFrame, written: pl.DataFrame, contract: Contract, rules: Rules
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge every cell by itself and every row by the contract's checks: typed columns, and errors rule by rule."""
    names = [column.name for column in contract.columns]
    result = frame.lazy().with_columns(rules.casts).select(rules.results).collect()
    masks = zip(result.iter_columns(), rules.each, strict=False)
    found = [(wrong.arg_true(), rule) for wrong, rule in masks if wrong.any()]
    errors = _errors_at(written, found)
    if any(rule.detail is not None for _, rule in found):
        whole = frame.hstack(result.select(f"{name}{TYPED}" for name in names))
        errors = errors.with_columns(_details(whole, found))
    values = result[:, len(rules.each) :]
    values.columns = names
    return values, errors


def _details(whole: pl.DataFrame, found: Sequence[tuple[pl.Series, Rule]]) -> pl.Series:
    """Return what is told of each row at fault, rule by rule as they were found."""
    told = [
        whole[index].select(rule.detail).to_series()
        if rule.detail is not None
        else pl.Series([""]).new_from_index(0, len(index))
        for index, rule in found
    ]
    return pl.concat(told).alias("detail")


def errors_of_keys(written: pl.DataFrame) -> Found:
    """Return what makes errors of the rows at fault with a key, with the values and the lines of ``written``."""

    def found(at: pl.Series, column: str, rule: str, firsts: pl.Series | None = None) -> pl.DataFrame:
        errors = _errors_at(written, [(at, Rule(column, rule, NEVER))])
        if firsts is None:
            return errors
        lines = pl.DataFrame({"line": written[LINE].gather(firsts)})
        return errors.with_columns(lines.select(pl.format(AT_LINE, "line")).to_series().alias("detail"))

    return found


def in_order(found: Sequence[pl.DataFrame], contract: Contract) -> pl.DataFrame:
    """Put errors in the order of rows, then of columns."""
    order = pl.Enum([column.name for column in contract.columns])
    errors = pl.concat([pl.DataFrame(schema=ERROR_SCHEMA), *found])
    return errors.sort(INDEX, pl.col("column").cast(order), maintain_order=True)


def validate(
    frame: pl.DataFrame,
    written: pl.DataFrame,
    contract: Contract,
    rules: Rules,
    references: Mapping[str, pl.DataFrame] = NONE,
    owners: Sequence[str] = (),
    parsed: Set[tuple[str, str]] = frozenset(),
) -> Judged:
    """Judge every row; errors come in the order of rows, then of columns, with the values of ``written``.

    ``references`` are the accepted rows of other datasets, by id, for foreign keys; ``owners`` says whose the files
    are, by their number, where rows referred to are somebody's; ``parsed`` are column and rule of the parsers that
    were declared.
    """
    values, found = judge_cells(frame, written, contract, with_parsers(rules, parsed, contract))
    repeated = repeated_rows(frame, contract)
    rows = Judgeable(frame.select(FILE).hstack(values), ~repeated, references, owned(owners))
    of_keys = key_errors(rows, contract, errors_of_keys(written))
    return Judged(values, in_order([found, *of_keys], contract), repeated)
