"""Facts about the federation as a Parquet file, so that models read who takes part like any other source."""

import polars as pl

from governance.federation import Federation, Member
from governance.lake import Lake, write_if_changed
from governance.parquet_bytes import to_parquet

_COLUMNS = {
    "member_id": pl.String,
    "siren": pl.String,
    "insee_code": pl.String,
    "member_name": pl.String,
    "kind": pl.String,
    "population": pl.Int64,
}


def write_reference(federation: Federation, lake: Lake) -> bool:
    """Write ``reference/members.parquet``; nothing is written when nothing changed. Returns whether it wrote."""
    rows = [
        {
            "member_id": organisation.id,
            "siren": organisation.siren,
            "insee_code": organisation.insee_code if isinstance(organisation, Member) else None,
            "member_name": organisation.name,
            "kind": organisation.kind,
            "population": organisation.population if isinstance(organisation, Member) else None,
        }
        for organisation in federation.organisations.values()
    ]
    content = to_parquet(pl.DataFrame(rows, schema=_COLUMNS))
    return write_if_changed(lake.root / "reference" / "members.parquet", content)
