"""What a decision leaves in the journal: the enforcement point's own entry, without a value of any row."""

from uuid import uuid4

from governance.decisions.model import Decision, DecisionRequest
from governance.journal.journal import Journal
from governance.journal.model import Entry


def record_decision(
    journal: Journal, request: DecisionRequest, decision: Decision, rows: int | None = None
) -> tuple[str, Entry]:
    """Write a decision into the journal and return its id, which the answer to the caller bears as well.

    ``rows`` is how many rows left, where that is known.

    Raises:
        SQLAlchemyError: the database refused; a door that must leave a trace lets nothing out then.
    """
    decision_id = uuid4().hex
    fields = {
        "decision_id": decision_id,
        "engine_decision_id": decision.engine_decision_id,
        "policy_version": decision.policy_version,
        "organisation": request.subject.organisation,
        "action": request.action,
        "member_id": request.target.member_id,
        "channel": request.context.channel,
        "purpose": request.context.purpose,
        "instant": request.context.instant.isoformat(),
        "agreement_id": decision.agreement_id,
        "allow": decision.allow,
        "reasons": list(decision.codes),
        "columns": {name: mask.mask for name, mask in sorted(decision.column_masks.items())},
        "rows": rows,
    }
    entry = journal.append("decision", fields, subject=request.subject.id, target=request.target.dataset)
    return decision_id, entry
