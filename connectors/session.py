"""The one place that opens HTTP to the outside, behind the egress guard.

A download is written to disk while it is hashed. What fails for a while is tried again with back-off, from where it
was cut if the server can; what is refused fails at once.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import stamina
from pydantic import SecretStr

from connectors.answers import continues_at, redirected, require_success, strong_validator
from connectors.base import Limits
from connectors.draft import Draft
from connectors.egress import Resolve, resolve, shown
from connectors.problems import SourceRefused, SourceUnavailable, TooLarge
from connectors.transport import GuardedTransport
from connectors.unpack import unpack

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


class Session:
    """A client for one order, with its limits; use it as a context manager."""

    def __init__(self, limits: Limits, resolver: Resolve = resolve) -> None:
        self._limits = limits
        self._deadline = time.monotonic() + limits.total_seconds
        self._client = httpx.Client(
            transport=GuardedTransport(limits.egress, self._deadline, resolver),
            timeout=limits.timeout_seconds,
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
        )
        self._attempts = stamina.retry_context(
            on=self._wait_before_retry,
            attempts=limits.attempts,
            timeout=None,  # the deadline decides
            wait_initial=limits.backoff_seconds,
            wait_max=limits.backoff_max_seconds,
            wait_jitter=limits.backoff_seconds,
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
            for attempt in self._attempts:
                with attempt:
                    answer = self._take(order, draft, attempt.num)
        except BaseException:
            draft.drop()
            raise
        if answer.path is None:
            draft.drop()
        else:
            draft.keep()
        return answer

    def probe(self, order: Order) -> Answer:
        """Ask for the headers only; a server that knows no HEAD is asked for the body, which is not read.

        Raises: as ``download``.
        """
        for attempt in self._attempts:
            with attempt:
                for method in ("HEAD", "GET"):
                    with self._open(order, {"Accept-Encoding": "identity"}, method) as (response, url):
                        if method == "HEAD" and response.status_code in _NO_HEAD:
                            continue
                        require_success(response, shown(url))
                        return Answer(response.status_code, response.headers, url, attempts=attempt.num)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, SourceUnavailable) or time.monotonic() >= self._deadline:
            return False
        if error.retry_after_seconds is None:
            return True
        return error.retry_after_seconds if error.retry_after_seconds <= self._limits.retry_after_max_seconds else False

    def _take(self, order: Order, draft: Draft, attempt: int) -> Answer:
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
            require_success(response, shown(url))
            if not continues_at(response, draft.size):
                draft.restart()
            self._write_body(response, draft, shown(url))
        body = (draft.path, draft.sha256, draft.size)
        return Answer(200, response.headers, url, *body, attempt, draft.received_bytes)

    def _write_body(self, response: httpx.Response, draft: Draft, where: str) -> None:
        encoding = response.headers.get("Content-Encoding", "")
        if not encoding:
            draft.resume_if = strong_validator(response.headers)
        declared = int(response.headers.get("Content-Length", "0"))
        self._require_room(draft.size + declared, where)
        before = draft.received_bytes - response.num_bytes_downloaded
        for piece in unpack(response.iter_raw(), encoding, where):
            draft.received_bytes = before + response.num_bytes_downloaded
            self._require_room(draft.size + len(piece), where)
            received = response.num_bytes_downloaded
            if encoding and draft.size > max(_RATIO_FROM_BYTES, self._limits.max_ratio * received):
                raise TooLarge(where, "il enfle trop à la décompression", "it swells too much when decompressed")
            draft.write(piece)
            if time.monotonic() >= self._deadline:
                raise self._too_slow(where)

    def _too_slow(self, where: str) -> SourceUnavailable:
        if time.monotonic() >= self._deadline:
            seconds = f"{self._limits.total_seconds:g} s"
            return SourceUnavailable(
                where, f"trop lent (plus de {seconds} en tout)", f"too slow (over {seconds} in all)"
            )
        seconds = f"{self._limits.timeout_seconds:g} s"
        return SourceUnavailable(where, f"silence de plus de {seconds}", f"silent for over {seconds}")

    def _require_room(self, size: int, where: str) -> None:
        if size > self._limits.max_bytes:
            limit = self._limits.max_bytes
            raise TooLarge(where, f"plus de {limit} octets", f"over {limit} bytes")

    @contextmanager
    def _open(self, order: Order, headers: dict[str, str], method: str) -> Iterator[tuple[httpx.Response, httpx.URL]]:
        """Follow redirections to the final answer, its body not yet read; transport failures become ours."""
        url = httpx.URL(order.url)
        try:
            response, url = self._follow(order, url, headers, method)
            try:
                yield response, url
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise self._too_slow(shown(url)) from error
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceRefused(shown(url), 495, "certificat non reconnu", "certificate not trusted") from error
            raise SourceUnavailable(shown(url), "connexion impossible ou coupée", "connection failed or cut") from error

    def _follow(
        self, order: Order, url: httpx.URL, headers: dict[str, str], method: str
    ) -> tuple[httpx.Response, httpx.URL]:
        secrets = {name: value.get_secret_value() for name, value in order.secret_headers.items()}
        for _ in range(self._limits.max_redirects + 1):
            request = self._client.build_request(method, url, headers={**headers, **secrets})
            response = self._client.send(request, stream=True, follow_redirects=False)
            if response.status_code not in _REDIRECTS or "Location" not in response.headers:
                return response, url
            response.close()
            target = redirected(url, response.headers["Location"])
            if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                secrets = {}
            url = target
        raise SourceRefused(shown(url), response.status_code, "trop de redirections", "too many redirections")
