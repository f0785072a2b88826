"""How each source stands: checked or not, by which contract and when; under way; absent, archived."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, Row, select, update

from governance.state.cursors import SourceKey, forget_rows
from governance.state.database import absences, insert_unless_known, under_way
from governance.state.receipts import READ, CheckState, latest_receipts

LONGEST_CHECK = timedelta(hours=1)
"""A check that is said to be under way for longer was cut."""


class Absence(BaseModel):
    """A source that is there no more: gone from where it was, or from the declarations. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member_id: str
    source_id: str
    reason: Literal["gone", "undeclared"]
    since: datetime
    archived_at: datetime | None = None
    """When its rows ceased to be served."""

    @property
    def key(self) -> SourceKey:
        """Ids of the organisation and of its source."""
        return self.member_id, self.source_id


class Standing(BaseModel):
    """How one source stands; ``at`` is when its last file was checked, by which version of its contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: CheckState = "not_checked"
    contract_version: str | None = None
    at: datetime | None = None
    absent_since: datetime | None = None
    archived_at: datetime | None = None


def standings(engine: Engine) -> dict[SourceKey, Standing]:
    """Return how each source stands that was ever asked for; another one is ``Standing()``."""
    found = {
        key: Standing(state=receipt.state, contract_version=receipt.contract_version, at=receipt.finished_at)
        for key, receipt in latest_receipts(engine, READ).items()
    }
    for key in _under_way(engine):
        found[key] = found.get(key, Standing()).model_copy(update={"state": "checking"})
    for absence in list_absences(engine):
        gone = {"absent_since": absence.since, "archived_at": absence.archived_at}
        found[absence.key] = found.get(absence.key, Standing()).model_copy(update=gone)
    return found


def begin_checks(engine: Engine, keys: Collection[SourceKey], now: datetime) -> None:
    """Say that sources are being asked and checked."""
    with engine.begin() as connection:
        end_checks(connection, keys)
        insert_unless_known(connection, under_way, [{"member_id": m, "source_id": s, "since": now} for m, s in keys])


def end_checks(connection: Connection, keys: Collection[SourceKey]) -> None:
    """Say that sources are under way no more, in the caller's transaction."""
    forget_rows(connection, under_way, keys)


def note_absences(connection: Connection, noticed: Iterable[Absence]) -> None:
    """Remember since when sources are absent, in the caller's transaction; what is known already stays as it is."""
    insert_unless_known(connection, absences, [absence.model_dump() for absence in noticed])


def forget_absences(connection: Connection, keys: Collection[SourceKey]) -> None:
    """Say that sources are there again, in the caller's transaction."""
    forget_rows(connection, absences, keys)


def mark_archived(connection: Connection, absence: Absence, now: datetime) -> None:
    """Say that a source's rows are served no more, in the caller's transaction."""
    mine = (absences.c.member_id == absence.member_id, absences.c.source_id == absence.source_id)
    connection.execute(update(absences).where(*mine).values(archived_at=now))


def list_absences(engine: Engine) -> list[Absence]:
    """Return every absence, ordered by member and source."""
    query = select(absences).order_by(absences.c.member_id, absences.c.source_id)
    with engine.connect() as connection:
        return [_to_absence(row) for row in connection.execute(query)]


def _under_way(engine: Engine) -> list[SourceKey]:
    since = datetime.now(UTC) - LONGEST_CHECK
    query = select(under_way.c.member_id, under_way.c.source_id).where(under_way.c.since > since)
    with engine.connect() as connection:
        return [(row.member_id, row.source_id) for row in connection.execute(query)]


def _to_absence(row: Row[tuple[object, ...]]) -> Absence:
    return Absence.model_validate(dict(row._mapping))
