"""Asking the policy engine: the port ``PolicyDecisionPoint`` and its OPA implementation.

Fails closed. No answer, a late one, one that cannot be read, an undefined one or one of an older bundle is a
refusal with its own reason, never an exception that a door could forget to catch.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from opa_client.opa import OpaClient
from pydantic import AwareDatetime, ValidationError
from requests import RequestException

from governance.decisions.bundle import revisions_of
from governance.decisions.model import Decision, DecisionRequest, Duty, Frozen, Mask, Reason, denial_without_engine
from governance.decisions.revisions import Revisions
from governance.settings import Settings

TIMEOUT_SECONDS = 2.0
_UCAST = "application/vnd.opa.ucast.all+json"
_NO_MASK_RULE = "data.archipel.row_filter.no_mask"
"""Named together with the unknowns: else OPA parses every policy again at each call, for its annotations (50 ms)."""
_FILTERS_KEPT = 1024


class PolicyDecisionPoint(Protocol):
    """Whoever decides; doors depend on this, not on OPA."""

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer the request; never raises for want of an answer, it refuses."""
        ...


class PolicyClient(OpaClient):  # type: ignore[misc]  # kept because opa_client is not typed
    """opa-python-client with what it lacks: the compile API of filters, and addresses as URLs."""

    @classmethod
    def at(cls, address: str, timeout: float = TIMEOUT_SECONDS) -> Self:
        """A client with a keep-alive session; one retry, because a kept connection may have been closed."""
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 8181)
        return cls(host=parts.hostname or "127.0.0.1", port=port, ssl=secure, retries=1, timeout=timeout)

    def _init_session(self) -> Any:
        """Kept from reading proxies and netrc of the environment: the engine is a neighbour, and each look costs."""
        session = super()._init_session()
        session.trust_env = False
        return session

    def ask(self, path: str, question: Mapping[str, Any]) -> Any:
        """The document at ``path`` (slashes) for an input; ``None`` where it is undefined.

        Raises:
            RequestException, ValueError: no readable answer.
        """
        answer = self.query_rule(dict(question), path)
        return answer.get("result") if isinstance(answer, dict) else None

    def compile_filter(self, path: str, question: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """UCAST tree of a filter rule; ``{}`` lets every row through, ``None`` (no ``query``) lets none.

        Raises:
            RequestException, ValueError: no readable answer.
        """
        response = self._session.post(
            f"{self.root_url}/compile/{path}",
            json={"input": dict(question), "unknowns": ["input.row"], "options": {"maskRule": _NO_MASK_RULE}},
            headers={"Accept": _UCAST},
            timeout=self.timeout,
        )
        response.raise_for_status()
        document = response.json()
        result = document.get("result") if isinstance(document, dict) else None
        tree = result.get("query") if isinstance(result, dict) else None
        return tree if isinstance(tree, dict) else None

    def revision(self) -> str | None:
        """Revision of the bundle the engine has loaded; ``None`` when it has none or does not answer."""
        try:
            found = self.ask("archipel/decision/policy_version", {})
        except (RequestException, ValueError):
            return None
        return found if isinstance(found, str) else None


class _Answer(Frozen):
    """The engine's answer as it must be; anything else is no answer."""

    allow: bool
    agreement_id: str | None
    column_masks: Mapping[str, Mask]
    duties: tuple[Duty, ...]
    policy_version: str
    reasons: tuple[Reason, ...]
    valid_until: AwareDatetime


class _KeptFilters:
    """Row filters by the question they answer, each for the time that its decision holds; thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Mapping[str, Any], datetime, datetime]] = OrderedDict()

    def find(self, key: str, instant: datetime) -> Mapping[str, Any] | None:
        with self._lock:
            tree, since, until = self._kept.get(key, ({}, instant, instant))
            return tree if since <= instant < until else None

    def keep(self, key: str, tree: Mapping[str, Any], since: datetime, until: datetime) -> None:
        with self._lock:
            self._kept[key] = (tree, since, until)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class OpaDecisionPoint:
    """The policy decision point over an OPA server's REST API; safe to share between threads."""

    def __init__(self, client: PolicyClient, revisions: Revisions, filters_kept: int = _FILTERS_KEPT) -> None:
        self._client = client
        self._revisions = revisions
        self._filters = _KeptFilters(filters_kept)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The decision point of this installation."""
        return cls(PolicyClient.at(settings.opa_address), revisions_of(settings))

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close_connection()

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer the request; see `PolicyDecisionPoint`. Asks twice where a new bundle came in between."""
        try:
            decision = self._decide_once(request)
            if decision.allow and decision.row_filter is None:
                decision = self._decide_once(request)
        except ValidationError:
            return denial_without_engine("policy_answer_malformed", request.context.instant)
        except (RequestException, ValueError):
            return denial_without_engine("policy_engine_unavailable", request.context.instant)
        return decision

    def considered(self, request: DecisionRequest) -> Mapping[str, Any] | None:
        """What the engine considered (``archipel.explanation``), or ``None`` where there is no answer."""
        try:
            found = self._client.ask("archipel/explanation/answer", request.to_input())
        except (RequestException, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _decide_once(self, request: DecisionRequest) -> Decision:
        question = request.to_input()
        found = self._client.ask("archipel/decision/answer", question)
        if found is None:
            return denial_without_engine("policy_engine_unavailable", request.context.instant)
        answer = _Answer.model_validate(found)
        if not self._revisions.is_acceptable(answer.policy_version):
            return denial_without_engine("policy_engine_outdated", request.context.instant)
        if not answer.reasons or (answer.column_masks and not answer.allow):
            return denial_without_engine("policy_answer_malformed", request.context.instant)
        row_filter = self._filter_of(question, answer) if answer.allow else None
        return Decision(row_filter=row_filter, **{name: getattr(answer, name) for name in _Answer.model_fields})

    def _filter_of(self, question: dict[str, Any], answer: _Answer) -> Mapping[str, Any] | None:
        """The row filter of an answer that allows; one of the same bundle, agreement and request is used again."""
        context = {name: value for name, value in question["context"].items() if name != "instant"}
        key = json.dumps(
            [answer.policy_version, answer.agreement_id, question["subject"], question["action"], question["target"],
             context], sort_keys=True,
        )  # fmt: skip
        instant = datetime.fromisoformat(question["context"]["instant"])
        kept = self._filters.find(key, instant)
        if kept is not None:
            return kept
        question["context"]["policy_version"] = answer.policy_version
        made = self._client.compile_filter("archipel/row_filter/include", question)
        if made is not None:
            self._filters.keep(key, made, instant, answer.valid_until)
        return made
