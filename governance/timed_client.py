"""An HTTP client for the services beside us, each of whose answers is there, whole, within its time or not at all.

A client's own timeout begins anew with each byte that comes. Connectors have a deadline of their own, for a whole order
(``connectors.transport``); here each answer has one. Proxies and authorities of the environment are httpx's matter.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from connectors.transport import Deadline, TimedStream


class _Clock(Deadline):
    """The instant by which the answer that this thread waits for must be there."""

    def __init__(self, seconds: float) -> None:
        super().__init__(float("inf"))
        self._seconds = seconds
        self._of_thread = threading.local()

    def start(self, _request: httpx.Request) -> None:
        self._of_thread.instant = time.monotonic() + self._seconds

    def cap(self, timeout: float | None) -> float:
        """Return a wait of at most ``timeout`` seconds that ends by then.

        Raises:
            httpcore.ReadTimeout: it has come.
        """
        left = float(getattr(self._of_thread, "instant", float("inf"))) - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("timed out")
        return min(left, self._seconds if timeout is None else timeout)


class _Backend(httpcore.NetworkBackend):
    """Connects as another does, and watches the clock of what it connected."""

    def __init__(self, inner: httpcore.NetworkBackend, clock: _Clock) -> None:
        self._inner, self._clock = inner, clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._clock.cap(timeout)
        return TimedStream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._clock)


def timed_client(seconds: float, **named: Any) -> httpx.Client:
    """Return a client whose answers are there within so many seconds; ``named`` are arguments of ``httpx.Client``.

    An answer that is not raises ``httpx.TimeoutException``, as silence does.
    """
    clock = _Clock(seconds)
    client = httpx.Client(timeout=seconds, event_hooks={"request": [clock.start]}, **named)
    for transport in (client._transport, *client._mounts.values()):
        # httpx has no way to say how connections are made; tests/faults/test_slow_network.py notices if this one goes.
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend, clock)
    return client
