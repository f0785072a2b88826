"""Facts about the federation as a Parquet file, so that models read who takes part like any other source."""

from io import BytesIO

import polars as pl

from governance.federation import Federation, Member
from governance.lake import Lake, write_atomically

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
    out = BytesIO()
    pl.DataFrame(rows, schema=_COLUMNS).write_parquet(out)
    path = lake.root / "reference" / "members.parquet"
    if path.is_file() and path.read_bytes() == out.getvalue():
        return False
    write_atomically(path, out.getvalue())
    return True
