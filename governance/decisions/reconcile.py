"""The journal held against the engine's own log: what one has and the other has not is named, in both directions.

The journal is the record; the log is best effort. A gap is a question to somebody, not yet a proof of anything: an
engine that was killed loses two seconds of its log, and a decision may be taken and its access then fail.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime

from governance.decisions.engine_records import EngineDecision, EngineRecords
from governance.decisions.model import ENGINE_REASON_CODES, Frozen
from governance.journal.journal import Journal
from governance.journal.model import Entry

ACCESS = "archipel/decision/answer"
"""The document that is asked where something may be handed over; others are asked to know."""
SETTLED = timedelta(minutes=10)
"""After how long both sides have what they will have: a publication writes its decisions down when it ends."""
_APART = timedelta(minutes=30)
"""How far the two sides of one decision may lie apart, and be found."""
_STEP = timedelta(days=1)
_HELD = {"allowed", "not_modified", "invalid", "no_data"}
"""Outcomes in the journal of an access that the engine allowed."""

GapKind = Literal["not_in_log", "not_in_journal", "without_number", "differs"]
_WORDS: dict[GapKind, tuple[str, str]] = {
    "not_in_log": (
        "le journal cite une décision que le moteur n'a pas rapportée",
        "the journal cites a decision that the engine did not report",
    ),
    "not_in_journal": (
        "le moteur a décidé, et le journal n'en dit rien",
        "the engine decided, and the journal says nothing of it",
    ),
    "without_number": (
        "l'entrée du journal ne cite aucune décision du moteur",
        "the journal's entry cites no decision of the engine",
    ),
    "differs": (
        "le journal et le moteur ne disent pas la même chose",
        "the journal and the engine do not say the same",
    ),
}


class Gap(Frozen):
    """One thing that the two sides do not agree upon."""

    kind: GapKind
    at: AwareDatetime
    target: str | None
    entry: int | None
    """Number of the journal's entry, where there is one."""
    engine_decision_id: str | None
    trace_id: str | None
    """Of the work that it belongs to, as log lines bear it."""
    detail: str = ""

    def text(self, language: str) -> str:
        """What is wrong, in French (``fr``) or English."""
        return _WORDS[self.kind][0 if language == "fr" else 1]


class Reconciliation(Frozen):
    """What was compared and what did not fit."""

    since: AwareDatetime
    until: AwareDatetime
    entries: int
    """Entries of the journal that rest on the engine; of one publication all together."""
    decisions: int
    """Accesses in the engine's log."""
    unanswered: int
    """Refusals for want of an answer: the engine has nothing to say of them."""
    gaps: tuple[Gap, ...]


class _Counted:
    """Counts and gaps as they come."""

    def __init__(self) -> None:
        self.entries = self.decisions = self.unanswered = 0
        self.gaps: list[Gap] = []


def reconcile(journal: Journal, records: EngineRecords, since: datetime, until: datetime) -> Reconciliation:
    """Compare both sides of a time; ``until`` excluded. Reads a day at once, so that memory does not grow with time."""
    counted = _Counted()
    for begin, end in _steps(since, until):
        logged = {one.decision_id: one for one in records.decisions(begin - _APART, end + _APART)}
        cited: set[str] = set()
        for entry in journal.walk(("decision", "publication"), begin - _APART, end + _APART):
            numbers = _numbers(entry)
            cited.update(numbers)
            if begin <= entry.at < end:
                _look_at(entry, numbers, logged, counted)
        for one in logged.values():
            if begin <= one.at < end and one.path == ACCESS:
                counted.decisions += 1
                if one.decision_id not in cited:
                    counted.gaps.append(_gap("not_in_journal", one=one))
    return Reconciliation(
        since=since,
        until=until,
        entries=counted.entries,
        decisions=counted.decisions,
        unanswered=counted.unanswered,
        gaps=tuple(sorted(counted.gaps, key=lambda gap: gap.at)),
    )


def _steps(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + _STEP, until)
        yield since, end
        since = end


def _numbers(entry: Entry) -> list[str]:
    one = entry.fields.get("engine_decision_id")
    return [str(one)] if one else [str(name) for name in entry.fields.get("engine_decisions", ())]


def _look_at(entry: Entry, numbers: list[str], logged: Mapping[str, EngineDecision], counted: _Counted) -> None:
    if entry.kind == "decision" and not numbers:
        if set(entry.fields.get("reasons", ())) & set(ENGINE_REASON_CODES):
            counted.unanswered += 1
        else:
            counted.gaps.append(_gap("without_number", entry))
        return
    counted.entries += bool(numbers)
    for number in numbers:
        one = logged.get(number)
        if one is None:
            counted.gaps.append(_gap("not_in_log", entry, number=number))
        elif entry.kind == "decision" and (detail := _difference(entry, one)):
            counted.gaps.append(_gap("differs", entry, one, detail=detail))


def _difference(entry: Entry, one: EngineDecision) -> str:
    """What the two say differently of one decision; an answer that did not count was refused, whatever it said."""
    told: dict[str, tuple[Any, Any]] = {"target": (entry.target, one.target)}
    if not set(entry.fields.get("reasons", ())) & set(ENGINE_REASON_CODES):
        allowed = entry.fields.get("allow", entry.fields.get("outcome") in _HELD)
        told |= {"allow": (allowed, one.allow), "version": (entry.fields.get("policy_version"), one.policy_version)}
    return "; ".join(f"{name}: {mine} / {theirs}" for name, (mine, theirs) in told.items() if mine != theirs)


def _gap(
    kind: GapKind, entry: Entry | None = None, one: EngineDecision | None = None, number: str = "", detail: str = ""
) -> Gap:
    told = entry or one
    assert told is not None  # noqa: S101 - kept because each caller gives one of the two
    return Gap(
        kind=kind,
        at=told.at,
        target=told.target,
        entry=entry.sequence if entry else None,
        engine_decision_id=number or (one.decision_id if one else None),
        trace_id=entry.fields.get("trace_id") if entry else (one.trace_id if one else None),
        detail=detail,
    )
