"""Talking to an OPA server: the client library, with what it lacks, over connections that are kept.

Its own file because a question is on the way of every row that leaves: it goes as one packet and its answer is read
once, by the model that it must fit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from opa_client.opa import OpaClient
from pydantic_core import from_json
from urllib3 import HTTPConnectionPool, Retry, Timeout
from urllib3.exceptions import HTTPError

from governance.deadlines import TimedPool, TimedTlsPool
from governance.decisions.opa_server import CALLER_SECRET
from governance.http_date import MOST_APART, ahead_of_us
from governance.kept_secrets import kept_secret
from governance.settings import Settings
from governance.telemetry.trace_context import current_traceparent

TIMEOUT_SECONDS = 2.0
_UCAST = "application/vnd.opa.ucast.all+json"
_NO_MASK_RULE = "data.archipel.row_filter.no_mask"
"""Named together with the unknowns: else OPA parses every policy again at each call, for its annotations (50 ms)."""
_CONNECTIONS = 16
_OK = 200

NO_ANSWER = (HTTPError, ValueError)
"""What is raised where there is no readable answer."""


@dataclass(frozen=True)
class Told:
    """An answer of the engine, unread, and the clocks on both sides of it."""

    content: bytes
    asked_at: datetime
    """By our clock."""
    date: str | None
    """By the engine's, as HTTP writes it."""

    @property
    def is_of_another_time(self) -> bool:
        """Whether the engine's clock and ours do not agree on what time it is."""
        ahead = ahead_of_us(self.date, self.asked_at)
        return ahead is not None and abs(ahead) > MOST_APART


class PolicyClient(OpaClient):  # type: ignore[misc]  # kept because opa_client is not typed
    """opa-python-client with what it lacks: the compile API of filters, addresses as URLs, connections kept open."""

    _pool: HTTPConnectionPool
    _identity: Mapping[str, str]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A client of this installation's engine, with the token that it answers to."""
        return cls.at(settings.opa_address, token=kept_secret(settings, CALLER_SECRET))

    @classmethod
    def at(cls, address: str, timeout: float = TIMEOUT_SECONDS, token: str | None = None) -> Self:
        """A client with kept connections; one retry, because the engine may have closed one meanwhile."""
        parts = urlsplit(address)
        host, secure = parts.hostname or "127.0.0.1", parts.scheme == "https"
        port = parts.port or (443 if secure else 8181)
        client = cls(host=host, port=port, ssl=secure, retries=1, timeout=timeout)
        client._identity = {"Authorization": f"Bearer {token}"} if token else {}
        kind = TimedTlsPool if secure else TimedPool
        # Kept apart from the library's own session, which takes as long again as the engine to hand over an answer.
        client._pool = kind(
            host,
            port,
            maxsize=_CONNECTIONS,
            timeout=Timeout(total=timeout),
            retries=Retry(total=1, allowed_methods=None, redirect=0, backoff_factor=0),
        )
        return client

    def _init_session(self) -> Any:
        """Kept from reading proxies and netrc of the environment: the engine is a neighbour, and each look costs."""
        session = super()._init_session()
        session.trust_env = False
        return session

    def close_connection(self) -> None:
        """Close every kept connection."""
        self._pool.close()
        super().close_connection()

    def ask_raw(self, path: str, question: bytes) -> Told:
        """The engine's answer for a question (JSON, ``{"input": …}``) to the document at ``path``, unread.

        Raises:
            HTTPError: no answer, a late one, or one that is not 200.
        """
        return self._post(f"/v1/data/{path}", question, "application/json")

    def ask(self, path: str, question: Mapping[str, Any]) -> Any:
        """The document at ``path`` (slashes) for an input; ``None`` where it is undefined.

        Raises:
            HTTPError, ValueError: no readable answer.
        """
        answer = from_json(self.ask_raw(path, json.dumps({"input": dict(question)}).encode()).content)
        return answer.get("result") if isinstance(answer, dict) else None

    def compile_filter(self, path: str, question: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """UCAST tree of a filter rule; ``{}`` lets every row through, ``None`` (no ``query``) lets none.

        Raises:
            HTTPError, ValueError: no readable answer.
        """
        asked = {"input": dict(question), "unknowns": ["input.row"], "options": {"maskRule": _NO_MASK_RULE}}
        document = from_json(self._post(f"/v1/compile/{path}", json.dumps(asked).encode(), _UCAST).content)
        result = document.get("result") if isinstance(document, dict) else None
        tree = result.get("query") if isinstance(result, dict) else None
        return tree if isinstance(tree, dict) else None

    def is_alive(self) -> bool:
        """Whether an engine answers at all, with or without bundles."""
        try:
            return bool(self._pool.request("GET", "/health", retries=False).status == _OK)
        except NO_ANSWER:
            return False

    def revision(self) -> str | None:
        """Version of the two bundles the engine has loaded; ``None`` when it has none or does not answer."""
        try:
            found = self.ask("archipel/decision/policy_version", {})
        except NO_ANSWER:
            return None
        return found if isinstance(found, str) else None

    def _post(self, path: str, body: bytes, accept: str) -> Told:
        asked_at = datetime.now(UTC)
        headers = {"Content-Type": "application/json", "Accept": accept, **self._identity}
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        response = self._pool.urlopen("POST", path, body=body, headers=headers)
        if response.status != _OK:
            raise HTTPError(f"{path}: status {response.status}")
        return Told(response.data, asked_at, response.headers.get("date"))
