"""The report of a run: each wrong row with its line, what is expected, and how to mend it.

A report is a door like any other: a cell's value is shown only where the policy engine lets everybody preview
that column. Line and column are always given, since they are enough to find the cell in one's own file.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from governance.api.feeds import Words
from governance.api.gate import Asked, Gate, ask
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.overview import SourceState, source_state
from governance.contracts.model import Severity
from governance.decisions.model import Subject
from governance.intake.model import RowError
from governance.pipeline.run_reports import read_run_report
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


def find_run(platform: Platform, run_id: str) -> Receipt:
    """Return a run's receipt.

    Raises:
        ProblemError: 404, no such run.
    """
    receipt = find_receipt(platform.engine, run_id)
    if receipt is None:
        raise ProblemError(404, reason("page_not_found"))
    return receipt


@dataclass(frozen=True)
class _Sight:
    """What of a dataset's cells everybody may see."""

    columns: frozenset[str]
    is_whole: bool
    """Whether that is every column, so that a fault across columns can be told in full."""

    def hides(self, error: RowError) -> bool:
        """Whether the particular words of a fault might tell a cell that may not be shown."""
        if error.line is None or self.is_whole or (error.value is None and error.rule == "required"):
            return False
        return error.column not in self.columns


def _sight(gate: Gate, dataset: str) -> _Sight:
    decision = ask(gate, Asked(Subject(), dataset, "preview"))
    masks = decision.column_masks if decision.allow else {}
    shown = frozenset(name for name, mask in masks.items() if mask.mask == "show" and not mask.null_for)
    contract = gate.platform.contracts.get(dataset)
    return _Sight(shown, contract is not None and shown >= {column.name for column in contract.columns})


def _fault(error: RowError, sight: _Sight) -> Fault:
    if not sight.hides(error):
        message = Words(fr=error.message_fr, en=error.message_en)
        remedy = Words(fr=error.remedy_fr, en=error.remedy_en)
        return Fault(
            line=error.line, column=error.column, value=error.value, is_hidden=False, message=message, remedy=remedy
        )
    # General words, because the particular ones quote the cell or what it should have been.
    return Fault(
        line=error.line,
        column=error.column,
        value=None,
        is_hidden=True,
        message=Words(
            fr=f"Cette cellule ne respecte pas la règle « {error.rule} ».",
            en=f"This cell breaks the rule “{error.rule}”.",
        ),
        remedy=Words(
            fr="Reprenez la cellule dans votre fichier, à cette ligne et dans cette colonne.",
            en="Mend the cell in your file, on this line and in this column.",
        ),
    )


def faults_of(gate: Gate, receipt: Receipt) -> list[tuple[RowError, Fault]]:
    """Return every fault of a run with what may be shown of it, in the order of the report."""
    kept = read_run_report(gate.platform.lake, receipt)
    sight = _sight(gate, receipt.dataset)
    return [(error, _fault(error, sight)) for error in kept.report.errors] if kept else []


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
