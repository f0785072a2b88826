"""From how a member writes values to how the contract does, as declared and never guessed.

A value that is not written as declared becomes unreadable, so that it is reported: with a declared decimal comma,
``1.234`` could be a thousand or one. A date in another shape than declared is left to the contract: its ISO
writing cannot be taken for anything else.
"""

import re
from collections.abc import Mapping

import polars as pl

from governance.contracts.model import Column, Contract
from governance.federation import ColumnFormats, Formats
from governance.intake.dates import ISO_DAY, parse_day, parse_instant, shape_of
from governance.intake.parsers import is_marked, parse_code, parse_part

UNREADABLE = "\ufdd0"
"""Put before a value that is not written as declared; a noncharacter of Unicode, never in real text."""
PLAIN_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
SPACES = " \u00a0\u202f\u2009"


def effective(formats: Formats, own: ColumnFormats | None) -> ColumnFormats:
    """Return how one column is written: as the member writes all, but for what is declared of its own."""
    column = own or ColumnFormats()
    inherited = {name: getattr(formats, name) for name in Formats.model_fields if not getattr(column, name)}
    return column.model_copy(update=inherited)


def _number(value: pl.Expr, column: Column, formats: Formats, from_workbook: bool) -> pl.Expr:
    mark = re.escape(formats.decimal or column.decimal_char)
    groups = f"[{SPACES}]" if formats.thousands in (" ", "\u00a0", "\u202f") else re.escape(formats.thousands or "")
    whole = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{groups}[0-9]{{3}})+)" if groups else "[0-9]+"
    unit = rf"(?:[{SPACES}]*{re.escape(formats.unit)}[{SPACES}]*)?" if formats.unit else ""
    part = rf"(?:{mark}[0-9]+)?" if column.type == "number" else ""
    shape = rf"^[+-]?{whole}{part}{unit}$"
    plain = value.str.replace_all(groups, "") if groups else value
    if formats.unit:
        plain = plain.str.replace(rf"[{SPACES}]*{re.escape(formats.unit)}[{SPACES}]*$", "")
    written = plain.str.replace(mark, column.decimal_char)
    if from_workbook:  # kept because a cell that holds a number has no notation of its own
        return (
            pl.when(value.str.contains(PLAIN_NUMBER))
            .then(value)
            .when(value.str.contains(shape))
            .then(written)
            .otherwise(UNREADABLE + value)
        )
    return pl.when(value.str.contains(shape)).then(written).otherwise(UNREADABLE + value)


def _day(value: pl.Expr, column: Column, pattern: str) -> pl.Expr:
    own = ISO_DAY if column.type == "string" or column.format in ("default", "any") else column.format
    return _dated(value, pattern, parse_day(value, pattern).dt.to_string(own))


def _instant(value: pl.Expr, column: Column, pattern: str) -> pl.Expr:
    own = "%Y-%m-%dT%H:%M:%SZ" if column.format in ("default", "any") else column.format
    return _dated(value, pattern, parse_instant(value, pattern).dt.to_string(own))


def _dated(value: pl.Expr, pattern: str, written: pl.Expr) -> pl.Expr:
    shaped = value.str.contains(shape_of(pattern))
    return pl.when(shaped).then(pl.coalesce(written, UNREADABLE + value)).otherwise(value)


def _boolean(value: pl.Expr, column: Column, formats: Formats) -> pl.Expr:
    yes, no = value.is_in(list(formats.true)), value.is_in(list(formats.false))
    return (
        pl.when(yes).then(pl.lit(column.true_values[0])).when(no).then(pl.lit(column.false_values[0])).otherwise(value)
    )


def rewriting_of(column: Column, formats: ColumnFormats, from_workbook: bool) -> pl.Expr | None:
    """Return the expression that writes a column as its contract does; ``None`` if nothing is declared for it.

    What is empty stays empty unless a default is declared; what cannot be read bears a mark.
    """
    value = pl.col(column.name)
    part = parse_part(value, formats)
    written = parse_code(part, formats.codes) if formats.codes else _notation(part, column, formats, from_workbook)
    if written is None and not formats.takes_a_part and formats.default is None:
        return None
    whole = part if written is None else pl.when(part.is_not_null()).then(written)
    if written is not None and formats.takes_a_part:
        whole = pl.when(is_marked(part)).then(part).otherwise(whole)
    return whole if formats.default is None else whole.fill_null(pl.lit(formats.default))


def _notation(value: pl.Expr, column: Column, formats: Formats, from_workbook: bool) -> pl.Expr | None:
    if column.type in ("number", "integer") and (formats.decimal or formats.thousands or formats.unit):
        return _number(value, column, formats, from_workbook)
    if column.type in ("date", "string") and formats.date:
        return _day(value, column, formats.date)
    if column.type == "datetime" and formats.datetime:
        return _instant(value, column, formats.datetime)
    if column.type == "boolean" and (formats.true or formats.false):
        return _boolean(value, column, formats)
    return None


def rewrite(
    frame: pl.DataFrame,
    contract: Contract,
    formats: Formats,
    column_formats: Mapping[str, ColumnFormats],
    from_workbook: bool,
) -> pl.DataFrame:
    """Return the frame with every declared notation replaced by the contract's, and declared parsers applied."""
    if formats == Formats() and not column_formats:
        return frame
    rewritten = []
    for column in contract.columns:
        own = column_formats.get(column.name)
        chosen = effective(formats, own)
        if column.type == "string" and (own is None or own.date is None):
            chosen = chosen.model_copy(update={"date": None})  # a text is a day only where its own column says so
        expression = rewriting_of(column, chosen, from_workbook)
        if expression is not None:
            rewritten.append(expression.alias(column.name))
    return frame.with_columns(rewritten) if rewritten else frame
