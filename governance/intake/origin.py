"""Where the columns of a file come from and how its member writes them: a report speaks of the clerk's own file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.contracts.model import Column
from governance.federation import ColumnFormats, Formats
from governance.intake.formats import effective

SHOWN_CODES = 20
"""Codes that a message names."""
PARTS = {"fr": "au moins {n} parties séparées par « {sign} »", "en": "at least {n} parts separated by “{sign}”"}


@dataclass(frozen=True)
class Origin:
    """Where the columns of a file come from, by the source's declaration."""

    columns: Mapping[str, str] = field(default_factory=dict)
    column_formats: Mapping[str, ColumnFormats] = field(default_factory=dict)
    formats: Formats = Formats()

    def header_of(self, column: str | None) -> str | None:
        """Return the header or headers that a column is read from, where they are not its own name."""
        formats = self.column_formats.get(column or "")
        header = " + ".join(formats.join) if formats and formats.join else self.columns.get(column or "")
        return header if header != column else None

    def formats_of(self, column: str | None) -> ColumnFormats:
        """Return how a column is made of its cells."""
        return effective(self.formats, self.column_formats.get(column or ""))


NOWHERE = Origin()


def as_written(column: Column, formats: ColumnFormats) -> Column:
    """Return a column as the member declared to write it, to say what is expected in words of its own."""
    changed: dict[str, object] = {}
    if column.type in ("number", "integer") and formats.decimal:
        changed["decimal_char"] = formats.decimal
    if column.type == "date" and formats.date:
        changed["format"] = formats.date
    if column.type == "datetime" and formats.datetime:
        changed["format"] = formats.datetime
    if column.type == "boolean" and formats.true and formats.false:
        changed |= {"true_values": formats.true, "false_values": formats.false}
    return column.model_copy(update=changed) if changed else column


def value_as_written(value: str, column: Column, formats: ColumnFormats) -> str:
    """Return a value in the contract's notation as the member writes it: another decimal sign would be refused."""
    is_number = column.type in ("number", "integer")
    return value.replace(column.decimal_char, formats.decimal) if is_number and formats.decimal else value


def wanted_by_parser(rule: str, formats: ColumnFormats, language: str) -> str:
    """Return what a parser wants, for a message; nothing for the contract's own rules."""
    if rule == "code-unknown":
        codes = list(formats.codes)
        return ", ".join(codes[:SHOWN_CODES]) + (" …" if len(codes) > SHOWN_CODES else "")
    if rule == "part-missing":
        wanted, of = formats.parts or formats.part, "fr" if language == "fr" else "en"
        return PARTS[of].format(n=wanted, sign=formats.split)
    if rule == "coordinates-unread":
        pair = ("47.28", "-2.2") if formats.coordinates == "lat-lon" else ("-2.2", "47.28")
        # A space alone, since any other sign may be what parts the cells of the file.
        return " ".join(pair).replace(".", formats.decimal or ".")
    if rule == "address-unread":
        return "12 bis rue Haute, 44000 Nantes"
    return ""
