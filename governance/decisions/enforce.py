"""The enforcement point: a decision becomes the only relation that a caller may read.

Row filter and masks come first; whatever the caller filters, sorts, groups or searches is applied to the
result, so that a hidden value cannot be found by probing. A caller's own casts must be ``TRY_CAST``: an error
message could quote a hidden cell.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.contracts.model import Contract
from governance.decisions.model import PROVENANCE_COLUMNS, Decision, Mask
from governance.decisions.ucast import UnsupportedFilterError, quote, to_sql
from governance.journal.keys import derive_key, load_key
from governance.settings import load_settings


@dataclass(frozen=True)
class _Shown:
    """One column of the relation and the parameters of its expression."""

    sql: str
    parameters: list[Any]


def relation_sql(
    decision: Decision,
    contract: Contract,
    parquet_path: Path,
    *,
    present: Collection[str] | None = None,
    key: bytes | None = None,
    without: Collection[tuple[str, str]] = (),
) -> tuple[str, list[Any]]:
    """The ``SELECT`` of what the decision shows, and its parameters in the order of their ``?``.

    Use it as ``SELECT … FROM (<sql>) AS visible WHERE …`` with the caller's parameters after these.

    Args:
        present: names of the columns that the file has; by default the contract's and the provenance.
        key: secret under which hashes are made, per agreement; by default the installation's.
        without: (member, source) pairs whose rows stay out whatever the decision, since a person deleted them.

    Raises:
        UnsupportedFilterError: the row filter cannot be carried out to the letter, or no column is shown.
    """
    types = {column.name: str(column.type) for column in contract.columns} | dict.fromkeys(PROVENANCE_COLUMNS, "string")
    types["line_number"] = "integer"
    here = [name for name in types if present is None or name in present]
    shown = [
        _show(name, types[name], decision.column_masks[name], decision, key) for name in here if decision.shows(name)
    ]
    if not shown:
        # kept because a relation needs a column: the names of what exists are no secret, its rows are
        return f"SELECT {', '.join(f'NULL AS {quote(name)}' for name in here[:1])} WHERE FALSE", []
    condition, bound = to_sql(decision.row_filter if decision.allow else None, types)
    if without and {"member_id", "source_id"} <= set(here):
        # a row whose provider is not known stays out as well, since nobody can tell whose it was
        condition += "".join(" AND coalesce(NOT (member_id = ? AND source_id = ?), FALSE)" for _ in without)
        bound += [part for pair in without for part in pair]
    parameters = [value for column in shown for value in column.parameters]
    select = ", ".join(column.sql for column in shown)
    # kept because every name is quoted, the file's as well (DuckDB reads a file whose name stands for a table), and
    # every value is bound
    sql = f"SELECT {select} FROM {quote(str(parquet_path))} WHERE {condition}"  # noqa: S608
    return sql, [*parameters, *bound]


def column_hash_key(agreement_id: str | None) -> bytes:
    """Key of an agreement's hashes: two partners cannot join what each received, and neither can guess.

    Raises:
        OSError: the installation's key cannot be read or made.
    """
    return derive_key(load_key(load_settings()), f"column-hash:{agreement_id or ''}")


def _show(name: str, column_type: str, mask: Mask, decision: Decision, key: bytes | None) -> _Shown:
    expression, parameters = _masked(name, column_type, mask, decision, key)
    if mask.null_for:
        held = ", ".join("?" for _ in mask.null_for)
        owner = quote("member_id")
        expression = f"CASE WHEN {owner} IS NULL OR {owner} IN ({held}) THEN NULL ELSE {expression} END"
        parameters = [*mask.null_for, *parameters]
    return _Shown(f"{expression} AS {quote(name)}", parameters)


def _masked(name: str, column_type: str, mask: Mask, decision: Decision, key: bytes | None) -> tuple[str, list[Any]]:
    column = quote(name)
    match mask.mask:
        case "show":
            return column, []
        case "null":
            return "NULL", []
        case "hash":
            secret = (key if key is not None else column_hash_key(decision.agreement_id)).hex()
            # kept nested, as HMAC is, because a single keyed SHA-256 can be extended
            return f"sha256(? || sha256(? || CAST({column} AS VARCHAR)))", [secret[:64], secret]
        case "truncate" if mask.length is not None:
            return f"left(CAST({column} AS VARCHAR), ?)", [mask.length]
        case "generalise":
            return _generalised(column, column_type, mask)
    raise UnsupportedFilterError(f"{name}: mask {mask.mask} cannot be carried out")


def _generalised(column: str, column_type: str, mask: Mask) -> tuple[str, list[Any]]:
    """A coarser value: lower bound of the class of a number, month or year of a date, department of an INSEE code."""
    if mask.to == "step" and mask.step and column_type in {"number", "integer", "year"}:
        return f"floor(CAST({column} AS DOUBLE) / ?) * ?", [mask.step, mask.step]
    if mask.to in {"month", "year"} and column_type in {"date", "datetime", "string", "yearmonth"}:
        return f"left(CAST({column} AS VARCHAR), ?)", [7 if mask.to == "month" else 4]
    if mask.to == "department" and column_type == "string":
        text = f"CAST({column} AS VARCHAR)"
        return f"CASE WHEN {text} LIKE '97%' OR {text} LIKE '98%' THEN left({text}, 3) ELSE left({text}, 2) END", []
    raise UnsupportedFilterError(f"{column}: a {column_type} cannot be generalised to {mask.to}")
