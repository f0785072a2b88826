"""Sources that are there no more: served for a while, then archived; back as soon as they return.

Absent (gone from where it was, or from the declarations) → archived after the days of grace → deleted by a person.
Rows of an archived source are kept and not served. Each step is in the journal before it is done.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from governance.platform import Platform
from governance.state.cursors import SourceKey, list_accepted
from governance.state.standing import Absence, forget_absences, list_absences, mark_archived, note_absences


def archive_absent(platform: Platform, now: datetime | None = None) -> list[Absence]:
    """Notice sources that nobody declares any more, and archive those absent for longer than the grace period.

    Returns those that were archived now.
    """
    now = now or datetime.now(UTC)
    _notice_undeclared(platform, now)
    grace = timedelta(days=platform.settings.absence_grace_days)
    served = {(record.member_id, record.source_id): record for record in list_accepted(platform.engine)}
    due = [a for a in list_absences(platform.engine) if a.key in served and now - a.since >= grace]
    for absence in due:
        record = served[absence.key]
        facts = {
            "action": "archived", "member": absence.member_id, "source": absence.source_id, "reason": absence.reason,
            "absent_since": absence.since.isoformat(), "rows": record.rows,
        }  # fmt: skip
        platform.journal.append("source_change", facts, target=record.dataset)
        with platform.engine.begin() as connection:
            mark_archived(connection, absence, now)
    return due


def journal_returns(platform: Platform, keys: Collection[SourceKey]) -> None:
    """Write into the journal which of these sources were archived and are served again from now on."""
    if not keys:
        return
    for absence in list_absences(platform.engine):
        if absence.archived_at is not None and absence.key in keys:
            facts = {"action": "returned", "member": absence.member_id, "source": absence.source_id}
            platform.journal.append("source_change", facts)


def _notice_undeclared(platform: Platform, now: datetime) -> None:
    declared = {(organisation.id, source.id) for organisation, source in platform.federation.sources()}
    kept = {(record.member_id, record.source_id) for record in list_accepted(platform.engine, with_archived=True)}
    noticed = [
        Absence(member_id=member, source_id=source, reason="undeclared", since=now)
        for member, source in sorted(kept - declared)
    ]
    # Declared again: whether it is also there will be seen when it is next asked.
    back = [a.key for a in list_absences(platform.engine) if a.reason == "undeclared" and a.key in declared]
    journal_returns(platform, back)
    with platform.engine.begin() as connection:
        note_absences(connection, noticed)
        forget_absences(connection, back)
