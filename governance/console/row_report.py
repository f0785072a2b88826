"""The report of a run: each wrong row with its line, what is expected, and how to mend it.

What may be shown of a cell is said by ``governance.deliverables.sight``.
"""

from collections import defaultdict
from collections.abc import Sequence

from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.acts import may_act_for
from governance.console.shown import Shown
from governance.console.source_state import SourceState, source_state
from governance.contracts.model import Severity
from governance.deliverables.changes import Changes, find_changes
from governance.deliverables.corrected_copy import Language, NoCopy, write_corrected_copy
from governance.deliverables.kept_file import read_kept_file
from governance.deliverables.mends import Mend, first_mends, mends_of_run
from governance.deliverables.sight import Sight, sight_of, sight_of_own
from governance.identity.people import Person
from governance.intake.messages import MESSAGES
from governance.intake.model import FileFacts, RowError
from governance.pipeline.confirm import Held, NothingHeld, find_held
from governance.pipeline.run_reports import read_as, read_run_report
from governance.platform import Platform
from governance.state.receipts import Receipt, find_receipt

ERRORS_PER_GROUP = 100
WITHOUT_COPY = {"too_large": "copy_too_large", "too_long": "copy_too_long", "no_table": "copy_without_table"}
"""The reason of the API for each why there is no corrected copy."""


class Fault(Shown):
    """One thing to mend; `value` is absent where it may not be shown."""

    line: int | None
    column: str | None
    value: str | None
    correction: str | None = None
    """The right value where it is certain."""
    is_hidden: bool
    message: Words
    remedy: Words


class FaultGroup(Shown):
    """All faults of one rule in one column."""

    rule: str
    title: Words
    column: str | None
    severity: Severity
    count: int
    remedy: Words
    faults: tuple[Fault, ...]
    """The first hundred on the page; all of them in the JSON and CSV."""


class HeldFile(Shown):
    """A file that waits for a person's word because so many rows vanished; counts are accepted rows."""

    rows_before: int
    rows_after: int


class RunPage(Shown):
    """One run of one source."""

    member_id: str
    member_name: str
    file_name: str | None
    state: SourceState
    read_as: FileFacts | None
    """How the file was read: what its source pins, and what was found."""
    changes: Changes | None
    """Against the last good file; absent where there is none."""
    first_mends: tuple[Mend, ...]
    """The three most useful mends."""
    groups: tuple[FaultGroup, ...]
    errors: int
    contract_version: str | None
    release: str | None
    """Which release of the platform did the work."""
    has_copy: bool
    """Whether the received bytes are still there, so that a corrected copy can be made of them."""
    held: HeldFile | None
    """What waits for a confirmation, of this very file."""


def find_run(platform: Platform, run_id: str) -> Receipt:
    """Return a run's receipt.

    Raises:
        ProblemError: 404, no such run.
    """
    receipt = find_receipt(platform.engine, run_id)
    if receipt is None:
        raise ProblemError(404, reason("page_not_found"))
    return receipt


def held_of_run(platform: Platform, receipt: Receipt) -> Held | None:
    """Return what waits for a person's word where it is the file of this run."""
    if receipt.outcome != "held":
        return None
    try:
        held = find_held(platform, receipt.member_id, receipt.source_id)
    except NothingHeld:
        return None
    return held if held.receipt.run_id == receipt.run_id else None


def _fault(error: RowError, *, is_hidden: bool) -> Fault:
    return Fault(
        line=error.line,
        column=error.column,
        value=error.value,
        correction=error.correction,
        is_hidden=is_hidden,
        message=Words(fr=error.message_fr, en=error.message_en),
        remedy=Words(fr=error.remedy_fr, en=error.remedy_en),
    )


def faults_of(gate: Gate, receipt: Receipt, person: Person | None) -> list[tuple[RowError, Fault]]:
    """Return every error of a run in words that may be shown, beside its fault, in the order of the report."""
    kept = read_run_report(gate.platform.lake, receipt)
    if kept is None:
        return []
    sight = sight_of_run(gate, receipt, person)
    errors = kept.report.errors
    return [(seen := sight.seen(error), _fault(seen, is_hidden=sight.hides(error))) for error in errors]


def sight_of_run(gate: Gate, receipt: Receipt, person: Person | None) -> Sight:
    """Return what somebody may see of the cells of a run: what everybody may, or more of what is their own.

    That more was shown is in the journal.
    """
    platform = gate.platform
    contract = platform.contracts.get(receipt.dataset)
    sight = sight_of(platform, receipt.dataset, contract)
    is_theirs = may_act_for(person, receipt.member_id, platform.federation.head.id)
    if person is None or contract is None or sight.is_whole or not is_theirs:
        return sight
    fields = {"outcome": "own_cells", "organisations": list(person.organisations), "run": receipt.run_id}
    platform.journal.append("access", fields, subject=person.id, target=receipt.dataset)
    return sight_of_own(contract, sight)


def corrected_copy(gate: Gate, run_id: str, language: Language, person: Person | None) -> bytes:
    """Return the workbook of a run's file with the wrong cells marked.

    Raises:
        ProblemError: 404, no such run, or a file of which no copy can be made here: why, and how to have it.
    """
    receipt = find_run(gate.platform, run_id)
    report, kept = read_run_report(gate.platform.lake, receipt), read_kept_file(gate.platform, receipt)
    if report is None or kept is None:
        raise ProblemError(404, reason("copy_without_table"))
    try:
        return write_corrected_copy(kept, report.report.errors, sight_of_run(gate, receipt, person), language)
    except NoCopy as refusal:
        raise ProblemError(404, reason(WITHOUT_COPY[refusal.code], run=run_id)) from None


def mends_of(gate: Gate, receipt: Receipt, person: Person | None) -> tuple[Mend, ...]:
    """Return what to mend first in a run's file, in words that may be shown."""
    return mends_of_run(gate.platform.lake, receipt, sight_of_run(gate, receipt, person))


def _title(rule: str) -> Words:
    said = MESSAGES.get(rule)
    return Words(fr=said.title_fr or rule, en=said.title_en or rule) if said else Words.same(rule)


def _groups(faults: Sequence[tuple[RowError, Fault]], most: int) -> tuple[FaultGroup, ...]:
    by_rule: dict[tuple[str, str | None, Severity], list[Fault]] = defaultdict(list)
    for error, fault in faults:
        by_rule[(error.rule, error.column, error.severity)].append(fault)
    ordered = sorted(by_rule.items(), key=lambda pair: (pair[0][2] != "blocks", -len(pair[1]), pair[0][0]))
    return tuple(
        FaultGroup(
            rule=rule, title=_title(rule), column=column, severity=severity, count=len(found), remedy=found[0].remedy,
            faults=tuple(found[:most]),
        )
        for (rule, column, severity), found in ordered
    )  # fmt: skip


def run_page(gate: Gate, run_id: str, person: Person | None = None, most: int = ERRORS_PER_GROUP) -> RunPage:
    """Return a run's page; blocking faults first, then the most frequent.

    Raises:
        ProblemError: 404, no such run.
    """
    platform = gate.platform
    receipt = find_run(platform, run_id)
    faults = faults_of(gate, receipt, person)
    organisation = platform.federation.organisations.get(receipt.member_id)
    held = held_of_run(platform, receipt)
    return RunPage(
        held=HeldFile(rows_before=held.rows_before, rows_after=held.rows_after) if held else None,
        member_id=receipt.member_id,
        member_name=organisation.name if organisation else receipt.member_id,
        file_name=receipt.file_name,
        state=source_state(platform, receipt.source_id, receipt.dataset, receipt),
        read_as=read_as(receipt) if receipt.detected is not None else None,
        changes=find_changes(platform, receipt),
        first_mends=first_mends(error for error, _ in faults),
        groups=_groups(faults, most),
        errors=len(faults),
        contract_version=receipt.contract_version,
        release=receipt.release,
        has_copy=bool(receipt.file_sha256) and platform.lake.landed(receipt.file_sha256 or "").is_file(),
    )
