"""Asking the policy engine: the port ``PolicyDecisionPoint`` and its OPA implementation.

Fails closed. No answer, a late one, one that cannot be read, an undefined one or one of an older bundle is a
refusal with its own reason, never an exception that a door could forget to catch.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from governance.decisions.bundle import revisions_of
from governance.decisions.kept_answers import KeptAnswers
from governance.decisions.model import Decision, DecisionRequest, Duty, Frozen, Mask, Reason, denial_without_engine
from governance.decisions.policy_client import NO_ANSWER, PolicyClient
from governance.decisions.revisions import Revisions
from governance.settings import Settings

_MOST_KEPT = 1024


class PolicyDecisionPoint(Protocol):
    """Whoever decides; doors depend on this, not on OPA."""

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer the request; never raises for want of an answer, it refuses."""
        ...


class _Answer(Frozen):
    """The engine's answer as it must be; anything else is no answer."""

    allow: bool
    agreement_id: str | None
    column_masks: Mapping[str, Mask]
    duties: tuple[Duty, ...]
    policy_version: str
    reasons: tuple[Reason, ...]
    valid_until: AwareDatetime


class _Envelope(BaseModel):
    """The engine's message; without ``result`` where the document is undefined."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    result: _Answer | None = None


class OpaDecisionPoint:
    """The policy decision point over an OPA server's REST API; safe to share between threads.

    ``keep_seconds``: for how long the same question gets the same answer without being asked again, within the
    answer's own validity and under the same rules; 0 asks each time.
    """

    def __init__(
        self, client: PolicyClient, revisions: Revisions, *, keep_seconds: float = 0.0, filters_kept: int = _MOST_KEPT
    ) -> None:
        self._client = client
        self._revisions = revisions
        self._keep = timedelta(seconds=keep_seconds)
        self._decisions = KeptAnswers[Decision](_MOST_KEPT)
        self._filters = KeptAnswers[Mapping[str, Any]](filters_kept)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The decision point of this installation."""
        return cls(
            PolicyClient.at(settings.opa_address), revisions_of(settings), keep_seconds=settings.decision_keep_seconds
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close_connection()

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer the request; see `PolicyDecisionPoint`. Asks twice where a new bundle came in between."""
        instant = request.context.instant
        question = request.question_key()
        kept = self._decisions.find(f"{self._revisions.current} {question}", instant)
        if kept is not None:
            return kept
        try:
            decision = self._decide_once(request, question)
            if decision.allow and decision.row_filter is None:
                decision = self._decide_once(request, question)
        except ValidationError:
            return denial_without_engine("policy_answer_malformed", instant)
        except NO_ANSWER:
            return denial_without_engine("policy_engine_unavailable", instant)
        if decision.policy_version is not None:
            until = min(decision.valid_until, instant + self._keep)
            self._decisions.keep(f"{decision.policy_version} {question}", decision, instant, until)
        return decision

    def considered(self, request: DecisionRequest) -> Mapping[str, Any] | None:
        """What the engine considered (``archipel.explanation``), or ``None`` where there is no answer."""
        try:
            found = self._client.ask("archipel/explanation/answer", request.to_input())
        except NO_ANSWER:
            return None
        return found if isinstance(found, dict) else None

    def _decide_once(self, request: DecisionRequest, question: str) -> Decision:
        instant = request.context.instant
        asked = b'{"input":' + request.model_dump_json(exclude_none=True).encode() + b"}"
        answer = _Envelope.model_validate_json(self._client.ask_raw("archipel/decision/answer", asked)).result
        if answer is None:
            return denial_without_engine("policy_engine_unavailable", instant)
        if not self._revisions.is_acceptable(answer.policy_version):
            return denial_without_engine("policy_engine_outdated", instant)
        if not answer.reasons or (answer.column_masks and not answer.allow):
            return denial_without_engine("policy_answer_malformed", instant)
        row_filter = self._filter_of(request, question, answer) if answer.allow else None
        return Decision(row_filter=row_filter, **{name: getattr(answer, name) for name in _Answer.model_fields})

    def _filter_of(self, request: DecisionRequest, question: str, answer: _Answer) -> Mapping[str, Any] | None:
        """The row filter of an answer that allows; one of the same bundle, agreement and question is used again."""
        key = f"{answer.policy_version} {answer.agreement_id} {question}"
        kept = self._filters.find(key, request.context.instant)
        if kept is not None:
            return kept
        asked = request.to_input()
        asked["context"]["policy_version"] = answer.policy_version
        made = self._client.compile_filter("archipel/row_filter/include", asked)
        if made is not None:
            self._filters.keep(key, made, request.context.instant, answer.valid_until)
        return made
