"""What everybody may see of a dataset's cells: the one rule for the row report, its files and the corrected copy.

A report is a door like any other: a cell's value is shown only where the policy engine lets everybody preview
that column. Line and column are always given, since they are enough to find the cell in one's own file.
"""

from dataclasses import dataclass

from governance.contracts.model import Contract
from governance.decisions.model import Context, Decision, DecisionRequest, Subject, Target
from governance.decisions.record import record_decision
from governance.intake.messages import MESSAGES
from governance.intake.model import RowError
from governance.platform import Platform


@dataclass(frozen=True)
class Sight:
    """What of a dataset's cells everybody may see."""

    columns: frozenset[str]
    is_whole: bool
    """Whether that is every column, so that a fault across columns can be told in full."""

    def hides(self, error: RowError) -> bool:
        """Whether the particular words of a fault might tell a cell that may not be shown."""
        if error.line is None or self.is_whole or (error.value is None and error.rule == "required"):
            return False
        # A cell that holds several columns tells of them all.
        return error.is_part or error.column not in self.columns

    def seen(self, error: RowError) -> RowError:
        """Return a fault as it may be shown: in general words where the particular ones might quote a cell."""
        if not self.hides(error):
            return error
        said = MESSAGES[error.rule]
        return error.model_copy(
            update={
                "value": None,
                "correction": None,
                "message_fr": f"Cette cellule ne respecte pas la règle « {said.title_fr or error.rule} ».",
                "message_en": f"This cell breaks the rule “{said.title_en or error.rule}”.",
                "remedy_fr": "Reprenez la cellule dans votre fichier, à cette ligne et dans cette colonne.",
                "remedy_en": "Mend the cell in your file, on this line and in this column.",
            }
        )


def sight_of(platform: Platform, dataset: str, contract: Contract | None) -> Sight:
    """Ask what everybody may preview of a dataset, and write it into the journal; without an answer, nothing."""
    request = DecisionRequest(
        subject=Subject(), action="read", target=Target(dataset=dataset), context=Context(channel="preview")
    )
    decision = platform.pdp.decide(request)
    record_decision(platform.journal, request, decision)
    return sight_in(decision, contract)


def sight_of_own(contract: Contract, everybodys: Sight) -> Sight:
    """Return what those see who handed the file in: all but personal data, which nobody needs on a screen."""
    if contract.classification == "personal":
        return everybodys
    shown = frozenset(column.name for column in contract.columns if "personal" not in column.tags)
    return Sight(everybodys.columns | shown, shown >= {column.name for column in contract.columns})


def sight_in(decision: Decision, contract: Contract | None) -> Sight:
    """Return the sight that a decision leaves; one that hides some rows hides all cells here."""
    # A row in quarantine is in no table yet, so nothing could say whether a filter would let it through.
    masks = decision.column_masks if decision.allow and decision.row_filter == {} else {}
    shown = frozenset(name for name, mask in masks.items() if mask.mask == "show" and not mask.null_for)
    return Sight(shown, contract is not None and shown >= {column.name for column in contract.columns})
