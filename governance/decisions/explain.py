"""Why a request, past or hypothetical, is answered as it is: every rule, whether it matched, and which one won.

Made for the console's "why?" page and ``archipel decide``; what datasette shows at ``/-/check``.
"""

from typing import Literal

from governance.decisions.model import Decision, DecisionRequest, Frozen
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.reasons import Rule

Verdict = Literal["matched", "not_matched", "not_considered"]
LAYERS = ("request", "closure", "classification", "agreement", "decision")


class ConsideredRule(Frozen):
    """One rule of the policy in the light of one request."""

    rule: Rule
    verdict: Verdict
    is_decisive: bool
    """Whether the answer rests on it: a refusal where the answer is no, the permission where it is yes."""


class Explanation(Frozen):
    """The decision and every rule of the policy, in the order of the layers."""

    request: DecisionRequest
    decision: Decision
    rules: tuple[ConsideredRule, ...]


def explain(point: OpaDecisionPoint, request: DecisionRequest) -> Explanation:
    """Decide, and say which rules were considered; without an engine the list of rules is empty."""
    decision, found = point.explain(request)
    if found is None:
        return Explanation(request=request, decision=decision, rules=())
    matched, layers = set(found.matched), set(found.layers)
    decisive = {reason.rule for reason in decision.reasons}

    def verdict(rule: Rule) -> Verdict:
        if rule.code in matched:
            return "matched"
        return "not_matched" if rule.layer in layers or rule.layer == "decision" else "not_considered"

    considered = [
        ConsideredRule(rule=rule, verdict=verdict(rule), is_decisive=rule.rule in decisive)
        for rule in found.rules.values()
    ]
    considered.sort(key=lambda each: (LAYERS.index(each.rule.layer), each.rule.effect == "permit", each.rule.code))
    return Explanation(request=request, decision=decision, rules=tuple(considered))
