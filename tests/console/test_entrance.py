"""Who gets in where: every address has its line in the table, every form its token, every cookie its attributes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from governance.api.app import SECURITY_HEADERS, create_app
from governance.console.acts import ACTS, EVERYBODY, ROLE_WORDS
from governance.console.entrance import FORM_FIELD, session_cookie
from governance.console.sign_in_routes import local_address
from governance.identity.keycloak.desired import ROLES
from governance.journal.model import Search
from governance.platform import open_platform
from governance.settings import Settings
from tests.api.small_platform import InProcess, write_federation
from tests.identity.own_issuer import Desk, open_desk

PUBLIC = "https://donnees.example"
OTHER_DOORS = (
    "/metrics",
    "/v1/",
    "/opa/",
    "/id/",
    "/health/",
    "/.well-known/",
    "/ogc",
    "/signed-in",
    "/back-channel-logout",
)
"""Not the console's pages: each of them checks what it is shown itself, and none looks at a cookie of a session."""
FORMS = {"files": {"nothing": ("", b"")}}
"""What makes the client send a form with parts."""


class Console(InProcess):
    """The console of a platform at a public address, whose issuer is the tests' own."""

    def __init__(self, app: FastAPI, desk: Desk) -> None:
        super().__init__(app)
        self.__dict__["desk"] = desk

    desk: Desk

    def enter(self, *roles: str) -> dict[str, str]:
        """Sign in with these roles, and return the cookie."""
        self.desk.issuer.said["roles"] = list(roles)
        return {session_cookie(self.desk.settings): self.desk.enter()}

    def ask(self, method: str, address: str, **more: Any) -> httpx.Response:
        cookies = more.pop("cookies", {})
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        return super().ask(method, address, **{**more, "headers": {**more.get("headers", {}), **sent}})

    def token(self, cookies: dict[str, str]) -> str:
        page = self.get("/fr/about", cookies=cookies).text
        found = re.search(rf'name="{FORM_FIELD}" value="([0-9a-f]+)"', page)
        assert found
        return found[1]

    def post(self, address: str, cookies: dict[str, str], **fields: str) -> httpx.Response:
        return self.ask("POST", address, cookies=cookies, data=fields, **FORMS)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    write_federation(tmp_path / "federation")
    database = f"sqlite:///{tmp_path / 'state' / 'state.sqlite'}"
    values: dict[str, Any] = {"public_url": PUBLIC, "keycloak_url": "https://identite.example"}
    values["token_jwks_url"] = "https://identite.example/keys"
    desk = open_desk(tmp_path / "state", tmp_path / "federation", database, **values)
    app = create_app(open_platform(desk.settings))
    app.state.sign_in = desk.desk
    yield Console(app, desk)


def _pages(app: FastAPI) -> set[str]:
    paths = {route.path for route in app.routes if isinstance(route, APIRoute)}
    return {path for path in paths if not path.startswith(OTHER_DOORS) and path != "/"}


def test_every_address_of_the_console_has_its_line_and_every_line_its_address(console: Console) -> None:
    found = {re.sub(r"^/(fr|en)", "", path) for path in _pages(console.app)}
    assert {path.removesuffix("index.json").removesuffix(".json") for path in found} == set(ACTS)
    assert len(found) > 25


def test_the_table_and_the_realm_have_the_same_roles() -> None:
    assert set(ROLE_WORDS) == set(ROLES)
    assert {role for roles in ACTS.values() for role in roles} <= set(ROLES)


COPY, CONFIRM = "/members/{member_id}/sources/{source_id}/hand-in/corrected.xlsx", "/runs/{run_id}/confirm"
"""Reserved, and no pages: a file, and an act."""
RESERVED = {
    path.format(member_id="donges", source_id="lieux"): roles
    for path, roles in ACTS.items()
    if roles != EVERYBODY and path not in (COPY, CONFIRM)
}
"""Pages that some roles open, and which; of a member those of Donges, where whoever signs in here belongs."""


def test_a_reserved_page_opens_to_its_roles_and_tells_others_which(console: Console) -> None:
    for role in ROLE_WORDS:
        cookies = console.enter(role)
        for path in RESERVED:
            answer = console.get(f"/fr{path}", cookies=cookies)
            beside = console.get(f"/en{path}.json", cookies=cookies, headers={"Accept-Language": "en"})
            if role in RESERVED[path]:
                assert (answer.status_code, beside.status_code) == (200, 200), (role, path)
                assert answer.headers["cache-control"] == beside.headers["cache-control"] == "no-store"
                continue
            assert (answer.status_code, beside.status_code) == (403, 403), (role, path)
            assert all(ROLE_WORDS[opens][0] in answer.text for opens in RESERVED[path])
            (told,) = beside.json()["reasons"]
            assert told["code"] == "role_needed"
            assert all(ROLE_WORDS[opens][1] in told["change"] for opens in RESERVED[path])
            entry = console.desk.journal.search(Search(kind="access", limit=1))[0]
            assert (entry.target, entry.fields["reasons"]) == (f"/en{path}.json", ["role_needed"])
    assert len(RESERVED) == 9


def test_what_is_reserved_and_no_page_opens_to_its_roles_alone(console: Console) -> None:
    copy, confirm = COPY.format(member_id="donges", source_id="lieux"), CONFIRM.format(run_id="none")
    for role in ROLE_WORDS:
        cookies = console.enter(role)
        asked = console.get(f"/fr{copy}", cookies=cookies)
        done = console.post(f"/fr{confirm}", cookies, form_token=console.token(cookies))
        # What opens finds that no file waits, and that there is no such run.
        assert asked.status_code == (404 if role in ACTS[COPY] else 403), role
        assert done.status_code == (404 if role in ACTS[CONFIRM] else 403), role


def test_who_is_not_signed_in_is_sent_to_sign_in_and_a_program_is_told(console: Console) -> None:
    for path in RESERVED:
        for cookies in ({}, {session_cookie(console.desk.settings): "made-up"}):
            answer = console.get(f"/fr{path}?a=b&c", cookies=cookies)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/fr/sign-in?to=/fr{path}%3Fa%3Db%26c")
            beside = console.get(f"/fr{path}.json", cookies=cookies)
            assert (beside.status_code, beside.json()["reasons"][0]["code"]) == (401, "sign_in_required")


def test_at_a_public_address_without_an_issuer_reserved_pages_are_closed(tmp_path: Path) -> None:
    write_federation(tmp_path / "federation")
    values = {"federation_dir": tmp_path / "federation", "state_dir": tmp_path / "state", "public_url": PUBLIC}
    app = InProcess(create_app(open_platform(Settings.model_validate(values))))
    for path in RESERVED:
        answer = app.get(f"/fr{path}.json")
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "sign_in_closed")
    assert app.get("/fr/").status_code == 200
    assert app.get("/fr/sign-in").status_code == app.get("/signed-in").status_code == 404
    assert "sign-in" not in app.get("/fr/").text


def test_the_way_in_and_out_and_the_attributes_of_its_cookies(console: Console) -> None:
    before = console.enter("auditor")
    begun = console.get("/en/sign-in?to=/en/journal%3Fkind%3Daccess")
    assert begun.status_code == 303 and begun.headers["location"].startswith("https://identite.example/realms/essai/")
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-archipel-sign-in=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=600"} <= set(cookie.split("; "))
    state = re.findall(r"state=([^&]+)", begun.headers["location"])[0]
    name, _, sealed = cookie.partition(";")[0].partition("=")
    entered = console.get(f"/signed-in?state={state}&code=c", cookies={name: sealed, **before})
    assert (entered.status_code, entered.headers["location"]) == (303, "/en/journal?kind=access")
    given, gone = entered.headers.get_list("set-cookie")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} == set(given.split("; ")[1:])
    assert gone.startswith('__Host-archipel-sign-in=""') and "Max-Age=0" in gone and "Secure" in gone
    session = dict([given.partition(";")[0].split("=", 1)])
    assert session.keys() == before.keys() and session != before
    # What was open in this browser before ended with it.
    assert console.get("/fr/journal.json", cookies=before).status_code == 401
    page = console.get("/en/journal", cookies=session).text
    assert "Essai Une" in page and "Donges" in page and "Sign out" in page
    out = console.post("/en/sign-out", session, **{FORM_FIELD: console.token(session)})
    assert out.status_code == 303 and "/logout?id_token_hint=" in out.headers["location"]
    assert out.headers["set-cookie"].startswith('__Host-archipel-session=""')
    assert console.get("/en/journal.json", cookies=session).status_code == 401


def test_a_sign_in_that_fails_says_why_in_the_language_it_was_begun_in(console: Console) -> None:
    begun = console.get("/en/sign-in")
    cookie = dict([begun.headers["set-cookie"].partition(";")[0].split("=", 1)])
    back = console.get("/signed-in?state=another&code=c", cookies=cookie)
    assert back.headers["location"] == "/en/sign-in-refused?reason=sign_in_lost"
    assert "archipel-session" not in back.headers["set-cookie"]
    page = console.get(back.headers["location"])
    assert page.status_code == 400 and "not begun in this browser" in page.text
    assert console.get("/signed-in").headers["location"].startswith("/fr/")
    assert console.get("/fr/sign-in-refused?reason=<b>").status_code == 403


def test_over_plain_http_on_this_machine_the_cookie_has_no_prefix(tmp_path: Path) -> None:
    assert session_cookie(Settings()) == "archipel-session"


def test_every_form_is_refused_without_its_token_and_with_anothers(console: Console) -> None:
    mine, theirs = console.enter("officer"), console.enter("officer")
    posted = {
        route.path.format(member_id="donges", source_id="lieux", run_id="none")
        for route in console.app.routes
        if isinstance(route, APIRoute) and "POST" in route.methods and not route.path.startswith(OTHER_DOORS)
    }
    assert {"/fr/mapping", "/en/mapping.json", "/fr/sign-out", "/fr/policies/impact"} <= posted
    for path in posted:
        other = console.token(theirs)
        for fields in ({}, {FORM_FIELD: ""}, {FORM_FIELD: "é"}, {FORM_FIELD: other}):
            answer = console.post(path, mine, **fields)
            assert answer.status_code == 403, (path, fields)
            assert "form_not_ours" in answer.text or "rien n" in answer.text or "nothing was" in answer.text
        assert console.ask("POST", path, cookies=mine, data={FORM_FIELD: console.token(mine)}).status_code == 403
        broken = {"Content-Type": "multipart/form-data"}
        assert console.ask("POST", path, cookies=mine, content=b"x", headers=broken).status_code == 403
    assert console.get("/fr/journal", cookies=mine).status_code == 200
    assert console.post("/fr/mapping", mine, **{FORM_FIELD: console.token(mine)}).status_code == 422


def test_posts_that_are_no_forms_want_a_token_that_no_browser_sends_by_itself(console: Console) -> None:
    cookies = console.enter("operator")
    for path in ("/opa/status", "/opa/logs"):
        assert console.ask("POST", path, cookies=cookies, json={}).status_code == 401
    answer = console.ask("POST", "/back-channel-logout", cookies=cookies, data={"logout_token": "x"})
    assert (answer.status_code, answer.json()["error_description"]) == (400, "token_malformed")
    done = console.ask("POST", "/back-channel-logout", data={"logout_token": console.desk.issuer.logout_token()})
    assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
    assert console.get("/fr/policies.json", cookies=cookies).status_code == 401


def test_a_cookie_opens_no_feed(console: Console) -> None:
    cookies = console.enter(*ROLES)
    assert console.get("/v1/feeds/consommation_energie", cookies=cookies).status_code != 200


def test_a_silent_issuer_closes_reserved_pages_alone(console: Console) -> None:
    console.desk.issuer.seconds = 0
    cookies = console.enter("officer")
    console.desk.issuer.is_silent = True
    answer = console.get("/fr/journal", cookies=cookies)
    assert answer.status_code == 503 and "Essai Une" not in answer.text
    page = console.get("/fr/", cookies=cookies)
    assert page.status_code == 200 and "Essai Une" not in page.text


@pytest.mark.parametrize(
    "to",
    [
        "https://ailleurs.example/", "//ailleurs.example", "/fr", "/fr//ailleurs.example", "/\\ailleurs.example",
        "/fr/\\..\\x", "/fr/\r\nSet-Cookie: a=b", "javascript:alert(1)", "/v1/feeds", "", "/fr/é",
    ],
)  # fmt: skip
def test_one_comes_back_to_our_own_pages_alone(to: str) -> None:
    assert local_address(to, "en") == "/en/"


def test_one_comes_back_to_where_one_was() -> None:
    assert (
        local_address("/fr/why?dataset=a&to=https://x.example//y", "fr") == "/fr/why?dataset=a&to=https://x.example//y"
    )


def test_forms_may_lead_on_to_the_issuer_and_nowhere_else(console: Console) -> None:
    policy = console.get("/fr/").headers["content-security-policy"]
    assert "form-action 'self' https://identite.example;" in policy
    assert policy.replace(" https://identite.example", "") == SECURITY_HEADERS["Content-Security-Policy"]
