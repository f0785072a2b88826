"""Declared parsers: what a contract column is, out of the cells that a file has for it.

A cell that a parser cannot read keeps its text behind a mark, so that its row is reported and quarantined, never taken
for empty. The mark says which rule the row breaks.
"""

from collections.abc import Mapping

import polars as pl

from governance.federation import ColumnFormats, Formats
from governance.intake.addresses import parse_address

MARKS: Mapping[str, str] = {"code-unknown": "\ufdd1", "part-missing": "\ufdd2", "coordinates-unread": "\ufdd3",
                            "address-unread": "\ufdd4"}  # fmt: skip
"""Rule → sign put before a text that a parser cannot read; noncharacters of Unicode, never in real text."""
_DEGREES = {"latitude": 90.0, "longitude": 180.0}
_OPENING, _CLOSING = r"^\s*(?:POINT\s*)?[\[({]?\s*", r"\s*[\])}]?\s*$"


def rules_of(formats: ColumnFormats) -> tuple[str, ...]:
    """Return the rules that a cell may break by not being what its parsers are declared for."""
    found = (formats.codes and "code-unknown", formats.split and "part-missing",
             formats.coordinates and "coordinates-unread", formats.address and "address-unread")  # fmt: skip
    return tuple(rule for rule in found if rule)


def is_marked(value: pl.Expr) -> pl.Expr:
    """Return whether a parser could not read a text; null stays null."""
    return value.str.contains(f"^[{''.join(MARKS.values())}]")


def join_cells(cells: list[pl.Series], separator: str) -> pl.Series:
    """Return one text of several columns, row by row: what is empty is left out, and nothing at all is null."""
    names = [str(place) for place in range(len(cells))]
    frame = pl.DataFrame([cell.alias(name) for name, cell in zip(names, cells, strict=True)])
    filled = [pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars()) for name in names]
    together = pl.concat_str(filled, separator=separator, ignore_nulls=True)
    return frame.select(pl.when(pl.any_horizontal(each.is_not_null() for each in filled)).then(together)).to_series()


def parse_part(value: pl.Expr, formats: ColumnFormats) -> pl.Expr:
    """Return the part of each cell that is the column's: null where it is empty, marked where there is none."""
    if formats.coordinates is not None:
        return _coordinate(value, formats)
    if formats.address is not None:
        return parse_address(value, formats.address, MARKS["address-unread"])
    if formats.split is None or formats.part is None:
        return value
    parts = value.str.split(formats.split) if formats.parts is None else _split_in(value, formats.split, formats.parts)
    part = parts.list.get(formats.part - 1, null_on_oob=True).str.strip_chars()
    found = parts.list.len() >= (formats.parts or formats.part)
    return pl.when(found.not_()).then(MARKS["part-missing"] + value).when(part != "").then(part)


def _split_in(value: pl.Expr, sign: str, count: int) -> pl.Expr:
    """Return at most so many parts, the last with whatever is left."""
    fields = value.str.splitn(sign, count)
    return pl.concat_list(fields.struct.field(f"field_{place}") for place in range(count)).list.drop_nulls()


def _coordinate(value: pl.Expr, formats: ColumnFormats) -> pl.Expr:
    """Return one of two coordinates as it is written; a comma parts them only where it is not the decimal sign."""
    sign = formats.decimal or "."
    number = rf"([+-]?[0-9]{{1,3}}(?:\{sign}[0-9]+)?)"
    between = r"(?:\s*[;/|]\s*|,?\s+)" if sign == "," else r"(?:\s*[,;/|]\s*|\s+)"
    shape = f"{_OPENING}{number}{between}{number}{_CLOSING}"
    place = 1 if (formats.coordinates or "").startswith(str(formats.take)[:3]) else 2
    found = value.str.extract(shape, place)
    degrees = found.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).abs()
    is_right = degrees <= _DEGREES[formats.take or "longitude"]
    return pl.when(is_right.fill_null(False)).then(found).otherwise(MARKS["coordinates-unread"] + value)


def parse_code(value: pl.Expr, codes: Mapping[str, str]) -> pl.Expr:
    """Return the value that each code stands for, spaces around it aside; marked where it stands for none."""
    known = value.str.strip_chars().replace_strict(
        list(codes), list(codes.values()), default=None, return_dtype=pl.String
    )
    return pl.coalesce(known, MARKS["code-unknown"] + value)


def notation_of(formats: ColumnFormats) -> Formats:
    """Return the part of a column's declaration that says how values are written."""
    return Formats.model_validate(formats.model_dump(include=set(Formats.model_fields), exclude_unset=True))
