"""A cell that holds a whole address, told by its values: its parts for the columns that want them."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from governance.contracts.model import Column, Contract
from governance.federation import AddressPart, ColumnFormats
from governance.intake.parsers import is_marked, parse_part
from governance.mapping.match import Match
from governance.mapping.values import CONFORMING
from governance.mapping.words import meaning_of


def find_addresses(
    matches: Sequence[Match], open_ones: frozenset[str], texts: Mapping[str, Sequence[str]], contract: Contract
) -> Iterator[tuple[str, str, ColumnFormats, float]]:
    """Give column, header, how its part is taken and the share of addresses, for the one header that holds them.

    Only columns without a header that fits are given a part, and two of them at least: a postcode alone is no address.
    """
    found = {header: share for header, values in texts.items() if (share := _share(values)) >= CONFORMING}
    if len(found) != 1:
        return
    ((header, share),) = found.items()
    free = [m.column for m in matches if m.column in open_ones or m.header == header and m.verdict != "sure"]
    parts = {name: part for name in free if (part := part_of(contract.column(name))) is not None}
    if len(parts) > 1 and len(set(parts.values())) == len(parts):
        for name, part in parts.items():
            yield name, header, ColumnFormats(address=part), share


def part_of(column: Column) -> AddressPart | None:
    """Return which part of an address a column wants; None for a whole one or none."""
    said = meaning_of(column.name).all | meaning_of(column.title or "").all
    if column.type not in ("string", "any", "integer") or "@insee" in said:
        return None
    if "@postcode" in said:
        return "postcode"
    if "@number" in said and said & {"@street", "@address"}:
        return "number"
    if "@street" in said:
        return "way"
    return "town" if "@town" in said else None


def _share(values: Sequence[str]) -> float:
    """Return the share of cells that are a whole address, with a street beside its postcode and town."""
    if not values:
        return 0.0
    frame = pl.DataFrame({"cell": values}, schema={"cell": pl.String})
    street = parse_part(pl.col("cell"), ColumnFormats(address="street"))
    return float(frame.select((street.is_not_null() & is_marked(street).not_().fill_null(False)).mean()).item())
