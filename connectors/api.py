"""Asking an API under the guarded session: one door for addresses, secrets, JSON answers, pages, and what it all costs.

A secret is sent to the declared origin only, links to other pages included. What is received is counted over all the
answers of one order, so a server that never ends its pages meets the same limit as one that never ends a file.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from connectors.answers import redirected
from connectors.egress import shown
from connectors.problems import TooLarge, UnexpectedAnswer
from connectors.records import Cost
from connectors.session import Answer, Order, Session, Words

Params = Mapping[str, str | int | None]
"""Query parameters by name; those that are None are left out."""


class Api:
    """One API during one order."""

    def __init__(
        self,
        session: Session,
        base: str,
        max_bytes: int,
        secrets: Mapping[str, SecretStr] | None = None,
        words: Words | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.session, self.base = session, base.rstrip("/")
        self._max_bytes, self._secrets, self._words = max_bytes, secrets or {}, words
        self._headers = {"Accept": "application/json", **(headers or {})}
        self.attempts, self.received_bytes, self._taken = 1, 0, 0

    def order(self, url: str, params: Params | None = None) -> Order:
        """What to ask for; ``url`` is a path under the base, or a whole address."""
        whole = url if "://" in url else f"{self.base}/{url.lstrip('/')}" if url else self.base
        query = urlencode({name: value for name, value in (params or {}).items() if value is not None}, quote_via=quote)
        if query:
            whole += ("&" if "?" in whole else "?") + query
        secrets = self._secrets if _origin(whole) == _origin(self.base) else {}
        return Order(whole, self._headers, secrets, self._words)

    def file_order(self, url: str) -> Order:
        """What to ask for a file that the API points to."""
        return replace(self.order(url), headers={})

    @property
    def cost(self) -> Cost:
        """What was asked so far cost."""
        return Cost(self.attempts, self.received_bytes)

    def get(self, url: str, params: Params | None = None) -> Answer:
        """Ask and return the answer, its body in memory.

        Raises:
            ConnectorProblem: any of ``connectors.problems``; TooLarge when all answers together pass the limit.
        """
        answer = self.session.read(self.order(url, params))
        self._count(answer)
        # What was compressed counts as what it became: that is what there is to hold.
        self._taken += max(answer.received_bytes, len(answer.content))
        if self._taken > self._max_bytes:
            limit = self._max_bytes
            raise TooLarge(shown(answer.url), f"plus de {limit} octets en tout", f"over {limit} bytes in all")
        return answer

    def download(self, url: str, folder: Path) -> Path:
        """Take a file into a folder, to be read and deleted there.

        Raises: as ``get``.
        """
        answer = self.session.download(self.file_order(url), folder)
        if answer.path is None:
            unexpected(answer, "« inchangé » sans qu'on l'ait demandé", "'unchanged', unasked")
        self._count(answer)
        return answer.path

    def _count(self, answer: Answer) -> None:
        self.attempts = max(self.attempts, answer.attempts)
        self.received_bytes += answer.received_bytes

    def get_object(self, url: str, params: Params | None = None) -> dict[str, Any]:
        """Ask and return the JSON object.

        Raises: as ``get``; UnexpectedAnswer when it is none.
        """
        answer = self.get(url, params)
        return as_object(answer, as_json(answer))

    def follow(self, url: str, params: Params | None, next_of: Callable[[Answer], str | None]) -> Iterator[Answer]:
        """Yield the page at ``url`` and each one that ``next_of`` finds a link to.

        Raises: as ``get``; UnexpectedAnswer when a page links back to one already seen; EgressForbidden when a link
            leaves https for http.
        """
        answer, seen = self.get(url, params), set[str]()
        while True:
            yield answer
            link = next_of(answer)
            if not link:
                return
            target = str(redirected(answer.url, link))
            if target in seen:
                unexpected(answer, "ses pages tournent en rond", "its pages go in a circle")
            seen.add(target)
            answer = self.get(target)


def as_json(answer: Answer) -> Any:
    """Return an answer's JSON value (RFC 8259: neither NaN nor Infinity).

    Raises:
        UnexpectedAnswer: it is not JSON.
    """
    try:
        return json.loads(answer.content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        unexpected(answer, "ce n'est pas du JSON", "it is not JSON")


def as_object(answer: Answer, value: Any, field: str = "JSON") -> dict[str, Any]:
    """Return a value that the protocol says is an object; ``field`` names it.

    Raises:
        UnexpectedAnswer: it is something else.
    """
    if not isinstance(value, dict):
        unexpected(answer, f"« {field} » n'est pas un objet", f"{field!r} is not an object")
    return value


def as_objects(answer: Answer, value: Any, field: str = "JSON") -> list[dict[str, Any]]:
    """Return a value that the protocol says is a list of objects; ``field`` names it.

    Raises:
        UnexpectedAnswer: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        unexpected(answer, f"« {field} » n'est pas une liste d'objets", f"{field!r} is not a list of objects")
    return value


def unexpected(answer: Answer, reason_fr: str, reason_en: str) -> NoReturn:
    """Raise UnexpectedAnswer for where an answer came from."""
    raise UnexpectedAnswer(shown(answer.url), reason_fr, reason_en)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None where it cannot be read, which is nobody's origin and is refused by the session."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
