"""Cells as SQL: how a published file writes them, and what it does to those that a spreadsheet could take for code."""

import re

FORMULA_STARTS = "=+@\t\r\n＝＋－＠-"
"""First characters that a spreadsheet may take for a formula. Source: OWASP, CSV Injection."""
_FORMULA = f"^[{FORMULA_STARTS}]"
_PLAIN_NUMBER = r"[+-]?[0-9]+([.,][0-9]+)?"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def csv_cell_sql(name: str, duckdb_type: str) -> str:
    """SQL of one column as a CSV cell: formulas disarmed by a leading apostrophe, instants with their ``T``.

    Plain signed numbers are left as they are. JSON and Parquet carry the values untouched.
    """
    column = quoted(name)
    if duckdb_type == "VARCHAR":
        is_formula = f"regexp_matches({column}, {literal(_FORMULA)})"
        is_number = f"regexp_full_match({column}, {literal(_PLAIN_NUMBER)})"
        return f"CASE WHEN {is_formula} AND NOT {is_number} THEN '''' || {column} ELSE {column} END"
    return instant_sql(name, duckdb_type)


def instant_sql(name: str, duckdb_type: str) -> str:
    """SQL of one column with its instants written with a ``T``; all else as it is."""
    if duckdb_type.startswith("TIMESTAMP"):
        return f"replace(CAST({quoted(name)} AS VARCHAR), ' ', 'T')"
    return quoted(name)


def disarmed(header: str) -> str:
    """A column's name as the header of a CSV: one that a spreadsheet may take for a formula gets an apostrophe."""
    return f"'{header}" if re.match(_FORMULA, header) else header
