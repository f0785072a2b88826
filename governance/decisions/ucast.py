"""UCAST trees, as OPA's compile API writes them, to DuckDB SQL with bound parameters.

Its own file because OPA's own SQL must not run on DuckDB: LIKE escapes differ and NOT drops empty cells that
Rego keeps. Here every comparison is true or false, never unknown, so that SQL keeps exactly Rego's rows.
"""

from collections.abc import Callable, Mapping
from typing import Any

MAX_EXACT_INTEGER = 2**53 - 1
"""Largest integer in a filter: the compile API writes numbers as 64-bit floats and rounds beyond it."""
TABLE = "row"
_TEXT_TYPES = {"string", "date", "datetime", "time", "yearmonth"}
_INTEGER_TYPES = {"integer", "year"}
_RANGES = {"lt": "<", "le": "<=", "lte": "<=", "gt": ">", "ge": ">=", "gte": ">="}
_TEXT_FUNCTIONS = {"startswith": "starts_with", "endswith": "suffix", "contains": "contains"}


class UnsupportedFilterError(ValueError):
    """A filter that cannot be carried out to the letter; whoever asked gets no row."""


def is_comparable(column_type: str, value: object) -> bool:
    """Whether a value may be compared with a column of that Table Schema type; ``None`` may with every one."""
    if value is None:
        return column_type in _TEXT_TYPES | _INTEGER_TYPES | {"number", "boolean"}
    if isinstance(value, bool):
        return column_type == "boolean"
    if isinstance(value, int):
        return column_type in _INTEGER_TYPES | {"number"} and abs(value) <= MAX_EXACT_INTEGER
    if isinstance(value, float):
        return column_type == "number"
    return isinstance(value, str) and column_type in _TEXT_TYPES


def quote(identifier: str) -> str:
    """An identifier in double quotes, with quotes inside it doubled."""
    return '"' + identifier.replace('"', '""') + '"'


def to_sql(tree: Mapping[str, Any] | None, columns: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Condition and its parameters, in the order of their ``?``.

    Args:
        tree: a UCAST tree; ``None`` lets no row through, ``{}`` lets every row through.
        columns: the only columns that may be compared, with their Table Schema types.

    Raises:
        UnsupportedFilterError: unknown node, operator or column, or a value of another type than the column's.
    """
    if tree is None:
        return "FALSE", []
    if not tree:
        return "TRUE", []
    parameters: list[Any] = []
    return _node(tree, columns, parameters), parameters


def _node(tree: Any, columns: Mapping[str, str], parameters: list[Any]) -> str:
    if not isinstance(tree, Mapping):
        raise UnsupportedFilterError(f"not a filter: {tree!r}")
    match tree.get("type"), tree.get("operator"):
        case "compound", ("and" | "or") as word:
            parts = [_node(part, columns, parameters) for part in _parts(tree)]
            return "(" + f" {word.upper()} ".join(parts) + ")"
        case "compound", "not":
            parts = [_node(part, columns, parameters) for part in _parts(tree)]
            return "(NOT coalesce(" + " AND ".join(parts) + ", FALSE))"
        case "field", str() as operator:
            return _comparison(tree, operator, columns, parameters)
    raise UnsupportedFilterError(f"unknown filter node: {tree.get('type')!r} {tree.get('operator')!r}")


def _parts(tree: Mapping[str, Any]) -> list[Any]:
    parts = tree.get("value")
    if not isinstance(parts, list | tuple) or not parts:
        raise UnsupportedFilterError(f"{tree.get('operator')} of nothing")
    return list(parts)


def _comparison(tree: Mapping[str, Any], operator: str, columns: Mapping[str, str], parameters: list[Any]) -> str:
    table, _, name = str(tree.get("field", "")).partition(".")
    if table != TABLE or name not in columns:
        raise UnsupportedFilterError(f"column not in the contract: {tree.get('field')!r}")
    column, bind = _column(name, columns[name]), _binder(name, columns[name], parameters)
    value = tree.get("value")
    if operator == "eq":
        return f"({column} IS NOT DISTINCT FROM {bind(value)})"
    if operator == "ne":
        return f"({column} IS DISTINCT FROM {bind(value)})"
    if operator == "in" and isinstance(value, list | tuple):
        found = [f"{column} IS NOT DISTINCT FROM {bind(one)}" for one in value]
        return "(" + (" OR ".join(found) or "FALSE") + ")"
    if value is None:
        raise UnsupportedFilterError(f"{operator} with nothing to compare with")
    if operator in _RANGES:
        return f"coalesce({column} {_RANGES[operator]} {bind(value)}, FALSE)"
    if operator in _TEXT_FUNCTIONS and isinstance(value, str):
        return f"coalesce({_TEXT_FUNCTIONS[operator]}({column}, {bind(value)}), FALSE)"
    raise UnsupportedFilterError(f"unknown operator: {operator!r}")


def _column(name: str, column_type: str) -> str:
    """The column as Rego would see its value in JSON: dates are ISO texts there."""
    if column_type == "datetime":
        return f"strftime({quote(name)}, '%Y-%m-%dT%H:%M:%S')"
    if column_type in _TEXT_TYPES:
        return f"CAST({quote(name)} AS VARCHAR)"
    if column_type == "number":
        return f"CAST({quote(name)} AS DOUBLE)"
    return quote(name)


def _binder(name: str, column_type: str, parameters: list[Any]) -> Callable[[Any], str]:
    def bind(value: Any) -> str:
        if isinstance(value, float) and value.is_integer() and column_type in _INTEGER_TYPES:
            value = int(value)
        if not is_comparable(column_type, value):
            raise UnsupportedFilterError(f"{name} is a {column_type}, not comparable with {value!r}")
        if value is None:
            return "NULL"
        parameters.append(float(value) if column_type == "number" else value)
        return "?"

    return bind
