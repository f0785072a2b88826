"""A line that misbehaves: a TCP proxy on loopback, between a connector and a real server of any protocol."""

import contextlib
import select
import socket
import threading
from dataclasses import dataclass, field

_PIECE = 4096
_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # SO_LINGER on, 0 seconds: closing sends RST


@dataclass
class Faults:
    """What goes wrong; counts are of bytes that the server sends on one connection."""

    is_down: bool = False
    cut_after: int | None = None
    cuts_left: int = 0
    stall_after: int | None = None
    answers: list[bytes] = field(default_factory=list)
    """Each is sent to one connection in the server's place."""


class FaultProxy:
    """Passes everything on until told otherwise; use it as a context manager."""

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.faults = Faults()
        self.connections = 0
        self._stopped = threading.Event()

    def __enter__(self) -> "FaultProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._listener.close()

    @property
    def endpoint(self) -> str:
        """``host:port``, as an egress exception is written."""
        return f"127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.faults.is_down:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            if self.faults.answers:
                client.recv(_PIECE)
                client.sendall(self.faults.answers.pop(0))
                return
            with socket.create_connection(self._target) as server:
                self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        while not self._stopped.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.1)
            for line in ready:
                piece = line.recv(_PIECE)
                if not piece:
                    return
                if line is client:
                    server.sendall(piece)
                    continue
                faults = self.faults
                if faults.stall_after is not None and sent + len(piece) > faults.stall_after:
                    client.sendall(piece[: faults.stall_after - sent])
                    self._stopped.wait()
                    return
                if faults.cut_after is not None and faults.cuts_left and sent + len(piece) > faults.cut_after:
                    faults.cuts_left -= 1
                    client.sendall(piece[: faults.cut_after - sent])
                    return
                client.sendall(piece)
                sent += len(piece)
