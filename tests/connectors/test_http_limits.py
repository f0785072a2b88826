"""Too slow, too large, too swollen: what passes a limit is cut while it happens, and leaves nothing behind."""

import socket
import threading

import pytest

from connectors import http_file
from connectors.base import EgressRules
from connectors.problems import (
    SourceUnavailable,
    TooLarge,
)
from tests.connectors.example_site import CONTENT, Ask, Site

PATH = "mairie/fichier.csv"


def test_silent_server_is_cut_and_tried_again(site: Site, ask: Ask) -> None:
    url = site.put(PATH, slow_seconds=0.6, first=1)
    assert http_file.fetch(ask(url, timeout_seconds=0.2)).attempts == 2


def test_drip_that_never_goes_silent_is_cut_at_the_deadline_for_good(site: Site, ask: Ask, waits: list[float]) -> None:
    url = site.put(PATH, slow_seconds=0.05, piece_bytes=10)
    with pytest.raises(SourceUnavailable, match="too slow"):
        http_file.fetch(ask(url, total_seconds=0.3))
    assert sum(one.body_bytes for one in site.served(PATH)) < len(CONTENT)
    assert waits == []


def test_drip_of_headers_is_cut_at_the_deadline(ask: Ask) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    hung_up = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not hung_up.wait(0.02):
                    connection.sendall(b"x")
            except OSError:
                hung_up.set()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    rules = EgressRules(exceptions=(address,))
    with pytest.raises(SourceUnavailable, match="too slow"):
        http_file.fetch(ask(f"http://{address}/a.csv", total_seconds=0.3, egress=rules))
    assert hung_up.wait(5)
    thread.join()
    listener.close()


def test_announced_size_over_the_limit_is_refused_before_the_body(site: Site, ask: Ask) -> None:
    url = site.put(PATH, bytes(4_000_000), piece_bytes=4096, slow_seconds=0.01)
    with pytest.raises(TooLarge):
        http_file.fetch(ask(url, max_bytes=100_000))
    assert sum(one.body_bytes for one in site.served(PATH)) < 100_000


def test_endless_body_is_refused_while_it_streams(site: Site, ask: Ask) -> None:
    request = ask(site.put(PATH, endless=True), max_bytes=300_000)
    with pytest.raises(TooLarge):
        http_file.fetch(request)
    assert list(request.into.iterdir()) == []


def test_compressed_body_is_unpacked(site: Site, ask: Ask) -> None:
    fetched = http_file.fetch(ask(site.put(PATH, gzipped=True)))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.received_bytes < len(CONTENT)


def test_compressed_bomb_is_refused_by_size(site: Site, ask: Ask) -> None:
    with pytest.raises(TooLarge, match="over"):
        http_file.fetch(ask(site.put(PATH, bomb_bytes=30_000_000), max_bytes=2_000_000, max_ratio=1e9))


def test_compressed_bomb_is_refused_by_ratio(site: Site, ask: Ask) -> None:
    request = ask(site.put(PATH, bomb_bytes=30_000_000), max_ratio=100)
    with pytest.raises(TooLarge, match="swells"):
        http_file.fetch(request)
    assert list(request.into.iterdir()) == []
