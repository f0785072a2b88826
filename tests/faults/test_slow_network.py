"""A network that lets a byte through now and then: an answer that does not come in time is no answer."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest

from governance.decisions.policy_client import NO_ANSWER, PolicyClient

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE = 0.4


class Trickle:
    """Answers each question whole, byte by byte; each byte well before a socket loses its patience."""

    pause = 0.0

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._answer, args=(self._listening.accept()[0],), daemon=True).start()

    def _answer(self, asking: socket.socket) -> None:
        with suppress(OSError), asking:
            while asking.recv(65536):
                for byte in ANSWER:
                    asking.sendall(bytes([byte]))
                    time.sleep(self.pause)


@pytest.fixture
def trickle() -> Iterator[Trickle]:
    made = Trickle()
    yield made
    made.close()


def test_an_answer_that_comes_byte_by_byte_is_none_once_its_time_is_over(trickle: Trickle) -> None:
    client = PolicyClient.at(trickle.address, timeout=PATIENCE)
    assert client.ask_raw("any", b"{}") == b"{}"
    trickle.pause = PATIENCE / 10
    with pytest.raises(NO_ANSWER):
        client.ask_raw("any", b"{}")
    trickle.pause = 0.0
    assert client.ask_raw("any", b"{}") == b"{}"
    client.close_connection()
