"""Which policy is in force, whether the engine decides by it, what it refused, and what changed with each."""

from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from governance.commits import Commit, commits_between
from governance.console.shown import Shown
from governance.contracts.model import ContractError
from governance.decisions.changes import changes_declared
from governance.decisions.engine_records import EngineRecords
from governance.decisions.engine_status import PolicyStatus, policy_status
from governance.federation import DeclarationError
from governance.journal.model import Entry, Search
from governance.pipeline.impact_words import Difference, told_differences
from governance.pipeline.unusable import Unusable, unusable
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
    commits: tuple[Commit, ...]
    """Who changed the declarations since the version before; empty where Git does not tell."""


class PoliciesPage(Shown):
    """The status of now and the versions before, the newest first."""

    status: PolicyStatus
    changes: tuple[PolicyChange, ...]
    waiting: tuple[Difference, ...]
    """What is declared and not in force yet."""
    unusable: Unusable | None = None
    """Why the declarations could not be put in force."""


def _change(entry: Entry, before: Entry | None, folder: Path) -> PolicyChange:
    commit, since = (one.fields.get("commit") if one else None for one in (entry, before))
    told: Mapping[str, Any] = entry.fields.get("changes") or {}
    return PolicyChange(
        at=entry.at,
        entry=entry.sequence,
        revision=str(entry.fields.get("revision")),
        is_first=entry.fields.get("previous") is None,
        differences=told_differences(told),
        commit=commit,
        commits=commits_between(folder, since, commit) if commit else (),
    )


def policies_page(platform: Platform) -> PoliciesPage:
    """Ask the engine, and read its reports and the journal."""
    entries = platform.journal.search(Search(kind="policy_change", limit=CHANGES_SHOWN + 1))
    settings, pairs = platform.settings, zip_longest(entries[:CHANGES_SHOWN], entries[1:])
    waiting: tuple[Difference, ...] = ()
    why: Unusable | None = None
    try:
        waiting = told_differences(changes_declared(settings))
    except (DeclarationError, ContractError) as error:
        why = unusable(settings, error)
    return PoliciesPage(
        waiting=waiting,
        unusable=why,
        status=policy_status(platform.settings, EngineRecords(platform.engine)),
        changes=tuple(_change(entry, before, settings.federation_dir) for entry, before in pairs if entry),
    )
