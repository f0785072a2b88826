"""A session that Keycloak ends ends in Airflow and in the catalogue too; and nobody else's word ends one."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import BrowserContext

from governance.identity.keycloak.account import open_account
from governance.identity.keycloak.declarations import apply_declarations
from governance.identity.keycloak.desired import AIRFLOW, CATALOGUE
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.settings import Settings
from tests.services.people import enter
from tests.services.stack import Full

pytestmark = pytest.mark.services


@dataclass(frozen=True)
class Door:
    """A service that people come into through Keycloak: its client, where one enters, and where Keycloak tells it."""

    client: str
    address: str
    enters_at: str
    told_at: str
    account: str
    settings: Settings

    def holds(self, cookies: dict[str, str]) -> bool:
        """Whether a browser's cookies are somebody's, asked anew without what the service does to a browser."""
        if self.client == AIRFLOW:
            return httpx.get(f"{self.address}/api/v2/dags", cookies=cookies).status_code == 200
        # Kept from verifying: what the installation's own authority vouches for is looked at in another test.
        page = httpx.get(f"{self.address}/dataset/", cookies=cookies, verify=False)  # noqa: S501
        return page.status_code == 200 and f"Essai {self.account}" in page.text

    def tell(self, token: str) -> httpx.Response:
        return httpx.post(self.told_at, data={"logout_token": token}, timeout=30)

    def enter(self, context: BrowserContext) -> dict[str, str]:
        """Sign in, and return the browser's cookies of that service."""
        page = enter(context, self.enters_at, self.account)
        page.wait_for_url(f"{self.address}/**")
        page.wait_for_load_state()
        cookies = {str(each["name"]): str(each["value"]) for each in context.cookies(self.address)}
        assert self.holds(cookies)
        return cookies

    def end_in_keycloak(self) -> None:
        admin = open_account(self.settings)
        admin.user_logout(str(admin.get_user_id(self.account)))


@pytest.fixture(params=[AIRFLOW, CATALOGUE])
def door(request: pytest.FixtureRequest, settings: Settings) -> Door:
    airflow, ckan = f"http://{settings.host}:{settings.airflow_port}", str(settings.ckan_public_url).rstrip("/")
    if request.param == AIRFLOW:
        told_at = f"{airflow}/auth/back-channel-logout"
        return Door(AIRFLOW, airflow, f"{airflow}/auth/sign-in", told_at, "exploitante-essai", settings)
    told_at = f"{str(settings.ckan_url).rstrip('/')}/user/back-channel-logout"
    return Door(CATALOGUE, ckan, f"{ckan}/user/login", told_at, "chargee-essai", settings)


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not until():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def test_a_session_that_keycloak_ends_is_none_from_then_on(door: Door, context: BrowserContext) -> None:
    cookies = door.enter(context)
    door.end_in_keycloak()
    # A browser may have kept a copy of its cookies: they count no more either.
    _wait(lambda: not door.holds(cookies))
    if door.client == AIRFLOW:
        (entry,) = Journal.from_settings(door.settings).search(Search(kind="sign_in", target=AIRFLOW, limit=1))
        assert entry.fields["outcome"] == "ended_by_issuer"
    page = context.new_page()
    page.goto(door.enters_at)
    page.wait_for_selector("#username")
    # Whoever signs in again is in again.
    context.clear_cookies()
    assert door.enter(context) != cookies


@contextmanager
def _overheard(door: Door) -> Iterator[list[str]]:
    """What Keycloak says when a session of that service ends, told to us in its place."""
    tokens: list[str] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - kept because http.server calls it so
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            tokens.extend(parse_qs(body)["logout_token"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    admin = open_account(door.settings)
    client = str(admin.get_client_id(door.client))
    told = {
        **admin.get_client(client)["attributes"],
        "backchannel.logout.url": f"http://127.0.0.1:{server.server_port}",
    }
    admin.update_client(client, {"attributes": told})
    try:
        yield tokens
    finally:
        server.shutdown()
        server.server_close()
        assert [change.name for change in apply_declarations(door.settings)] == [door.client]


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _forged(genuine: str) -> dict[str, str]:
    """Tokens that say the same as a genuine one, and that Keycloak did not sign."""
    head, claims, signature = genuine.split(".")
    told = jwt.decode(genuine, options={"verify_signature": False})
    header = jwt.get_unverified_header(genuine)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "altered": f"{head}.{_part({**told, 'jti': 'another'})}.{signature}",
        "signed by a stranger": jwt.encode(told, stranger, algorithm="RS256", headers={"kid": header["kid"]}),
        "of an unknown key": jwt.encode(told, stranger, algorithm="RS256", headers={"kid": "unknown"}),
        "unsigned": f"{_part({'alg': 'none', 'typ': 'JWT'})}.{claims}.",
        "symmetric": jwt.encode(told, "x" * 64, algorithm="HS256", headers={"kid": header["kid"]}),
        "cut": genuine[:-8],
        "nothing": "",
    }


def test_a_token_that_does_not_hold_ends_nothing_and_one_that_does_serves_once(
    door: Door, context: BrowserContext, settings: Settings
) -> None:
    door.end_in_keycloak()
    with _overheard(door) as tokens:
        cookies = door.enter(context)
        door.end_in_keycloak()
        _wait(lambda: bool(tokens))
        (genuine,) = tokens
        for what, token in _forged(genuine).items():
            refused = door.tell(token)
            assert refused.status_code == 400, what
            assert refused.json()["error"] == "invalid_request", what
        assert door.holds(cookies)
        for other in (f"http://{settings.host}:{settings.console_port}/back-channel-logout", _of_the_other(door)):
            answer = httpx.post(other, data={"logout_token": genuine})
            assert answer.status_code == 400, "it was meant for another service"
        taken = door.tell(genuine)
        assert taken.status_code == 200
        assert not door.holds(cookies)
        again = door.tell(genuine)
        assert (again.status_code, again.json()["error_description"]) == (400, "token_used")


def _of_the_other(door: Door) -> str:
    settings = door.settings
    if door.client == CATALOGUE:
        return f"http://{settings.host}:{settings.airflow_port}/auth/back-channel-logout"
    return f"{str(settings.ckan_url).rstrip('/')}/user/back-channel-logout"


def test_an_identity_token_that_leaked_ends_nothing(settings: Settings, context: BrowserContext) -> None:
    airflow = f"http://{settings.host}:{settings.airflow_port}"
    enter(context, f"{airflow}/auth/sign-in", "exploitante-essai").wait_for_url(f"{airflow}/**")
    (identity,) = [each["value"] for each in context.cookies(f"{airflow}/auth") if each["name"].endswith("-identity")]
    refused = httpx.post(f"{airflow}/auth/back-channel-logout", data={"logout_token": str(identity)})
    assert (refused.status_code, refused.json()["error_description"]) == (400, "token_wrong_kind")


def test_while_nobody_can_say_what_ended_those_signed_in_wait_and_others_read_on(
    full: Full, settings: Settings, context: BrowserContext
) -> None:
    ckan = str(settings.ckan_public_url).rstrip("/")
    page = enter(context, f"{ckan}/user/login", "chargee-essai")
    page.get_by_text("Essai chargee-essai").first.wait_for()
    full.control.stopProcess("redis")
    try:
        answer = page.goto(f"{ckan}/dataset/")
        assert answer is not None and answer.status == 503
        assert "si votre session vaut encore" in page.content()
        assert full.get(f"{ckan}/dataset/").status_code == 200
    finally:
        full.control.startProcess("redis")
    # It reads its memory first.
    _wait(lambda: bool((answer := page.goto(f"{ckan}/dataset/")) and answer.status == 200))
    page.get_by_text("Essai chargee-essai").first.wait_for()
