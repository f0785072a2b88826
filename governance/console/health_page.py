"""The operator's page: does it work, what waits, what ran last, how much room is left, which versions."""

import platform as machine
import shutil
from datetime import UTC, datetime
from importlib.metadata import version as installed

from governance.api.clocks import clocks_apart
from governance.api.gate import Gate
from governance.api.health import PARTS, faults_of
from governance.console.shown import Shown
from governance.decisions.engine_status import PolicyStatus, policy_status
from governance.decisions.model import Reason
from governance.journal.verified import Verification
from governance.pipeline.opened import policies_in_force, published_policies, published_version
from governance.platform import Platform
from governance.release import release_of_now
from governance.shared_layer import read_current
from governance.state.database import LAYOUT
from governance.state.outbox import count_notices, oldest_due
from governance.state.receipts import Receipt, recent_receipts
from governance.state.standing import list_absences, standings

LAST_RUNS = 15
_LIBRARIES = ("apache-airflow", "dbt-core", "duckdb", "polars")


class Disk(Shown):
    """Room on the disk of the state folder, in bytes."""

    free: int
    size: int

    @property
    def share(self) -> int:
        """Free room, in hundredths."""
        return 100 * self.free // self.size


class Queue(Shown):
    """What waits for somebody or something, and how much."""

    name: str
    waiting: int
    since: datetime | None = None


class HealthPage(Shown):
    """How the installation is, now."""

    faults: tuple[Reason, ...]
    clocks: tuple[Reason, ...]
    """Services of which the clock is off from ours."""
    parts: int
    """How many parts were asked."""
    policy: PolicyStatus
    queues: tuple[Queue, ...]
    runs: tuple[Receipt, ...]
    disk: Disk
    versions: tuple[tuple[str, str], ...]
    layout: int
    """Number of the layout of the state's database."""
    names: dict[str, str]
    """Of organisations, by id."""
    shared_version: str | None
    shared_at: datetime | None
    catalogue_is_current: bool
    """Whether the catalogue was made of the version that is served, by the policies in force."""
    journal_entries: int
    verification: Verification | None
    lineage_url: str | None
    asked_at: datetime


def health_page(gate: Gate) -> HealthPage:
    """Ask everything; whatever does not answer is among the faults."""
    platform = gate.platform
    settings, shared = platform.settings, read_current(platform.lake)
    usage = shutil.disk_usage(settings.state_dir)
    versions = [("archipel", release_of_now()), ("Python", machine.python_version())]
    versions += [(name, installed(name)) for name in _LIBRARIES]
    is_of_version = shared is None or published_version(settings) == shared.version
    return HealthPage(
        faults=faults_of(platform),
        clocks=clocks_apart(settings),
        parts=len(PARTS),
        policy=policy_status(settings),
        queues=_queues(platform),
        runs=tuple(recent_receipts(platform.engine, LAST_RUNS)),
        disk=Disk(free=usage.free, size=usage.total),
        versions=tuple(versions),
        layout=LAYOUT,
        names={who.id: who.name for who in platform.federation.organisations.values()},
        shared_version=shared.version if shared else None,
        shared_at=shared.created_at if shared else None,
        catalogue_is_current=is_of_version and published_policies(settings) == policies_in_force(settings),
        journal_entries=platform.journal.length(),
        verification=platform.journal.last_verification(),
        lineage_url=settings.lineage_url,
        asked_at=datetime.now(UTC),
    )


def _queues(platform: Platform) -> tuple[Queue, ...]:
    notices, known = count_notices(platform.engine), standings(platform.engine)
    absent = list_absences(platform.engine)
    return (
        Queue(name="held", waiting=sum(1 for one in known.values() if one.state == "held")),
        Queue(name="checking", waiting=sum(1 for one in known.values() if one.state == "checking")),
        Queue(name="absent", waiting=len(absent), since=min((one.since for one in absent), default=None)),
        Queue(name="notices", waiting=notices.get("waiting", 0), since=oldest_due(platform.engine)),
        Queue(name="given_up", waiting=notices.get("given_up", 0)),
    )
