"""Which policy is in force, whether the engine decides by it, what it refused, and what changed with each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from governance.console.shown import Shown
from governance.decisions.engine_records import EngineRecords
from governance.decisions.engine_status import PolicyStatus, policy_status
from governance.journal.model import Entry, Search
from governance.pipeline.impact_words import Difference, told_differences
from governance.platform import Platform

CHANGES_SHOWN = 50


class PolicyChange(Shown):
    """One version put in force."""

    at: datetime
    entry: int
    """Number of its entry in the journal."""
    revision: str
    is_first: bool
    differences: tuple[Difference, ...]
    commit: str | None


class PoliciesPage(Shown):
    """The status of now and the versions before, the newest first."""

    status: PolicyStatus
    changes: tuple[PolicyChange, ...]


def _change(entry: Entry) -> PolicyChange:
    told: Mapping[str, Any] = entry.fields.get("changes") or {}
    return PolicyChange(
        at=entry.at,
        entry=entry.sequence,
        revision=str(entry.fields.get("revision")),
        is_first=entry.fields.get("previous") is None,
        differences=told_differences(told),
        commit=entry.fields.get("commit"),
    )


def policies_page(platform: Platform) -> PoliciesPage:
    """Ask the engine, and read its reports and the journal."""
    entries = platform.journal.search(Search(kind="policy_change", limit=CHANGES_SHOWN))
    return PoliciesPage(
        status=policy_status(platform.settings, EngineRecords(platform.engine)),
        changes=tuple(_change(entry) for entry in entries),
    )
