"""Connections on which a whole answer has its time, however slowly it comes.

A socket's own timeout begins anew with each byte, so that a network that lets one through now and then would keep a
worker for as long as it likes.
"""

import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection


class _TimedSocket(socket.socket):
    """A socket that waits for bytes until an instant of the monotonic clock."""

    until = float("inf")

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        """Read as a socket does.

        Raises:
            TimeoutError: the instant has come.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        if left < float("inf"):
            self.settimeout(left)
        return super().recv_into(*arguments, **named)


class TimedConnection(HTTPConnection):
    """A connection whose answers must be there, whole, within its timeout after they were asked for."""

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timed = _TimedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        timed.settimeout(self.timeout)
        return timed

    def getresponse(self) -> Any:
        """Read the answer; the time of its body runs on from here."""
        if isinstance(self.sock, _TimedSocket) and isinstance(self.timeout, (int, float)):
            self.sock.until = time.monotonic() + self.timeout
        return super().getresponse()
