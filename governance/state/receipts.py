"""Receipts: one pull of one source and what came of it, kept for good."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, Row, and_, desc, func, select

from governance.state.database import receipts

Outcome = Literal["accepted", "unchanged", "held", "rejected", "failed"]
"""accepted: new rows; unchanged: nothing new came; held: waits for a person; rejected: the file cannot be
used; failed: the source did not answer. The last good rows stay in all cases but the first."""


CheckState = Literal["not_checked", "checking", "valid", "invalid", "held"]
"""How a source stands: valid, every row of its last file was taken; invalid, some or all were not; held, a person
must say whether rows are really gone; checking, a run is under way."""


def state_after(outcome: Outcome, rows_quarantined: int) -> CheckState:
    """Return how a source stands after a file of it was read."""
    if outcome == "held":
        return "held"
    return "valid" if outcome == "accepted" and rows_quarantined == 0 else "invalid"


class Receipt(BaseModel):
    """One run of one source. Times are UTC; counts are rows of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    batch_id: str | None = None
    """With which others the file was read; nothing where no file was read."""
    member_id: str
    source_id: str
    dataset: str
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    state: CheckState = "not_checked"
    """How the last file received stands after this run, by the version of the contract that stands below."""
    report_status: str | None = None
    file_name: str | None = None
    file_sha256: str | None = None
    file_bytes: int | None = None
    rows_in: int | None = None
    rows_accepted: int | None = None
    rows_quarantined: int | None = None
    rows_duplicates: int | None = None
    rows_gone: int | None = None
    """Rows handed over that an incremental source no longer has; they stay until a person decides."""
    contract_version: str | None = None
    release: str | None = None
    """Which release of the platform did the work."""
    detected: str | None = None
    """JSON of how the file was read: encoding, delimiter, sheet, header row."""
    message_fr: str
    message_en: str
    remedy_fr: str = ""
    remedy_en: str = ""


def _to_receipt(row: Row[tuple[object, ...]]) -> Receipt:
    return Receipt.model_validate(dict(row._mapping))


def store_receipts(connection: Connection, kept: Sequence[Receipt]) -> None:
    """Keep receipts, in the caller's transaction."""
    if kept:
        connection.execute(receipts.insert(), [receipt.model_dump() for receipt in kept])


def newest_receipts(connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Receipt]:
    """Return the newest receipt of each of a few sources, as the caller's transaction sees it."""
    found = {}
    for member_id, source_id in set(keys):
        query = (
            select(receipts)
            .where(receipts.c.member_id == member_id, receipts.c.source_id == source_id)
            .order_by(desc(receipts.c.finished_at))
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is not None:
            found[member_id, source_id] = _to_receipt(row)
    return found


def receipts_between(engine: Engine, member_id: str, since: datetime, until: datetime) -> list[Receipt]:
    """Return a member's receipts of a period (``until`` excluded), oldest first."""
    mine = (receipts.c.member_id == member_id, receipts.c.finished_at >= since, receipts.c.finished_at < until)
    with engine.connect() as connection:
        rows = connection.execute(select(receipts).where(*mine).order_by(receipts.c.finished_at)).all()
    return [_to_receipt(row) for row in rows]


def find_receipt(engine: Engine, run_id: str) -> Receipt | None:
    """Return one receipt, or None."""
    with engine.connect() as connection:
        row = connection.execute(select(receipts).where(receipts.c.run_id == run_id)).first()
    return _to_receipt(row) if row else None


def find_last_accepted(engine: Engine, before: Receipt) -> Receipt | None:
    """Return the last receipt of the same source that was accepted before a run, or None."""
    query = (
        select(receipts)
        .where(receipts.c.member_id == before.member_id, receipts.c.source_id == before.source_id)
        .where(receipts.c.outcome == "accepted", receipts.c.finished_at < before.finished_at)
        .order_by(desc(receipts.c.finished_at))
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(query).first()
    return _to_receipt(row) if row else None


def receipts_of_source(engine: Engine, member_id: str, source_id: str) -> list[Receipt]:
    """Return every receipt of a source, oldest first."""
    query = select(receipts).where(receipts.c.member_id == member_id, receipts.c.source_id == source_id)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(receipts.c.finished_at)).all()
    return [_to_receipt(row) for row in rows]


def receipts_of_bytes(engine: Engine, hashes: Collection[str]) -> list[Receipt]:
    """Return every receipt of runs that received one of these files."""
    listed, found = sorted(hashes), []
    with engine.connect() as connection:
        for start in range(0, len(listed), 500):  # databases have a limit of values in one question
            query = select(receipts).where(receipts.c.file_sha256.in_(listed[start : start + 500]))
            found += [_to_receipt(row) for row in connection.execute(query)]
    return found


def known_batches(engine: Engine) -> frozenset[str]:
    """Return the batches that any receipt belongs to."""
    with engine.connect() as connection:
        return frozenset(connection.execute(select(receipts.c.batch_id).distinct()).scalars())


def count_outcomes(engine: Engine) -> dict[str, int]:
    """Return how many runs came to what, since the installation."""
    query = select(receipts.c.outcome, func.count().label("counted")).group_by(receipts.c.outcome)
    with engine.connect() as connection:
        return {row.outcome: row.counted for row in connection.execute(query)}


READ: tuple[Outcome, ...] = ("accepted", "held", "rejected")
"""Outcomes of a run that read a file."""


def list_receipts(
    engine: Engine, member_id: str, source_id: str | None = None, limit: int = 50, *, with_unchanged: bool = True
) -> list[Receipt]:
    """Return a member's receipts, newest first; without those of runs that found nothing new, if so asked."""
    query = select(receipts).where(receipts.c.member_id == member_id)
    if not with_unchanged:
        query = query.where(receipts.c.outcome != "unchanged")
    if source_id is not None:
        query = query.where(receipts.c.source_id == source_id)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(desc(receipts.c.finished_at)).limit(limit)).all()
    return [_to_receipt(row) for row in rows]


def recent_receipts(engine: Engine, most: int) -> list[Receipt]:
    """Return the last runs of all sources that found something new, or that failed, newest first."""
    query = select(receipts).where(receipts.c.outcome != "unchanged").order_by(desc(receipts.c.finished_at)).limit(most)
    with engine.connect() as connection:
        return [_to_receipt(row) for row in connection.execute(query)]


def latest_receipts(engine: Engine, outcomes: Iterable[Outcome] | None = None) -> dict[tuple[str, str], Receipt]:
    """Return the newest receipt of each source, keyed by (member, source); of given outcomes only, if named."""
    wanted = receipts.c.outcome.in_(list(outcomes)) if outcomes is not None else receipts.c.outcome.is_not(None)
    newest = (
        select(receipts.c.member_id, receipts.c.source_id, func.max(receipts.c.finished_at).label("at"))
        .where(wanted)
        .group_by(receipts.c.member_id, receipts.c.source_id)
        .subquery()
    )
    query = select(receipts).join(
        newest,
        and_(
            receipts.c.member_id == newest.c.member_id,
            receipts.c.source_id == newest.c.source_id,
            receipts.c.finished_at == newest.c.at,
        ),
    )
    with engine.connect() as connection:
        rows = connection.execute(query.where(wanted)).all()
    found = (_to_receipt(row) for row in rows)
    return {(receipt.member_id, receipt.source_id): receipt for receipt in found}


def standing_receipts(engine: Engine) -> dict[tuple[str, str], Receipt]:
    """Return the receipt that says how each source stands, keyed by (member, source).

    That is the newest one, but where it says that nothing changed: then the one of the file that did not change.
    """
    newest, read = latest_receipts(engine), latest_receipts(engine, READ)
    return {
        key: read.get(key, receipt) if receipt.outcome == "unchanged" else receipt for key, receipt in newest.items()
    }
