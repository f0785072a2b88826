"""A peer on a network that lets a byte through now and then, over TCP and over TLS."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Trickle:
    """Answers each question whole, byte by byte; each byte well before a socket loses its patience."""

    pause = 0.0
    asked = 0
    has_answered = False
    """Whether a question was answered whole."""

    def __init__(self, body: bytes = b"{}", certificate: Path | None = None) -> None:
        self.body, self.head = body, ANSWER
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        scheme, host = ("https", "localhost") if certificate else ("http", "127.0.0.1")
        self.address = f"{scheme}://{host}:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more questions; the address is free when this returns."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._answer, args=(self._listening.accept()[0],), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            asking = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            questions = asking.makefile("rb")
            while _read_question(questions):
                self.asked += 1
                for byte in self.head % (len(self.body), self.body):
                    asking.sendall(bytes([byte]))
                    time.sleep(self.pause)
                self.has_answered = True


def _read_question(questions: BinaryIO) -> bool:
    """Read one whole question, however many packets it came in; False when there is none any more."""
    length, line = 0, questions.readline()
    is_there = bool(line)
    while line.strip():
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
        line = questions.readline()
    questions.read(length)
    return is_there


@contextmanager
def trickling(body: bytes = b"{}", certificate: Path | None = None) -> Iterator[Trickle]:
    """A peer until the end of the block."""
    made = Trickle(body, certificate)
    try:
        yield made
    finally:
        made.close()
