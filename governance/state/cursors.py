"""Cursors: what is known of a source's last file, so that the unchanged costs nothing; and what was accepted."""

import time
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, Table, and_, bindparam, delete, exists, select

from governance.state.database import absences, accepted, cursors
from governance.state.receipts import CheckState

SourceKey = tuple[str, str]
"""Ids of an organisation and of one of its sources."""


class Cursor(BaseModel):
    """Where one source stands.

    ``fingerprint`` covers its declaration and contract: a change there reads the same bytes anew. ``origin`` covers
    only where the bytes come from: while it holds, an incremental source goes on from what it handed over last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    member_id: str
    source_id: str
    fingerprint: str
    origin: str
    file_sha256: str
    file_name: str
    etag: str | None = None
    last_modified: str | None = None
    watermark: str | None = None
    outcome: str
    state: CheckState
    contract_version: str
    run_id: str


class AcceptedRows(BaseModel):
    """The last good rows of one source, as harmonising sees them: which run gave them, in which batch's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member_id: str
    source_id: str
    dataset: str
    run_id: str
    batch_id: str
    rows: int


def find_cursors(engine: Engine, keys: Collection[SourceKey]) -> dict[SourceKey, Cursor]:
    """Return where sources stand; one that never ran is left out."""
    with engine.connect() as connection:
        return {
            (row["member_id"], row["source_id"]): Cursor.model_validate(row)
            for row in _rows_of(connection, cursors, keys)
        }


def find_accepted(engine: Engine, keys: Collection[SourceKey]) -> dict[SourceKey, AcceptedRows]:
    """Return the record of each source's last good rows; one without any is left out."""
    with engine.connect() as connection:
        return {
            (row["member_id"], row["source_id"]): AcceptedRows.model_validate(row)
            for row in _rows_of(connection, accepted, keys)
        }


def list_accepted(engine: Engine, dataset: str | None = None, *, with_archived: bool = False) -> list[AcceptedRows]:
    """Return the record of every source's last good rows, ordered by dataset, member and source.

    Those of archived sources are kept and not served: they are left out unless asked for.
    """
    query = select(accepted).order_by(accepted.c.dataset, accepted.c.member_id, accepted.c.source_id)
    if dataset is not None:
        query = query.where(accepted.c.dataset == dataset)
    if not with_archived:
        mine = and_(absences.c.member_id == accepted.c.member_id, absences.c.source_id == accepted.c.source_id)
        query = query.where(~exists().where(mine, absences.c.archived_at.is_not(None)))
    with engine.connect() as connection:
        return [AcceptedRows.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def store_cursors(connection: Connection, moved: Sequence[Cursor]) -> None:
    """Move cursors, in the transaction that keeps what they stand for: a run that was cut is done again."""
    now = time.time()
    _replace(connection, cursors, [{**cursor.model_dump(), "checked_at": now} for cursor in moved])


def store_accepted(connection: Connection, records: Sequence[AcceptedRows]) -> None:
    """Record that sources' last good rows were replaced, in the caller's transaction."""
    _replace(connection, accepted, [record.model_dump() for record in records])


def forget_source(connection: Connection, key: SourceKey) -> None:
    """Forget where a source stood and which rows of it were good, in the caller's transaction."""
    for table in (cursors, accepted):
        forget_rows(connection, table, [key])


def forget_rows(connection: Connection, table: Table, keys: Collection[SourceKey]) -> None:
    """Take the rows of some sources out of a table that has one a source, in the caller's transaction."""
    if keys:
        mine = and_(table.c.member_id == bindparam("whose"), table.c.source_id == bindparam("which"))
        connection.execute(delete(table).where(mine), [{"whose": m, "which": s} for m, s in keys])


def _rows_of(connection: Connection, table: Table, keys: Collection[SourceKey]) -> list[dict[str, Any]]:
    """Rows of those sources; asked by member, since a list of pairs is not portable and the rest is few."""
    members = sorted({member for member, _ in keys})
    wanted = set(keys)
    found: list[dict[str, Any]] = []
    for start in range(0, len(members), _AT_ONCE):
        query = select(table).where(table.c.member_id.in_(members[start : start + _AT_ONCE]))
        for row in connection.execute(query).mappings():
            if (row["member_id"], row["source_id"]) in wanted:
                found.append({name: value for name, value in row.items() if name != "checked_at"})
    return found


_AT_ONCE = 500
"""Values in one question; databases have a limit."""


def _replace(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    forget_rows(connection, table, [(row["member_id"], row["source_id"]) for row in rows])
    connection.execute(table.insert(), list(rows))
