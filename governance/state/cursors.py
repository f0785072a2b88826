"""Cursors: what is known of a source's last file, so that the unchanged costs nothing; and what was accepted."""

import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, delete, select

from governance.state.database import accepted, cursors


class Cursor(BaseModel):
    """Where one source stands. ``fingerprint`` covers its declaration and contract: a change there reads anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member_id: str
    source_id: str
    fingerprint: str
    file_sha256: str
    file_name: str
    etag: str | None = None
    last_modified: str | None = None
    outcome: str
    run_id: str


class AcceptedFile(BaseModel):
    """The last good rows of one source, as harmonising sees them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member_id: str
    source_id: str
    dataset: str
    run_id: str
    rows: int
    content_sha256: str


def find_cursor(engine: Engine, member_id: str, source_id: str) -> Cursor | None:
    """Return where a source stands, or None before its first run."""
    query = select(cursors).where(cursors.c.member_id == member_id, cursors.c.source_id == source_id)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    return Cursor.model_validate({k: v for k, v in row.items() if k != "checked_at"}) if row else None


def store_cursor(engine: Engine, cursor: Cursor) -> None:
    """Move a source's cursor; called last, so that a cut run is done again and never skipped."""
    mine = (cursors.c.member_id == cursor.member_id) & (cursors.c.source_id == cursor.source_id)
    with engine.begin() as connection:
        connection.execute(delete(cursors).where(mine))
        connection.execute(cursors.insert().values(**cursor.model_dump(), checked_at=time.time()))


def find_accepted(engine: Engine, member_id: str, source_id: str) -> AcceptedFile | None:
    """Return the last good rows' record of one source, or None."""
    query = select(accepted).where(accepted.c.member_id == member_id, accepted.c.source_id == source_id)
    with engine.connect() as connection:
        row = connection.execute(query).mappings().first()
    return AcceptedFile.model_validate(dict(row)) if row else None


def list_accepted(engine: Engine) -> list[AcceptedFile]:
    """Return the record of every source's last good rows, ordered by dataset, member and source."""
    query = select(accepted).order_by(accepted.c.dataset, accepted.c.member_id, accepted.c.source_id)
    with engine.connect() as connection:
        return [AcceptedFile.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def store_accepted(engine: Engine, record: AcceptedFile) -> None:
    """Record that a source's last good rows were replaced."""
    mine = (accepted.c.member_id == record.member_id) & (accepted.c.source_id == record.source_id)
    with engine.begin() as connection:
        connection.execute(delete(accepted).where(mine))
        connection.execute(accepted.insert().values(**record.model_dump()))
