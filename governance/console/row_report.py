"""The report of a run: each wrong row with its line, what is expected, and how to mend it.

A report is a door like any other: a cell's value is shown only where the policy engine lets everybody preview
that column. Line and column are always given, since they are enough to find the cell in one's own file.
"""

from collections import defaultdict
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from governance.api.feeds import Words
from governance.api.gate import Asked, Gate, ask
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.overview import SourceState, source_state
from governance.contracts.model import Severity
from governance.decisions.model import Subject
from governance.intake.model import Report, RowError
from governance.platform import Platform
from governance.state.receipts import Receipt, find_receipt

ERRORS_PER_GROUP = 100


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Fault(_Frozen):
    """One thing to mend; `value` is absent where it may not be shown."""

    line: int | None
    column: str | None
    value: str | None
    is_hidden: bool
    message: Words
    remedy: Words


class FaultGroup(_Frozen):
    """All faults of one rule in one column."""

    rule: str
    column: str | None
    severity: Severity
    count: int
    remedy: Words
    faults: tuple[Fault, ...]
    """The first hundred on the page; all of them in the JSON and CSV."""


class RunPage(_Frozen):
    """One run of one source."""

    member_id: str
    member_name: str
    file_name: str | None
    state: SourceState
    groups: tuple[FaultGroup, ...]
    errors: int
    contract_version: str | None


def _read_report(platform: Platform, run_id: str) -> Report | None:
    try:
        return Report.model_validate_json((platform.lake.quarantine(run_id) / "report.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def find_run(platform: Platform, run_id: str) -> Receipt:
    """Return a run's receipt.

    Raises:
        ProblemError: 404, no such run.
    """
    receipt = find_receipt(platform.engine, run_id)
    if receipt is None:
        raise ProblemError(404, reason("page_not_found"))
    return receipt


def _shown_columns(gate: Gate, dataset: str) -> frozenset[str]:
    decision = ask(gate, Asked(Subject(), dataset, "preview"))
    shown = (name for name, mask in decision.column_masks.items() if mask.mask == "show")
    return frozenset(shown) if decision.allow else frozenset()


def _fault(error: RowError, shown: frozenset[str]) -> Fault:
    is_hidden = error.value is not None and error.column not in shown
    message, remedy = Words(fr=error.message_fr, en=error.message_en), Words(fr=error.remedy_fr, en=error.remedy_en)
    if is_hidden and error.value:
        # A message may quote the value.
        message, remedy = _without(message, error.value), _without(remedy, error.value)
    value = None if is_hidden else error.value
    return Fault(line=error.line, column=error.column, value=value, is_hidden=is_hidden, message=message, remedy=remedy)


def _without(words: Words, value: str) -> Words:
    """The general sentence where the particular one quotes, or computes from, a cell that may not be shown."""
    if value.strip() and value.strip() in words.fr + words.en:
        return Words(fr="Valeur non admise par le contrat.", en="Value not admitted by the contract.")
    return words


def faults_of(gate: Gate, receipt: Receipt) -> list[tuple[RowError, Fault]]:
    """Return every fault of a run with what may be shown of it, in the order of the report."""
    report = _read_report(gate.platform, receipt.run_id)
    shown = _shown_columns(gate, receipt.dataset)
    return [(error, _fault(error, shown)) for error in report.errors] if report else []


def _groups(faults: Sequence[tuple[RowError, Fault]], most: int) -> tuple[FaultGroup, ...]:
    by_rule: dict[tuple[str, str | None, Severity], list[Fault]] = defaultdict(list)
    for error, fault in faults:
        by_rule[(error.rule, error.column, error.severity)].append(fault)
    ordered = sorted(by_rule.items(), key=lambda pair: (pair[0][2] != "blocks", -len(pair[1]), pair[0][0]))
    return tuple(
        FaultGroup(
            rule=rule, column=column, severity=severity, count=len(found), remedy=found[0].remedy,
            faults=tuple(found[:most]),
        )
        for (rule, column, severity), found in ordered
    )  # fmt: skip


def run_page(gate: Gate, run_id: str, most: int = ERRORS_PER_GROUP) -> RunPage:
    """Return a run's page; blocking faults first, then the most frequent.

    Raises:
        ProblemError: 404, no such run.
    """
    platform = gate.platform
    receipt = find_run(platform, run_id)
    faults = faults_of(gate, receipt)
    organisation = platform.federation.organisations.get(receipt.member_id)
    return RunPage(
        member_id=receipt.member_id,
        member_name=organisation.name if organisation else receipt.member_id,
        file_name=receipt.file_name,
        state=source_state(platform, receipt.source_id, receipt.dataset, receipt),
        groups=_groups(faults, most),
        errors=len(faults),
        contract_version=receipt.contract_version,
    )
