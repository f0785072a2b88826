"""The national registry's custom checks as Polars expressions; true marks a row at fault."""

from collections.abc import Callable
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any

import polars as pl

from governance.contracts.checks import COLUMN_PARAMETERS, canonical_name
from governance.contracts.model import Check, Contract, ContractError
from governance.intake import insee_codes
from governance.intake.constraints import text, typed
from governance.intake.distinct import holds_for
from governance.intake.near_commune import is_far, told_distance
from governance.intake.numbers_of_france import is_actes, is_phone, is_rna, is_siren, is_siret
from governance.intake.opening_hours import is_opening_hours

_PARTED = "\x1f"
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}


def _single(holds: Callable[[pl.Expr], pl.Expr]) -> Callable[[Check], pl.Expr]:
    return lambda check: text(check.columns[0]).is_not_null() & holds(text(check.columns[0])).not_()


def _judged(predicate: Callable[[str], bool]) -> Callable[[Check], pl.Expr]:
    return _single(lambda value: holds_for(value, predicate))


def _years(check: Check) -> pl.Expr:
    """Two years that rise, separated by a slash; one year where the check allows it."""
    value = text(check.columns[0])
    first, second = value.str.slice(0, 4), value.str.slice(5, 4)
    fits = value.str.contains(r"^[0-9]{4}/[0-9]{4}$") & (first < second)
    if str(check.parameters.get("allow-year-only", "")).lower() in ("yes", "true", "oui", "1"):
        fits = fits | value.str.contains(r"^[0-9]{4}$")
    return value.is_not_null() & fits.not_()


def _cohesive(check: Check) -> pl.Expr:
    """All filled or all empty."""
    filled = [text(name).is_not_null() for name in check.columns]
    return reduce(or_, filled) & reduce(and_, filled).not_()


def _compare(check: Check) -> pl.Expr:
    left, right = (typed(name) for name in check.columns)
    holds: pl.Expr = OPERATORS[check.parameters["op"]](left, right)
    return holds.not_().fill_null(False)


def _one_of(check: Check) -> pl.Expr:
    return reduce(and_, [text(name).is_null() for name in check.columns])


def _insee(check: Check) -> pl.Expr:
    """A commune's code in the year that the check names or that a column tells; today's where it says neither.

    Where that column is empty, any code that a commune ever had will do.
    """
    value, fixed = text(check.columns[0]), check.parameters.get("year", insee_codes.LATEST)
    if len(check.columns) == 1:
        return value.is_not_null() & holds_for(value, lambda code: insee_codes.existed(code, fixed)).not_()
    year = typed(check.columns[1]).cast(pl.String).str.extract(r"^([0-9]{4})").fill_null("")
    both = pl.concat_str(value, year, separator=_PARTED)
    return value.is_not_null() & holds_for(both, _existed_then).not_()


def _existed_then(both: str) -> bool:
    code, _, year = both.rpartition(_PARTED)
    # A year of which nothing is known yet: what holds now is taken to hold then.
    return insee_codes.existed(code, min(int(year), insee_codes.LATEST) if year else None)


def _sum(check: Check) -> pl.Expr:
    """Judged where the total and every part are given: a missing part is the cohesive check's affair."""
    total, *parts = (typed(name) for name in check.columns)
    return (total != reduce(lambda a, b: a + b, parts)).fill_null(False)


BUILDERS: dict[str, Callable[[Check], pl.Expr]] = {
    "french-siret-value": _single(is_siret),
    "french-siren-value": _single(is_siren),
    "rna-value": _single(is_rna),
    "phone-number-value": _single(is_phone),
    "nomenclature-actes-value": _judged(is_actes),
    "opening-hours-value": _judged(is_opening_hours),
    "year-interval-value": _years,
    "cohesive-columns-value": _cohesive,
    "compare-columns-value": _compare,
    "one-of-required": _one_of,
    "sum-columns-value": _sum,
    "insee-code-value": _insee,
}


def expression_of(check: Check, contract: Contract) -> pl.Expr:
    """Return the expression that is true where a row breaks a check.

    Raises:
        ContractError: the check is unknown, or compares or adds columns whose types do not go together.
    """
    name = canonical_name(check.name)
    if name not in COLUMN_PARAMETERS:
        raise ContractError(f"custom check {check.name!r} is unknown")
    kinds = {contract.column(column).type for column in check.columns}
    if name == "compare-columns-value" and len(kinds - {"number"}) > 1:
        raise ContractError(f"custom check {check.name!r} compares {' with '.join(sorted(kinds))}")
    if name == "sum-columns-value" and not kinds <= {"integer", "number"}:
        raise ContractError(f"custom check {check.name!r} adds what are no numbers")
    if name == "insee-code-value" and not kinds <= {"string", "date", "datetime", "year", "yearmonth"}:
        raise ContractError(
            f"custom check {check.name!r} needs a text, and a date or a year: {', '.join(sorted(kinds))}"
        )
    if name == "commune-coordinates-value":
        numbers = {contract.column(column).type for column in check.columns[:2]}
        if not numbers <= {"integer", "number"} or contract.column(check.columns[2]).type != "string":
            raise ContractError(f"custom check {check.name!r} needs two numbers and a text")
        return is_far(check, contract)
    return BUILDERS[name](check)


def detail_of(check: Check, contract: Contract) -> pl.Expr | None:
    """Return what is told of each row at fault besides the rule, where there is more to tell."""
    return told_distance(check, contract) if canonical_name(check.name) == "commune-coordinates-value" else None
