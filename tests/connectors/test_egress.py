"""What may not be reached is not reached, however it is written; what is reached is what was judged."""

import socket
import ssl
import threading
import time
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import http_file
from connectors.base import EgressRules
from connectors.egress import Address, Resolve, is_public, judge_host, judge_url, resolve, shown
from connectors.problems import EgressForbidden, SourceUnavailable
from connectors.transport import GuardedTransport
from tests.connectors.certificate import write_certificate
from tests.connectors.example_site import CONTENT, Ask, Site

PUBLIC = EgressRules()
FORBIDDEN = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.8/",
    "http://172.16.3.4/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost/",
]


def _answers(*addresses: str) -> list[Address]:
    return [ip_address(address) for address in addresses]


def judge(url: httpx.URL, rules: EgressRules, resolver: Resolve = resolve) -> list[Address]:
    """What the transport does before it connects."""
    judge_url(url, rules)
    return judge_host(url.host, url.port or {"http": 80, "https": 443}[url.scheme], rules, resolver)


def _client(rules: EgressRules, resolver: Resolve, tls: ssl.SSLContext | None = None) -> httpx.Client:
    transport = GuardedTransport(rules, time.monotonic() + 10, resolver, tls)
    return httpx.Client(transport=transport, trust_env=False)


@pytest.mark.parametrize("url", FORBIDDEN)
def test_address_that_is_not_public_is_refused_in_every_form(url: str) -> None:
    with pytest.raises(EgressForbidden) as caught:
        judge(httpx.URL(url), PUBLIC)
    assert "publique" in caught.value.message_fr
    assert not caught.value.retryable


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://2130706433:8080/"])
def test_fetch_from_a_private_address_connects_to_nothing(ask: Ask, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(EgressForbidden):
        http_file.fetch(ask(url, egress=PUBLIC))


def test_name_that_resolves_to_a_private_address_is_refused() -> None:
    with pytest.raises(EgressForbidden, match=r"10\.0\.0\.1"):
        judge(httpx.URL("https://mairie.example/"), PUBLIC, lambda *_: _answers("10.0.0.1"))


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    mixed = _answers("9.9.9.9", "2620:fe::fe", "192.168.0.1")
    with pytest.raises(EgressForbidden, match=r"192\.168\.0\.1"):
        judge(httpx.URL("https://mairie.example/"), PUBLIC, lambda *_: mixed)


def test_public_addresses_are_allowed_in_the_order_of_the_answer() -> None:
    public = _answers("2620:fe::fe", "9.9.9.9")
    assert judge(httpx.URL("https://mairie.example/a.csv"), PUBLIC, lambda *_: public) == public


@pytest.mark.parametrize(
    "url", ["https://mairie.example:22/", "http://mairie.example:6379/", "gopher://mairie.example/"]
)
def test_port_or_scheme_off_the_list_is_refused_before_the_name_is_resolved(url: str) -> None:
    def resolver(*_: object) -> list[Address]:
        raise AssertionError("the name was resolved")

    with pytest.raises(EgressForbidden):
        judge(httpx.URL(url), PUBLIC, resolver)


def test_unknown_name_is_unavailable_and_may_be_tried_again() -> None:
    def resolver(*_: object) -> list[Address]:
        raise socket.gaierror("unknown")

    with pytest.raises(SourceUnavailable):
        judge(httpx.URL("https://mairie.example/"), PUBLIC, resolver)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8703/", True),
        ("http://127.0.0.1:8704/", False),
        ("http://127.0.0.2:8703/", False),
        ("http://2130706433:8703/", False),
        ("http://intranet.example:9000/", True),
        ("http://INTRANET.example.:9000/", True),
        ("http://[::1]:8703/", True),
    ],
)
def test_exception_opens_one_host_and_one_port_only(url: str, allowed: bool) -> None:
    rules = EgressRules(exceptions=("127.0.0.1:8703", "intranet.example:9000", "[::1]:8703"))
    if allowed:
        assert judge(httpx.URL(url), rules, lambda *_: _answers("127.0.0.1"))
    else:
        with pytest.raises(EgressForbidden):
            judge(httpx.URL(url), rules, lambda *_: _answers("127.0.0.1"))


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://[::1]:80/", "file:///etc/hostname", "//10.0.0.1/"]
)
def test_redirection_to_a_forbidden_address_is_refused(site: Site, ask: Ask, target: str) -> None:
    with pytest.raises(EgressForbidden):
        http_file.fetch(ask(site.put("mairie/ancien", b"", redirect=target)))
    assert len(site.served("mairie/ancien")) == 1


def test_connection_goes_to_the_judged_address_and_keeps_the_name(site: Site) -> None:
    site.put("mairie/fichier.csv")
    port = site.server.server_address[1]
    asked: list[str] = []

    def resolver(host: str, _: int) -> list[Address]:
        asked.append(host)
        return _answers("127.0.0.1")

    rules = EgressRules(exceptions=(f"mairie.example:{port}",))
    with _client(rules, resolver) as client:
        response = client.get(f"http://mairie.example:{port}/mairie/fichier.csv")
    assert response.content == CONTENT
    assert response.request.headers["Host"] == f"mairie.example:{port}"
    assert asked == ["mairie.example"]


def test_next_address_is_tried_when_the_first_refuses_the_connection(site: Site) -> None:
    site.put("mairie/fichier.csv")
    port = site.server.server_address[1]
    rules = EgressRules(exceptions=(f"mairie.example:{port}",))
    addresses = _answers("127.0.0.9", "127.0.0.1")
    with _client(rules, lambda *_: addresses) as client:
        assert client.get(f"http://mairie.example:{port}/mairie/fichier.csv").status_code == 200


@pytest.mark.parametrize(("name", "trusted"), [("mairie.example", True), ("autre.example", False)])
def test_certificate_is_asked_and_checked_for_the_name_not_the_address(
    tmp_path: Path, name: str, trusted: bool
) -> None:
    pem = write_certificate(tmp_path, "mairie.example")
    asked: list[str | None] = []
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(pem)
    server_tls.sni_callback = lambda _socket, sni, _context: asked.append(sni)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer_once() -> None:
        connection, _ = listener.accept()
        try:
            with server_tls.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except OSError:
            connection.close()

    thread = threading.Thread(target=answer_once, daemon=True)
    thread.start()
    rules = EgressRules(exceptions=(f"{name}:{port}",))
    trust = ssl.create_default_context(cafile=str(pem))
    with _client(rules, lambda *_: _answers("127.0.0.1"), trust) as client:
        if trusted:
            assert client.get(f"https://{name}:{port}/").text == "ok"
        else:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                client.get(f"https://{name}:{port}/")
    thread.join(5)
    listener.close()
    assert asked == [name]


@given(st.ip_addresses(v=4))
def test_mapped_address_is_public_exactly_when_the_one_it_hides_is(address: Address) -> None:
    assert is_public(ip_address(f"::ffff:{address}")) == is_public(address)


@given(st.ip_addresses(v=6, network="fc00::/7") | st.ip_addresses(v=6, network="fe80::/10"))
def test_private_ipv6_networks_are_never_public(address: Address) -> None:
    assert not is_public(address)


def test_address_in_a_message_shows_no_password_and_no_query() -> None:
    url = httpx.URL("https://name:w0rd@mairie.example:8443/a.csv?key=s3cret#part")
    assert shown(url) == "https://mairie.example:8443/a.csv"
