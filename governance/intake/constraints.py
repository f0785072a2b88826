"""Table Schema's constraints as Polars expressions over text and typed columns; true marks a cell at fault."""

import json
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from governance.contracts.model import Column, ContractError
from governance.intake.casting import cast, dtype_of
from governance.intake.digits import are_digits, length_of
from governance.intake.distinct import first_fault, holds_for, is_one_of

TYPED = "\x1ftyped"
"""Suffix of the typed twin of a text column inside the pass."""


def text(name: str) -> pl.Expr:
    """Return a column as normalised text."""
    return pl.col(name)


def typed(name: str) -> pl.Expr:
    """Return a column's typed value, null where the text is not one."""
    return pl.col(name + TYPED)


def typed_bound(column: Column, bound: Any) -> Any:
    """Return a bound or an enum value as the column's type.

    Raises:
        ContractError: the bound is not a value of the column.
    """
    if isinstance(bound, bool | int | float) and column.type in ("number", "integer", "boolean"):
        return bound
    written = bound if isinstance(bound, str) else json.dumps(bound, ensure_ascii=False)
    plain = column if column.type != "number" else column.model_copy(update={"decimal_char": ".", "group_char": ""})
    value = pl.DataFrame({column.name: [written]}, schema={column.name: pl.String}).select(cast(plain)).item()
    if value is None:
        raise ContractError(f"column {column.name!r}: {bound!r} is not a {column.type}")
    return value


def matches(value: pl.Expr, pattern: str) -> pl.Expr:
    """Return whether whole values match a pattern; one that Rust cannot run is run by Python on distinct values.

    Raises:
        ContractError: the pattern is no regular expression at all.
    """
    length = length_of(pattern)
    if length is not None:
        return are_digits(value, length)
    anchored = f"^(?:{pattern})$"
    try:
        pl.Series([""]).str.contains(anchored)
    except pl.exceptions.PolarsError:
        try:
            compiled = re.compile(rf"(?:{pattern})\Z")
        except re.error as error:
            raise ContractError(f"pattern {pattern!r}: {error}") from None
        return holds_for(value, lambda item: compiled.match(item) is not None)
    return value.str.contains(anchored)


def _element_fault(rules: dict[str, Any]) -> Callable[[str], str | None]:
    allowed = (rules.get("constraints") or {}).get("enum")
    kind = {"string": str, "integer": int, "number": int | float, "boolean": bool}.get(rules.get("type", ""), object)

    def find(written: str) -> str | None:
        try:
            elements = json.loads(written)
        except (ValueError, RecursionError):
            return None
        for element in elements if isinstance(elements, list) else []:
            if not isinstance(element, kind) or (allowed is not None and element not in allowed):
                return str(element)
        return None

    return find


def _enum(column: Column) -> pl.Expr:
    allowed = [typed_bound(column, value) for value in column.constraints.enum or ()]
    if column.type in ("string", "any"):
        return is_one_of(text(column.name), [str(value) for value in column.constraints.enum or ()]).not_()
    return typed(column.name).is_in(pl.lit(pl.Series(allowed, dtype=dtype_of(column), strict=False)).implode()).not_()


def constraints_of(column: Column) -> dict[str, pl.Expr]:
    """Return rule code → expression that is true where a cell breaks it; ``unique`` is judged over rows elsewhere."""
    rules, name, limits = {}, column.name, column.constraints
    if limits.required:
        rules["required"] = text(name).is_null()
    if may_fail_cast(column):
        rules["type-error"] = text(name).is_not_null() & typed(name).is_null()
    if limits.pattern is not None:
        rules["pattern"] = matches(text(name), limits.pattern).not_()
    if limits.enum is not None:
        rules["enum"] = _enum(column)
    if limits.minimum is not None:
        rules["minimum"] = typed(name) < typed_bound(column, limits.minimum)
    if limits.maximum is not None:
        rules["maximum"] = typed(name) > typed_bound(column, limits.maximum)
    if limits.min_length is not None:
        rules["min-length"] = _length(column) < limits.min_length
    if limits.max_length is not None:
        rules["max-length"] = _length(column) > limits.max_length
    if column.items is not None:
        rules["array-item"] = first_fault(text(name), _element_fault(dict(column.items))).is_not_null()
    return rules


def may_fail_cast(column: Column) -> bool:
    """Tell whether a text may fail to be a value of the column."""
    return column.type != "any" and (column.type != "string" or column.format in ("email", "uri", "uuid", "binary"))


def _length(column: Column) -> pl.Expr:
    if column.type == "array":
        return text(column.name).map_batches(_elements, return_dtype=pl.Int64, is_elementwise=False)
    return text(column.name).str.len_chars().cast(pl.Int64)


def _elements(values: pl.Series) -> pl.Series:
    def count(written: str) -> int | None:
        try:
            found = json.loads(written)
        except (ValueError, RecursionError):
            return None
        return len(found) if isinstance(found, list) else None

    return pl.Series([None if value is None else count(value) for value in values], dtype=pl.Int64)
