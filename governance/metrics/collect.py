"""Reads the figures from the state at each scrape: they are right after a restart, and for several processes.

A part that cannot be read (a database that is down) leaves its own figures out and says so; the others are told.
"""

import logging
import platform as machine
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import get_args

from croniter import croniter
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from governance.catalogue.file_catalogue import FileCatalogue
from governance.decisions.engine_records import EngineRecords
from governance.decisions.engine_status import Verdict, policy_status
from governance.legal_time import LEGAL_TIME
from governance.metrics.families import counter, gauge, info
from governance.metrics.journal_counts import JournalCounts
from governance.pipeline.opened import policies_in_force, published_policies, published_version
from governance.platform import Platform
from governance.shared_layer import read_current
from governance.state.outbox import NoticeState, count_notices, oldest_due
from governance.state.receipts import READ, CheckState, Outcome, Receipt, count_outcomes, latest_receipts
from governance.state.standing import list_absences, standings

log = logging.getLogger(__name__)
GOOD: tuple[Outcome, ...] = ("accepted", "unchanged")
"""Outcomes of a run in which the source answered with a file that could be used."""
_CLASSES = ("read", "accepted", "quarantined", "duplicates")


class PlatformCollector(Collector):
    """All figures of one installation but those of this process's requests."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._journal = JournalCounts(platform.journal, platform.settings.state_dir)

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        parts: dict[str, Callable[[], Iterator[Metric]]] = {
            "sources": self._sources, "shared": self._shared, "decisions": self._decisions,
            "catalogue": self._catalogue, "notices": self._notices, "policy": self._policy, "disk": self._disk,
        }  # fmt: skip
        up: dict[str, float] = {}
        yield info("build", [(installed("archipel"), machine.python_version())])
        for name, read in parts.items():
            try:
                families = list(read())
            except Exception:  # kept this wide because whatever breaks one part must not hide the others
                log.exception("metrics: %s could not be read", name)
                up[name] = 0.0
            else:
                up[name] = 1.0
                yield from families
        yield gauge("collector_up", [((name,), figure) for name, figure in up.items()])

    def describe(self) -> list[Metric]:
        """Nothing is read when the collector is registered."""
        return []

    def _sources(self) -> Iterator[Metric]:
        engine, now = self._platform.engine, datetime.now(UTC)
        declared = {
            (organisation.id, source.id): (source.dataset, source.schedule or organisation.schedule)
            for organisation, source in self._platform.federation.sources()
        }
        read, good = latest_receipts(engine, READ), latest_receipts(engine, GOOD)
        rows, success, overdue = [], [], []
        for key, (dataset, cron) in declared.items():
            labels = (*key, dataset)
            if key in read:
                rows += [((*labels, name), figure) for name, figure in _rows(read[key])]
            if key in good:
                success.append((labels, good[key].finished_at.timestamp()))
            overdue.append((labels, _overdue(cron, good[key].finished_at, now) if key in good else 0.0))
        yield gauge("source_rows", rows)
        yield gauge("source_last_success_timestamp_seconds", success)
        yield gauge("source_overdue_seconds", overdue)
        known = standings(engine)
        states = Counter(known[key].state if key in known else "not_checked" for key in declared)
        yield gauge("sources", [((state,), states[state]) for state in get_args(CheckState)])
        held = Counter(key[0] for key in declared if key in known and known[key].state == "held")
        yield gauge("held_files", [((member,), held[member]) for member in sorted({key[0] for key in declared})])
        absent = Counter("yes" if absence.archived_at else "no" for absence in list_absences(engine))
        yield gauge("sources_absent", [((archived,), absent[archived]) for archived in ("no", "yes")])
        outcomes = count_outcomes(engine)
        yield counter("runs", [((outcome,), outcomes.get(outcome, 0)) for outcome in get_args(Outcome)])

    def _shared(self) -> Iterator[Metric]:
        shared = read_current(self._platform.lake)
        tables = sorted(shared.tables.items()) if shared else []
        yield gauge("dataset_rows", [((name,), table.rows) for name, table in tables])
        known = self._platform.federation.organisations
        yield gauge(
            "dataset_member_rows",
            [((name, who), n) for name, table in tables for who, n in table.rows_by_member.items() if who in known],
        )
        updated = [((name,), table.updated_at.timestamp()) for name, table in tables]
        yield gauge("dataset_updated_timestamp_seconds", updated)
        yield gauge("shared_version_timestamp_seconds", [((), shared.created_at.timestamp())] if shared else [])

    def _decisions(self) -> Iterator[Metric]:
        counts, verified = self._journal.now(), self._platform.journal.last_verification()
        decisions = [(tuple(key.split(" ", 1)), n) for key, n in sorted(counts.decisions.items())]
        yield counter("decisions", decisions)
        yield counter("denials", [((code,), n) for code, n in sorted(counts.denials.items())])
        yield counter("journal_entries", [((), counts.sequence)])
        last = [((), counts.last_at.timestamp())] if counts.last_at else []
        yield gauge("journal_last_entry_timestamp_seconds", last)
        yield gauge("journal_verified_timestamp_seconds", [((), verified.at.timestamp())] if verified else [])
        yield gauge("journal_intact", [((), float(verified.is_intact))] if verified else [])
        published = [((), counts.published_at.timestamp())] if counts.published_at else []
        yield gauge("catalogue_reconciled_timestamp_seconds", published)

    def _catalogue(self) -> Iterator[Metric]:
        settings = self._platform.settings
        index = FileCatalogue(settings.state_dir / "catalogue").read_index()
        entries = index.datasets if index else ()
        slices = sum(1 for entry in entries if entry.part_of)
        yield gauge("catalogue_entries", [(("dataset",), len(entries) - slices), (("slice",), slices)])
        shared = read_current(self._platform.lake)
        is_other_data = shared is not None and published_version(settings) != shared.version
        in_force = policies_in_force(settings)
        is_other_policy = in_force is not None and published_policies(settings) != in_force
        yield gauge(
            "catalogue_drift",
            [(("data",), float(is_other_data)), (("policies",), float(is_other_policy and index is not None))],
        )

    def _notices(self) -> Iterator[Metric]:
        counted, oldest = count_notices(self._platform.engine), oldest_due(self._platform.engine)
        yield gauge("notices", [((state,), counted.get(state, 0)) for state in get_args(NoticeState)])
        yield gauge("notices_oldest_due_timestamp_seconds", [((), oldest.timestamp())] if oldest else [])

    def _policy(self) -> Iterator[Metric]:
        records = EngineRecords(self._platform.engine)
        status = policy_status(self._platform.settings, records)
        yield gauge("policy_engine", [((one,), float(one == status.verdict)) for one in get_args(Verdict)])
        told = {"in_force": status.in_force.revision if status.in_force else None, "active": status.answers_with}
        yield info("policy_revision", [(role, revision[:16]) for role, revision in told.items() if revision])
        newest: dict[str, float] = {}
        for state in status.bundles:
            newest[state.bundle] = max(newest.get(state.bundle, 0.0), state.reported_at.timestamp())
        yield gauge("policy_bundle_reported_timestamp_seconds", [((name,), at) for name, at in newest.items()])

    def _disk(self) -> Iterator[Metric]:
        usage = shutil.disk_usage(self._platform.settings.state_dir)
        yield gauge("disk_free_bytes", [((), usage.free)])
        yield gauge("disk_size_bytes", [((), usage.total)])


def _rows(receipt: Receipt) -> list[tuple[str, float]]:
    figures = (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined, receipt.rows_duplicates)
    return [(name, figure) for name, figure in zip(_CLASSES, figures, strict=True) if figure is not None]


def _overdue(cron: str, good_at: datetime, now: datetime) -> float:
    """Seconds since the second run that was due after the last good one: one that fails is tried again by itself."""
    due = croniter(cron, good_at.astimezone(LEGAL_TIME))
    due.get_next(datetime)
    second: datetime = due.get_next(datetime)
    return max(0.0, (now - second).total_seconds())
