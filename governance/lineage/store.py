"""Where lineage events are kept: one file a run, added to and never changed, and the last good run of each job.

lineage/events/<r>/<run_id>.ndjson      every event of a run, as it was told
lineage/last/<job>.json                 the event of the last run of a job that was complete, whatever was pruned since
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from governance.lake import write_atomically
from governance.lineage.facts import KeptRun, PublicationFacts, ReceiptFacts, VersionFacts


class LineageStore:
    """The events under one state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.root = state_dir / "lineage"

    def events_path(self, run_id: str) -> Path:
        """Path of a run's events. Sixteen folders, as for received bytes."""
        return self.root / "events" / run_id[0] / f"{run_id}.ndjson"

    def keep(self, events: Sequence[Any]) -> None:
        """Keep the events of one run, in their order.

        Raises:
            OSError: the disk refused.
        """
        path = self.events_path(UUID(events[0].run.runId).hex)
        path.parent.mkdir(parents=True, exist_ok=True)
        told = [in_words(event) for event in events]
        with path.open("a", encoding="utf-8") as lines:
            lines.writelines(f"{text}\n" for text in told)
        for event, text in zip(events, told, strict=True):
            if event.eventType.value == "COMPLETE":
                write_atomically(self._last_path(event.job.name), text.encode())

    def last_runs(self) -> Iterator[KeptRun]:
        """Yield the last complete run of each job, in the order of the jobs' names."""
        for path in sorted((self.root / "last").glob("*.json")):
            yield _kept(json.loads(path.read_bytes()))

    def find_run(self, run_id: str) -> KeptRun | None:
        """Return what is kept of one run's end, or None where nothing is."""
        if not run_id.isalnum():
            return None
        try:
            lines = self.events_path(run_id).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        ended = [event for event in map(json.loads, lines) if event["eventType"] != "START"]
        return _kept(ended[-1]) if ended else None

    def forget_source(self, job: str, runs: Iterable[str]) -> None:
        """Forget the runs of a source that a person deleted: their events name its files."""
        for path in (self._last_path(job), *map(self.events_path, runs)):
            path.unlink(missing_ok=True)

    def prune(self, days: int, now: datetime) -> int:
        """Remove the events of runs older than some days; how many. What the last runs said stays."""
        before = (now - timedelta(days=days)).timestamp()
        old = [path for path in (self.root / "events").glob("*/*.ndjson") if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _last_path(self, job: str) -> Path:
        return self.root / "last" / f"{job}.json"


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
