"""The outbox: whom a receipt concerns, written with the receipt itself, and what became of telling them.

A notice is queued in the transaction that keeps its receipt, so that neither is there without the other; its id is made
of the subscription and the occasion, so that it is queued once. Whoever sends takes it for a while first: two senders
never send the same one, and one that died leaves it to the next.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, Row, delete, desc, func, select, update

from governance.state.database import insert_unless_known, outbox

Occasion = Literal["run", "digest", "feed"]
NoticeState = Literal["waiting", "sent", "given_up", "withdrawn"]
"""waiting: not yet delivered; given_up: not delivered for too long; withdrawn: nobody subscribes any more."""
TAKEN_FOR = timedelta(minutes=5)
"""How long a sender has for one notice; afterwards it is taken for dead."""


class Notice(BaseModel):
    """One thing to tell one subscription. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    member_id: str
    subscription: str
    """Key of the subscription; its address stays in the declaration, so that withdrawing one forgets it."""
    occasion: Occasion
    run_id: str | None = None
    """Of the receipt, for a run."""
    told: str | None = None
    """What happened to a feed, as JSON, for a feed."""
    since: datetime | None = None
    """Beginning of the period, for a digest; it ends when it is due."""
    due_at: datetime
    next_try_at: datetime
    attempts: int = 0
    state: NoticeState = "waiting"
    settled_at: datetime | None = None
    failure_fr: str = ""
    failure_en: str = ""
    """Why the last attempt failed."""


def notice_id(subscription: str, occasion: str) -> str:
    """Return the id of what one subscription is told on one occasion; receivers may know it again by it."""
    return hashlib.sha256(f"{subscription} {occasion}".encode()).hexdigest()[:40]


def queue_notices(connection: Connection, notices: Sequence[Notice]) -> None:
    """Queue notices in the caller's transaction; one that is queued already stays as it is."""
    insert_unless_known(connection, outbox, [notice.model_dump() for notice in notices])


def find_due(engine: Engine, now: datetime, most: int) -> list[Notice]:
    """Return notices whose time has come, the longest due first."""
    query = (
        select(outbox)
        .where(outbox.c.state == "waiting", outbox.c.next_try_at <= now)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(most)
    )
    with engine.connect() as connection:
        return [_to_notice(row) for row in connection.execute(query)]


def take(engine: Engine, notice: Notice, now: datetime) -> bool:
    """Take a notice in order to send it; False where another sender has."""
    mine = (outbox.c.id == notice.id, outbox.c.state == "waiting", outbox.c.attempts == notice.attempts)
    taken = {"attempts": notice.attempts + 1, "next_try_at": now + TAKEN_FOR}
    with engine.begin() as connection:
        return connection.execute(update(outbox).where(*mine).values(taken)).rowcount == 1


def settle_notice(engine: Engine, notice: Notice, state: NoticeState, now: datetime, **why: str) -> None:
    """Say that a notice is done with; ``why`` are ``failure_fr`` and ``failure_en``."""
    _change(engine, notice, {"state": state, "settled_at": now, **why})


def put_off(engine: Engine, notice: Notice, until: datetime, **why: str) -> None:
    """Say when a notice that could not be delivered is tried again, and why it could not."""
    _change(engine, notice, {"next_try_at": until, **why})


def list_notices(engine: Engine, member_id: str, most: int = 200) -> list[Notice]:
    """Return a member's notices, those that were due last first."""
    query = select(outbox).where(outbox.c.member_id == member_id).order_by(desc(outbox.c.due_at), outbox.c.id)
    with engine.connect() as connection:
        return [_to_notice(row) for row in connection.execute(query.limit(most))]


def notices_of_subscription(engine: Engine, subscription: str) -> list[Notice]:
    """Return what a subscription was told of feeds, or waits to be told, the oldest first."""
    mine = (outbox.c.subscription == subscription, outbox.c.occasion == "feed")
    query = select(outbox).where(*mine).order_by(outbox.c.due_at, outbox.c.id)
    with engine.connect() as connection:
        return [_to_notice(row) for row in connection.execute(query)]


def prune_notices(engine: Engine, before: datetime) -> int:
    """Forget notices of receipts and digests that were settled before an instant; say how many. None that waits goes.

    What was told of feeds stays: it is from there that a subscription is not told the same again.
    """
    settled = (outbox.c.state != "waiting", outbox.c.settled_at < before, outbox.c.occasion != "feed")
    with engine.begin() as connection:
        return connection.execute(delete(outbox).where(*settled)).rowcount


def count_notices(engine: Engine) -> dict[str, int]:
    """Return how many notices are in which state."""
    query = select(outbox.c.state, func.count().label("counted")).group_by(outbox.c.state)
    with engine.connect() as connection:
        return {row.state: row.counted for row in connection.execute(query)}


def oldest_due(engine: Engine) -> datetime | None:
    """Return when the longest waiting notice was due; None where none waits."""
    query = select(func.min(outbox.c.due_at)).where(outbox.c.state == "waiting")
    with engine.connect() as connection:
        return connection.execute(query).scalar_one_or_none()


def _change(engine: Engine, notice: Notice, values: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == notice.id).values(values))


def _to_notice(row: Row[Any]) -> Notice:
    return Notice.model_validate(dict(row._mapping))
