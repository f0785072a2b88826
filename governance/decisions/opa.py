"""Asking the policy engine: the port ``PolicyDecisionPoint`` and its OPA implementation.

Fails closed. No answer, a late one, one that cannot be read, an undefined one or one of an older bundle is a
refusal with its own reason, never an exception that a door could forget to catch.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from governance.decisions.bundle import revisions_of
from governance.decisions.kept_answers import KeptAnswers
from governance.decisions.model import Decision, DecisionRequest, Duty, Frozen, Mask, Reason, denial_without_engine
from governance.decisions.policy_client import NO_ANSWER, PolicyClient, Told
from governance.decisions.reasons import Rule
from governance.decisions.revisions import Revisions
from governance.settings import Settings

_MOST_KEPT = 1024


class PolicyDecisionPoint(Protocol):
    """Whoever decides; doors depend on this, not on OPA."""

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer the request; never raises for want of an answer, it refuses."""
        ...

    def is_ready(self) -> bool:
        """Say whether it would answer by the policy in force; nothing is decided."""
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
    decision_id: str | None = Field(None, max_length=64)


class Considered(BaseModel):
    """The engine's message to a question asked to understand it: the answer, and the rules behind it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: _Answer
    layers: tuple[str, ...]
    matched: tuple[str, ...]
    rules: Mapping[str, Rule]


class _Explained(BaseModel):
    """The envelope of `Considered`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    result: Considered | None = None
    decision_id: str | None = Field(None, max_length=64)


def _asked(request: DecisionRequest) -> bytes:
    return b'{"input":' + request.model_dump_json(exclude_none=True).encode() + b"}"


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
            PolicyClient.from_settings(settings), revisions_of(settings), keep_seconds=settings.decision_keep_seconds
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

    def is_ready(self) -> bool:
        """Say whether it would answer by the policy in force; see `PolicyDecisionPoint`."""
        revision = self._client.revision()
        return revision is not None and self._revisions.is_acceptable(revision)

    def explain(self, request: DecisionRequest) -> tuple[Decision, Considered | None]:
        """Answer as `decide` does, with what was considered; nothing of it without an answer that counts.

        The engine is asked under another name, so that its log tells a question to understand from an access.
        """
        instant = request.context.instant
        try:
            told = self._client.ask_raw("archipel/explanation/answer", _asked(request))
            found = _Explained.model_validate_json(told.content)
            answer = found.result.decision if found.result else None
            return self._decided(request, request.question_key(), answer, found.decision_id, told), found.result
        except ValidationError:
            return denial_without_engine("policy_answer_malformed", instant), None
        except NO_ANSWER:
            return denial_without_engine("policy_engine_unavailable", instant), None

    def _decide_once(self, request: DecisionRequest, question: str) -> Decision:
        document = "archipel/decision/answer" if request.hands_over else "archipel/decision/outlook"
        told = self._client.ask_raw(document, _asked(request))
        found = _Envelope.model_validate_json(told.content)
        return self._decided(request, question, found.result, found.decision_id, told)

    def _decided(
        self, request: DecisionRequest, question: str, answer: _Answer | None, told_as: str | None, by: Told
    ) -> Decision:
        instant = request.context.instant
        if answer is None:
            return denial_without_engine("policy_engine_unavailable", instant)
        if not self._revisions.is_acceptable(answer.policy_version):
            return denial_without_engine("policy_engine_outdated", instant, told_as)
        if not answer.reasons or (answer.column_masks and not answer.allow):
            return denial_without_engine("policy_answer_malformed", instant, told_as)
        if answer.agreement_id is not None and by.is_of_another_time:
            # Nobody knows whether it is in force: it begins and ends by the clock.
            return denial_without_engine("policy_engine_other_time", instant, told_as)
        row_filter = self._filter_of(request, question, answer) if answer.allow else None
        told = {name: getattr(answer, name) for name in _Answer.model_fields}
        return Decision(row_filter=row_filter, engine_decision_id=told_as, **told)

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
