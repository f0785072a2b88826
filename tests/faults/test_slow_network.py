"""A network that lets a byte through now and then: an answer that does not come in time is no answer.

Town halls and portals are cut by the connectors' own deadline: ``tests/connectors/test_http_limits.py``.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jwt import PyJWKSet

from governance.api.clocks import clocks_apart
from governance.catalogue.ckan.account import CkanAccount, CkanRefused
from governance.decisions.policy_client import NO_ANSWER, PolicyClient
from governance.identity.keycloak import account, sign_in
from governance.identity.keycloak.desired import CONSOLE, ways_in
from governance.identity.keycloak.sign_in import KeycloakSignIn
from governance.identity.keys import KeyAddress
from governance.identity.refusals import TokenError
from governance.identity.refused import KeycloakRefused
from governance.settings import Settings
from tests.connectors.certificate import public_part, write_certificate
from tests.faults.trickle import Trickle, trickling
from tests.identity.test_tokens import jwks

PATIENCE = 0.4
SLOWLY = PATIENCE / 10


@pytest.fixture(params=["http", "https"])
def peer(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trickle]:
    """A peer over TCP, and one over TLS that this process trusts."""
    certificate = None
    if request.param == "https":
        certificate = write_certificate(tmp_path, "localhost")
        trusted = tmp_path / "trusted.pem"
        trusted.write_text(public_part(certificate))
        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(variable, str(trusted))
    with trickling(certificate=certificate) as made:
        yield made


@pytest.fixture
def trickle() -> Iterator[Trickle]:
    with trickling() as made:
        yield made


def test_an_engine_s_answer_that_comes_byte_by_byte_is_none_once_its_time_is_over(peer: Trickle) -> None:
    client = PolicyClient.at(peer.address, timeout=PATIENCE)
    assert client.ask_raw("any", b"{}").content == b"{}"
    peer.pause = SLOWLY
    with pytest.raises(NO_ANSWER):
        client.ask_raw("any", b"{}")
    peer.pause = 0.0
    assert client.ask_raw("any", b"{}").content == b"{}"
    client.close_connection()


def test_a_certificate_that_nobody_vouches_for_is_still_refused(tmp_path: Path) -> None:
    with trickling(certificate=write_certificate(tmp_path, "localhost")) as peer:
        client = PolicyClient.at(peer.address, timeout=5)
        with pytest.raises(NO_ANSWER, match="certificate verify failed"):
            client.ask_raw("any", b"{}")
        assert peer.asked == 0


def test_a_ckan_that_trickles_is_refused_in_words_with_its_deadline(trickle: Trickle) -> None:
    trickle.body = json.dumps({"success": True, "result": ["x"]}).encode()
    portal = CkanAccount(trickle.address, "jeton", PATIENCE)
    assert portal.call("package_list", {}) == ["x"]
    trickle.pause = SLOWLY
    with pytest.raises(CkanRefused, match=r"no whole answer to package_list within 0\.4 s"):
        portal.call("package_list", {})
    trickle.pause = 0.0
    assert portal.call("package_list", {}) == ["x"]


def test_a_ckan_whose_work_may_be_done_is_not_asked_twice(trickle: Trickle) -> None:
    trickle.pause = SLOWLY
    with pytest.raises(CkanRefused, match="no whole answer"):
        CkanAccount(trickle.address, "jeton", PATIENCE).call("package_create", {"name": "x"})
    assert trickle.asked == 1


def test_a_keycloak_that_trickles_is_silent_and_asked_once(peer: Trickle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "TIMEOUT_SECONDS", PATIENCE)
    told = {"authorization_endpoint": "https://keycloak.example/auth", "end_session_endpoint": "https://k.example/out"}
    peer.body = json.dumps(told).encode()
    settings = Settings(keycloak_url=peer.address)
    issuer = KeycloakSignIn(settings, ways_in(settings)[CONSOLE])
    assert issuer.way_in("s", "n", "v", "fr").startswith("https://keycloak.example/auth")
    peer.pause, asked = SLOWLY, peer.asked
    for ask in (lambda: issuer.way_in("s", "n", "v", "fr"), lambda: issuer.ask_again("refresh")):
        with pytest.raises(TokenError) as caught:
            ask()
        assert caught.value.refusal.code == "issuer_silent"
    assert peer.asked == asked + 2


def test_the_realm_is_not_applied_through_a_trickle(trickle: Trickle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_TIMEOUT_SECONDS", PATIENCE)
    trickle.pause = SLOWLY
    settings = Settings.model_validate({"keycloak_url": trickle.address, "keycloak_admin_password": "x"})
    with pytest.raises(KeycloakRefused, match="sign in as"):
        account.open_account(settings)


def test_keys_that_trickle_are_none_and_nobody_queues_for_them(peer: Trickle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.identity.keys._TIMEOUT_SECONDS", PATIENCE)
    peer.body, peer.pause = jwks("k1").encode(), SLOWLY
    keys = KeyAddress(f"{peer.address}/certs")
    for _ in range(3):
        with pytest.raises(TokenError) as caught:
            keys.find("k1")
        assert caught.value.refusal.code == "issuer_unreachable"
    assert peer.asked == 1


def test_a_key_that_is_known_waits_for_nobody_who_asks_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyAddress("https://issuer.example")
    asked, answered = threading.Event(), threading.Event()

    def fetch() -> None:
        asked.set()
        answered.wait(30)

    monkeypatch.setattr(keys, "_fetch", fetch)
    keys._keys, keys._fetched_at = PyJWKSet.from_json(jwks("k1")), 0.0
    monkeypatch.setattr("governance.identity.keys.time.monotonic", lambda: 60.0)
    waiting = threading.Thread(target=_find, args=(keys, "k2"))
    waiting.start()
    try:
        assert asked.wait(30)
        assert keys.find("k1").key_id == "k1"
        assert waiting.is_alive()
    finally:
        answered.set()
        waiting.join()


def _find(keys: KeyAddress, name: str) -> Any:
    with pytest.raises(TokenError):
        keys.find(name)


def test_a_clock_that_trickles_is_no_clock_that_is_off_and_hides_no_other(
    trickle: Trickle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.api.clocks._PATIENCE_SECONDS", PATIENCE)
    with trickling() as off:
        off.head = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: %d\r\n\r\n%b"
        trickle.pause = SLOWLY
        settings = Settings(opa_url=trickle.address, ckan_url=off.address, token_jwks_url=trickle.address)
        (told,) = clocks_apart(settings)
    assert "CKAN" in told.text_fr
