"""Connections on which a whole answer has its time, however slowly it comes: for urllib3, and for requests over it.

A socket's own timeout begins anew with each byte, so that a network that lets one through now and then would keep a
worker for as long as it likes. Over TLS the same holds: the socket that TLS puts around the first one is ours too.
"""

import socket
import ssl
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

_FOREVER = float("inf")


def _left(until: float) -> float:
    """Return the seconds until an instant of the monotonic clock.

    Raises:
        TimeoutError: it has come.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _TimedSocket(socket.socket):
    """A socket that waits for bytes until an instant of the monotonic clock."""

    until = _FOREVER

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        """Read as a socket does.

        Raises:
            TimeoutError: the instant has come.
        """
        if self.until < _FOREVER:
            self.settimeout(_left(self.until))
        return super().recv_into(*arguments, **named)


class _TimedTlsSocket(_TimedSocket, ssl.SSLSocket):
    """The same around TLS, of which one read waits for a whole record, within its timeout."""


def _start_clock(connection: HTTPConnection) -> None:
    """From now on the answer has the connection's timeout, its body included."""
    if isinstance(connection.sock, _TimedSocket) and isinstance(connection.timeout, (int, float)):
        connection.sock.until = time.monotonic() + connection.timeout


class TimedConnection(HTTPConnection):
    """A connection whose answers must be there, whole, within its timeout after they were asked for."""

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timed = _TimedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        timed.settimeout(self.timeout)
        return timed

    def getresponse(self) -> Any:
        """Read the answer; the time of its body runs on from here."""
        _start_clock(self)
        return super().getresponse()


class TimedTlsConnection(HTTPSConnection):
    """The same over TLS, with whatever certificates were asked for."""

    def connect(self) -> None:
        """Connect as usual, on a socket of ours. The handshake has the timeout as a whole already."""
        if self.ssl_context is None:
            self.ssl_context = create_urllib3_context()
            if not (self.ca_certs or self.ca_cert_dir or self.ca_cert_data):
                self.ssl_context.load_default_certs()
        self.ssl_context.sslsocket_class = _TimedTlsSocket
        super().connect()

    def getresponse(self) -> Any:
        """Read the answer; the time of its body runs on from here."""
        _start_clock(self)
        return super().getresponse()


class TimedPool(HTTPConnectionPool):
    """Connections of the first kind."""

    ConnectionCls = TimedConnection


class TimedTlsPool(HTTPSConnectionPool):
    """Connections of the second."""

    ConnectionCls = TimedTlsConnection


class TimedAdapter(HTTPAdapter):
    """For a session of requests: its answers have their time, and what was not answered is not asked a second time."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make the pools as usual, of these connections."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedTlsPool}
