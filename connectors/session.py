"""The one place that opens HTTP to the outside, behind the egress guard.

A download is written to disk while it is hashed. What fails for a while is tried again with back-off, from where it
was cut if the server can; what is refused fails at once, in the server's own words where it gives any.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from pydantic import SecretStr

from connectors.answers import continues_at, redirected, require_success, strong_validator
from connectors.base import Limits
from connectors.draft import Draft, Page
from connectors.egress import Resolve, resolve, shown
from connectors.patience import Patience
from connectors.problems import SourceRefused, SourceUnavailable, TooLarge
from connectors.transport import GuardedTransport
from connectors.unpack import unpack
from connectors.words import WORDS_BYTES, plain

Words = Callable[[bytes], str]
"""Reads, in the body of an error, what the server says of it; "" when it says nothing readable."""

USER_AGENT = "Archipel (intercommunal data platform)"
_REDIRECTS = {301, 302, 303, 307, 308}
_NO_HEAD = {400, 403, 404, 405, 501}  # what servers answer that serve a file but do not know HEAD
_RATIO_FROM_BYTES = 1024 * 1024


def _hide_queries(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses; keys are often put in their query strings."""
    if isinstance(record.args, tuple):
        record.args = tuple(shown(part) if isinstance(part, httpx.URL) else part for part in record.args)
    return True


logging.getLogger("httpx").addFilter(_hide_queries)


@dataclass(frozen=True)
class Order:
    """What to ask for. Secret headers are not sent beyond the origin they were meant for."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, SecretStr] = field(default_factory=dict)
    words: Words | None = None


@dataclass(frozen=True)
class Answer:
    """What came: the status and headers of the last answer, where it came from, and the body if there is one."""

    status: int
    headers: httpx.Headers
    url: httpx.URL
    path: Path | None = None
    sha256: str | None = None
    size: int | None = None
    attempts: int = 1
    received_bytes: int = 0
    content: bytes = b""


class Session:
    """A client for one order, with its limits; use it as a context manager."""

    def __init__(self, limits: Limits, resolver: Resolve = resolve) -> None:
        self._limits = limits
        self._patience = Patience(limits)
        self._client = httpx.Client(
            transport=GuardedTransport(limits.egress, self._patience.deadline, resolver),
            timeout=limits.timeout_seconds,
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def download(self, order: Order, folder: Path) -> Answer:
        """Take a body into ``folder``, or learn that it has not changed (status 304, no path).

        Raises:
            SourceUnavailable: after the last attempt; or the server asks to wait longer than allowed.
            SourceRefused: an answer that would be the same next time (4xx, an encoding not asked for).
            TooLarge: the body passes a limit; nothing is left on disk.
            EgressForbidden: the address, or one it redirects to, may not be reached.
        """
        draft = Draft(folder)
        try:
            for attempt in self._patience.attempts:
                with attempt:
                    answer = self._take(order, draft, attempt.num)
        except BaseException:
            draft.drop()
            raise
        if answer.status == 304:
            draft.drop()
            return answer
        draft.keep()
        return replace(answer, path=draft.path, sha256=draft.sha256, size=draft.size)

    def read(self, order: Order) -> Answer:
        """Take a small body into memory, at most ``draft.PAGE_BYTES``; see ``content``.

        Raises: as ``download``.
        """
        page = Page()
        for attempt in self._patience.attempts:
            with attempt:
                answer = self._take(order, page, attempt.num)
        return replace(answer, content=bytes(page.content), size=page.size)

    def probe(self, order: Order) -> Answer:
        """Ask for the headers only; a server that knows no HEAD is asked for the body, which is not read.

        Raises: as ``download``.
        """
        for attempt in self._patience.attempts:
            with attempt:
                for method in ("HEAD", "GET"):
                    with self._open(order, {"Accept-Encoding": "identity"}, method) as (response, url):
                        if method == "HEAD" and response.status_code in _NO_HEAD:
                            continue
                        require_success(response, shown(url), self._words(response, order))
                        return Answer(response.status_code, response.headers, url, attempts=attempt.num)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def hand_over(self, order: Order, body: bytes) -> int:
        """Post a body, once, and return the status (2xx); the answer's body is not read.

        Not tried again here: whether a message may come twice is for whoever sends it to say. Redirections are not
        followed, since a message would be handed to an address that nobody declared.

        Raises:
            SourceUnavailable, SourceRefused, EgressForbidden: as ``download``; it was not taken, or nobody knows.
        """
        with self._open(order, dict(order.headers), "POST", body) as (response, url):
            require_success(response, shown(url))
            return response.status_code

    def _take(self, order: Order, draft: Draft | Page, attempt: int) -> Answer:
        headers = dict(order.headers)
        if draft.resume_if and draft.size:
            headers = {"Range": f"bytes={draft.size}-", "If-Range": draft.resume_if, "Accept-Encoding": "identity"}
        else:
            draft.restart()
            headers["Accept-Encoding"] = "gzip"
        with self._open(order, headers, "GET") as (response, url):
            if response.status_code == 304:
                return Answer(304, response.headers, url, attempts=attempt)
            if response.status_code == 416:
                draft.restart()
                raise SourceUnavailable(shown(url), "reprise refusée", "it refuses to resume")
            require_success(response, shown(url), self._words(response, order))
            if not continues_at(response, draft.size):
                draft.restart()
            self._write_body(response, draft, shown(url))
        return Answer(200, response.headers, url, attempts=attempt, received_bytes=draft.received_bytes)

    def _words(self, response: httpx.Response, order: Order) -> str:
        """What the server says of its refusal, made fit for a message."""
        if order.words is None or response.status_code < 400:
            return ""
        said = b""
        try:
            for piece in unpack(response.iter_raw(), response.headers.get("Content-Encoding", ""), order.url):
                said += piece
                if len(said) >= WORDS_BYTES:
                    break
        except (httpx.TransportError, SourceRefused, SourceUnavailable):
            pass  # kept silent because the status, which is told, says enough
        return plain(order.words(said[:WORDS_BYTES]), order.secret_headers.values())

    def _write_body(self, response: httpx.Response, draft: Draft | Page, where: str) -> None:
        encoding = response.headers.get("Content-Encoding", "")
        if not encoding:
            draft.resume_if = strong_validator(response.headers)
        declared = int(response.headers.get("Content-Length", "0"))
        self._patience.require_room(draft.size + declared, where, draft.most_bytes)
        before = draft.received_bytes - response.num_bytes_downloaded
        for piece in unpack(response.iter_raw(), encoding, where):
            draft.received_bytes = before + response.num_bytes_downloaded
            self._patience.require_room(draft.size + len(piece), where, draft.most_bytes)
            received = response.num_bytes_downloaded
            if encoding and draft.size > max(_RATIO_FROM_BYTES, self._limits.max_ratio * received):
                raise TooLarge(where, "il enfle trop à la décompression", "it swells too much when decompressed")
            draft.write(piece)
            if self._patience.is_over:
                raise self._patience.too_slow(where)

    @contextmanager
    def _open(
        self, order: Order, headers: dict[str, str], method: str, body: bytes | None = None
    ) -> Iterator[tuple[httpx.Response, httpx.URL]]:
        """Follow redirections to the final answer, its body not yet read; transport failures become ours."""
        try:
            url = httpx.URL(order.url)
        except httpx.InvalidURL:
            where = plain(order.url.partition("?")[0].rpartition("@")[2])
            raise SourceRefused(where, 400, "adresse illisible", "unreadable address") from None
        try:
            response, url = self._follow(order, url, headers, method, body)
            try:
                yield response, url
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise self._patience.too_slow(shown(url)) from error
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceRefused(shown(url), 495, "certificat non reconnu", "certificate not trusted") from error
            raise SourceUnavailable(shown(url), "connexion impossible ou coupée", "connection failed or cut") from error

    def _follow(
        self, order: Order, url: httpx.URL, headers: dict[str, str], method: str, body: bytes | None
    ) -> tuple[httpx.Response, httpx.URL]:
        secrets = {name: value.get_secret_value() for name, value in order.secret_headers.items()}
        for _ in range(self._limits.max_redirects + 1):
            request = self._client.build_request(method, url, headers={**headers, **secrets}, content=body)
            response = self._client.send(request, stream=True, follow_redirects=False)
            if body is not None or response.status_code not in _REDIRECTS or "Location" not in response.headers:
                return response, url
            response.close()
            target = redirected(url, response.headers["Location"])
            if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                secrets = {}
            url = target
        raise SourceRefused(shown(url), response.status_code, "trop de redirections", "too many redirections")
