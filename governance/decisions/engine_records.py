"""What the engines reported, as kept in the state: which bundle each has activated, and every decision it made.

Its own tables because none of it is the record: the journal is. This is the other side, which it is held against.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime
from sqlalchemy import ColumnElement, Engine, and_, delete, insert, select

from governance.decisions.model import Frozen
from governance.state.database import engine_bundles as _bundles
from governance.state.database import engine_decisions as _decisions
from governance.state.database import insert_unless_known

_ALIVE = timedelta(seconds=30)
"""How often an unchanged report is written down: an engine reports every few seconds."""


class BundleState(Frozen):
    """One bundle of one engine, as it last reported it."""

    engine: str
    bundle: str
    revision: str | None
    active_since: AwareDatetime | None
    fault: str | None
    """Why the last attempt to fetch or activate a newer one failed; the active one stays."""
    reported_at: AwareDatetime

    def differs(self, later: "BundleState") -> bool:
        """Whether a later report says something new, or the same after so long that it proves the engine alive."""
        same = {"reported_at"}
        is_fresh = later.reported_at - self.reported_at < _ALIVE
        return not is_fresh or self.model_dump(exclude=same) != later.model_dump(exclude=same)


class EngineDecision(Frozen):
    """One decision as the engine logged it; ``event`` is the masked event as JSON."""

    decision_id: str
    at: AwareDatetime
    engine: str
    path: str
    policy_version: str | None
    target: str | None
    allow: bool | None
    event: str

    @property
    def trace_id(self) -> str | None:
        """The id of the work that the question was first asked for; an answer may be used again within a second."""
        told = json.loads(self.event).get("trace_id")
        return told if isinstance(told, str) else None


def _text(instant: datetime) -> str:
    """One form of an instant, so that its text sorts as it does."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _is_of(engine: str, bundle: str) -> ColumnElement[bool]:
    return and_(_bundles.c.engine == engine, _bundles.c.bundle == bundle)


class EngineRecords:
    """The reports of all engines of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self, engine: str, bundle: str) -> BundleState | None:
        """The last report of one bundle of one engine."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_bundles).where(_is_of(engine, bundle))).one_or_none()
        return BundleState.model_validate(dict(row._mapping)) if row else None

    def put_state(self, state: BundleState) -> None:
        """Keep the state of a bundle in the place of the one before."""
        told = state.model_dump()
        for name in ("active_since", "reported_at"):
            told[name] = _text(told[name]) if told[name] else None
        with self._engine.begin() as connection:
            connection.execute(delete(_bundles).where(_is_of(state.engine, state.bundle)))
            connection.execute(insert(_bundles).values(**told))

    def states(self) -> list[BundleState]:
        """The last report of every bundle, by engine and name."""
        query = select(_bundles).order_by(_bundles.c.engine, _bundles.c.bundle)
        with self._engine.connect() as connection:
            return [BundleState.model_validate(dict(row._mapping)) for row in connection.execute(query)]

    def put_decisions(self, decisions: Sequence[EngineDecision], keep: timedelta) -> None:
        """Keep decisions, and forget those older than ``keep``.

        One that is there already stays, since an engine sends again what was not confirmed.
        """
        rows = [{**decision.model_dump(), "at": _text(decision.at)} for decision in decisions]
        oldest = _text(datetime.now(UTC) - keep)
        with self._engine.begin() as connection:
            insert_unless_known(connection, _decisions, rows)
            connection.execute(delete(_decisions).where(_decisions.c.at < oldest))

    def decisions(self, since: datetime, until: datetime) -> Iterator[EngineDecision]:
        """Decisions of a time, the oldest first; ``until`` excluded."""
        at = _decisions.c.at
        query = select(_decisions).where(at >= _text(since), at < _text(until)).order_by(at)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield EngineDecision.model_validate(dict(row._mapping))
