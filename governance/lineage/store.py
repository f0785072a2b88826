"""Where lineage events are kept: in a table of the state, each as it was told, and marked where it is its job's last.

An event is marked that ends the last complete run of its job. It stays, whatever is pruned.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, bindparam, delete, or_, select, update

from governance.lineage.facts import KeptRun, PublicationFacts, ReceiptFacts, VersionFacts
from governance.state.database import insert_unless_known, lineage_events

_COMPLETE = "COMPLETE"


class LineageStore:
    """The events of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, events: Sequence[Any]) -> None:
        """Keep the events of runs, those of one run side by side and in their order; what is kept already stays.

        Raises:
            SQLAlchemyError: the database refused.
        """
        rows = [
            _row(event, place)
            for _, of_one_run in groupby(events, key=lambda event: event.run.runId)
            for place, event in enumerate(of_one_run)
        ]
        ended = [{"whose": row["job"]} for row in rows if row["is_last"]]
        with self._engine.begin() as connection:
            if ended:
                was_last = lineage_events.c.job == bindparam("whose"), lineage_events.c.is_last
                connection.execute(update(lineage_events).where(*was_last).values(is_last=False), ended)
            insert_unless_known(connection, lineage_events, rows)

    def last_runs(self, *steps: str) -> Iterator[KeptRun]:
        """Yield the last complete run of each job, in the order of the jobs' names; of some steps, or of all."""
        last = select(lineage_events.c.told).where(lineage_events.c.is_last)
        if steps:
            last = last.where(or_(*(lineage_events.c.job.startswith(f"{step}.") for step in steps)))
        with self._engine.connect() as connection:
            ordered = last.order_by(lineage_events.c.job, lineage_events.c.at)
            told: Iterable[str] = connection.execute(ordered).scalars()
            yield from (_kept(json.loads(text)) for text in told)

    def find_run(self, run_id: str) -> KeptRun | None:
        """Return what is kept of one run's end, or None where nothing is."""
        events = lineage_events.c
        ended = select(events.told).where(events.run_id == run_id, events.kind != "START").order_by(events.place.desc())
        with self._engine.connect() as connection:
            told = connection.execute(ended).scalars().first()
        return None if told is None else _kept(json.loads(told))

    def forget_source(self, job: str) -> None:
        """Forget the runs of a source that a person deleted: their events name its files."""
        with self._engine.begin() as connection:
            connection.execute(delete(lineage_events).where(lineage_events.c.job == job))

    def prune(self, days: int, now: datetime) -> int:
        """Remove the events of runs older than some days; how many. What the last runs said stays."""
        old = lineage_events.c.at < now - timedelta(days=days), ~lineage_events.c.is_last
        with self._engine.begin() as connection:
            return connection.execute(delete(lineage_events).where(*old)).rowcount


def _row(event: Any, place: int) -> dict[str, Any]:
    kind = event.eventType.value
    return {
        "run_id": UUID(event.run.runId).hex,
        "place": place,
        "job": event.job.name,
        "kind": kind,
        "at": datetime.fromisoformat(event.eventTime),
        "is_last": kind == _COMPLETE,
        "told": in_words(event),
    }


def in_words(event: Any) -> str:
    """Return an event of OpenLineage's client as JSON, as its own ``Serde`` does, which takes ten times as long.

    That counts: it was a third of the harvest of a hundred small files.
    """
    return json.dumps(event, default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    told = ((field.name, getattr(value, field.name)) for field in value.__attrs_attrs__)
    return {name: item for name, item in told if item is not None}


def _kept(event: dict[str, Any]) -> KeptRun:
    facets = event["run"].get("facets", {})
    parent = facets.get("parent", {}).get("run", {}).get("runId")
    return KeptRun(
        job=event["job"]["name"],
        run_id=UUID(event["run"]["runId"]).hex,
        trace_id=UUID(parent).hex if parent else None,
        at=event["eventTime"],
        inputs=tuple(one["name"] for one in event.get("inputs", [])),
        outputs=tuple(one["name"] for one in event.get("outputs", [])),
        receipt=facets.get(ReceiptFacts.facet),
        version=facets.get(VersionFacts.facet),
        publication=facets.get(PublicationFacts.facet),
    )
