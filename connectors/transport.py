"""How connections are made: to judged addresses only, and never past a deadline.

An httpx transport over httpcore with a network backend of ours. The backend connects to the address that the guard
judged while httpcore keeps the name for ``Host``, TLS and its pool. Each redirection passes here again; proxies of the
environment are not used. The deadline holds for every read, so a server that drips its headers is cut as well.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpcore
import httpx

from connectors.base import EgressRules
from connectors.egress import Resolve, judge_host, judge_url, resolve

_FAILURES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


@cache
def _public_authorities() -> ssl.SSLContext:
    """Made once: reading the list of authorities costs more than a small file."""
    return httpx.create_ssl_context(trust_env=False)


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(ours for ours, _ in _FAILURES) as error:
        theirs = next(theirs for ours, theirs in _FAILURES if isinstance(error, ours))
        raise theirs(str(error)) from error


class Deadline:
    """The instant (monotonic clock) past which nothing waits."""

    def __init__(self, instant: float) -> None:
        self._instant = instant

    def cap(self, timeout: float | None) -> float:
        """Return a wait of at most ``timeout`` seconds that ends by then.

        Raises:
            httpcore.ReadTimeout: it has come.
        """
        left = self._instant - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline passed")
        return left if timeout is None else min(timeout, left)


class TimedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what comes by the deadline."""
        return self._inner.read(max_bytes, self._deadline.cap(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write by the deadline."""
        self._inner.write(buffer, self._deadline.cap(timeout))

    def close(self) -> None:
        """Close what is open."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on inside TLS, by the deadline."""
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.cap(timeout))
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection says of itself."""
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Resolves, judges, then connects to what was judged."""

    def __init__(self, rules: EgressRules, resolver: Resolve, deadline: Deadline) -> None:
        self._rules, self._resolver, self._deadline = rules, resolver, deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in judge_host(host, port, self._rules, self._resolver):
            try:
                left = self._deadline.cap(timeout)
                inner = self._inner.connect_tcp(str(address), port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(inner, self._deadline)
        raise failure


class _Body(httpx.SyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._pieces

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


class GuardedTransport(httpx.BaseTransport):
    """Sends each request to an address that was judged, and to no other; ``deadline`` is a monotonic instant."""

    def __init__(
        self, rules: EgressRules, deadline: float, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._rules = rules
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or _public_authorities(),
            network_backend=_Backend(rules, resolver, Deadline(deadline)),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Judge and send.

        Raises:
            EgressForbidden: the address may not be reached; nothing was sent.
            httpx.TransportError: it may, but the exchange failed.
        """
        judge_url(request.url, self._rules)
        url = request.url
        order = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool.handle_request(order)
        if not isinstance(answer.stream, Iterable):
            raise TypeError("a pool without async gives a stream to iterate over")
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        """Close what is open."""
        with _as_httpx():
            self._pool.close()
