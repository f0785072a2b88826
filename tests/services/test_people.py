"""The full profile through its front: who comes into the console, into Airflow and into CKAN, and as what."""

import time

import httpx
import pytest
from ckanapi import RemoteCKAN
from playwright.sync_api import BrowserContext

from governance.identity.keycloak.account import open_account
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.kept_secrets import kept_secret
from governance.settings import Settings
from tests.services.people import enter, make_account
from tests.services.stack import Full

pytestmark = pytest.mark.services


def _noted(settings: Settings) -> list[tuple[str | None, str]]:
    found = Journal.from_settings(settings).search(Search(kind="sign_in", limit=5))
    return [(entry.target, entry.fields["outcome"]) for entry in found]


def test_through_the_front_the_cookie_is_the_hosts_alone(settings: Settings, context: BrowserContext) -> None:
    page = enter(context, f"{settings.public_address}/fr/journal", "chargee-essai")
    page.wait_for_url(f"{settings.public_address}/fr/journal")
    assert page.locator("h1").inner_text() == "Journal"
    (cookie,) = [each for each in context.cookies() if "archipel-session" in each["name"]]
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-archipel-session", True, True)
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(f"{settings.public_address}/fr/")
    assert page.get_by_role("link", name="Se connecter").count() == 1


def test_a_session_that_keycloak_ends_ends_here_though_keycloak_is_behind_the_front(
    settings: Settings, context: BrowserContext
) -> None:
    page = enter(context, f"{settings.public_address}/fr/journal", "chargee-essai")
    page.wait_for_url(f"{settings.public_address}/fr/journal")
    admin = open_account(settings)
    admin.user_logout(str(admin.get_user_id("chargee-essai")))
    deadline = time.monotonic() + 15
    while page.goto(f"{settings.public_address}/fr/") and page.locator("header .who").count():
        assert time.monotonic() < deadline, "still signed in"
        time.sleep(0.2)


def test_an_operator_comes_into_airflow_and_leaves(settings: Settings, context: BrowserContext) -> None:
    airflow = f"http://{settings.host}:{settings.airflow_port}"
    page = enter(context, f"{airflow}/dags", "exploitante-essai")
    page.wait_for_url(f"{airflow}/**")
    page.get_by_text("harvest__donges").first.wait_for(timeout=60_000)
    assert _noted(settings)[0] == ("archipel-airflow", "signed_in")
    listed = page.request.get(f"{airflow}/api/v2/dags")
    assert listed.status == 200 and listed.json()["total_entries"] > 10
    page.goto(f"{airflow}/api/v2/auth/logout")
    page.get_by_text("Vous avez quitté Airflow.").wait_for()
    assert page.request.get(f"{airflow}/api/v2/dags").status == 401
    page.goto(f"{airflow}/auth/sign-in")
    assert page.locator("#username").count() == 1


def test_an_officer_does_not_come_into_airflow(settings: Settings, context: BrowserContext) -> None:
    airflow = f"http://{settings.host}:{settings.airflow_port}"
    page = enter(context, airflow, "chargee-essai")
    page.get_by_text("Airflow est réservé aux exploitants").wait_for()
    assert page.request.get(f"{airflow}/api/v2/dags").status == 401
    assert _noted(settings)[0] == ("archipel-airflow", "refused")
    assert [each["name"] for each in context.cookies(airflow) if "token" in each["name"]] == []


def test_airflow_has_no_form_for_passwords_and_takes_nothing_that_was_not_begun(settings: Settings) -> None:
    airflow = f"http://{settings.host}:{settings.airflow_port}"
    assert httpx.get(f"{airflow}/auth/login").status_code == 404
    assert httpx.get(f"{airflow}/auth/signed-in?state=a&code=b").status_code == 403
    assert httpx.post(f"{airflow}/auth/token", json={"username": "operator", "password": "x"}).status_code == 401
    out = httpx.get(f"{airflow}/auth/sign-out", cookies={"archipel-airflow-identity": "a.b.c"})
    assert out.headers["location"] == "/auth/signed-out"


def _ckan(settings: Settings) -> str:
    return str(settings.ckan_public_url).rstrip("/")


def _edits(portal: RemoteCKAN, user: str) -> set[tuple[str, str]]:
    """Organisations that somebody has a right in, and which."""
    return {(each["name"], each["capacity"]) for each in portal.action.organization_list_for_user(id=user)}


def test_an_officer_edits_what_their_own_organisation_publishes_and_administers_nothing(
    settings: Settings, context: BrowserContext
) -> None:
    ckan = _ckan(settings)
    make_account(open_account(settings), "donges-essai", "donges", "officer")
    page = enter(context, f"{ckan}/user/login", "donges-essai")
    page.wait_for_url(f"{ckan}/**")
    page.get_by_text("Essai donges-essai").first.wait_for()
    for path in ("/organization/edit/trignac", "/ckan-admin/", "/organization/new", "/group/new"):
        assert page.request.get(f"{ckan}{path}").status == 403, path
    assert page.request.get(f"{ckan}/dataset/new?group=donges").status == 200
    portal = RemoteCKAN(str(settings.ckan_url), apikey=kept_secret(settings, "ckan_token"))
    (user,) = [each for each in portal.action.user_list() if each["fullname"] == "Essai donges-essai"]
    assert user["sysadmin"] is False and "essai.example" not in str(portal.action.user_show(id=user["name"]))
    assert _edits(portal, user["name"]) == {("donges", "editor")}
    # Taken away in Keycloak: gone at the next sign-in, of which the browser sees nothing.
    admin = open_account(settings)
    admin.delete_realm_roles_of_user(str(admin.get_user_id("donges-essai")), [admin.get_realm_role("officer")])
    page.goto(f"{ckan}/user/sign-in?to=/organization/donges")
    assert page.url == f"{ckan}/organization/donges"
    assert "Essai donges-essai" in page.content()
    assert _edits(portal, user["name"]) == set()
    assert page.request.get(f"{ckan}/dataset/new?group=donges").status == 403
    page.locator("form[action*='logout'] button").click()
    page.wait_for_url(f"{ckan}/")
    page.goto(f"{ckan}/user/login")
    assert page.locator("#username").count() == 1


def test_other_roles_get_no_right_in_the_catalogue_by_signing_in(settings: Settings, context: BrowserContext) -> None:
    ckan = _ckan(settings)
    make_account(open_account(settings), "donges-lectrice-essai", "donges", "contributor", "operator", "auditor")
    page = enter(context, f"{ckan}/user/login", "donges-lectrice-essai")
    page.get_by_text("Essai donges-lectrice-essai").first.wait_for()
    for path in ("/dataset/new?group=donges", "/dataset/new", "/organization/new", "/ckan-admin/"):
        assert page.request.get(f"{ckan}{path}").status == 403, path


def test_the_catalogue_takes_no_password_and_nothing_that_was_not_begun_here(full: Full, settings: Settings) -> None:
    ckan = _ckan(settings)
    refused = full.post(f"{ckan}/user/login", {"login": "archipel-publication", "password": "x"})
    assert refused.status_code == 400 or "/user/sign-in" in refused.headers["location"]
    assert full.get(f"{ckan}/user/signed-in?state=a&code=b").status_code == 400
    assert full.get(f"{ckan}/user/signed-in").status_code == 400
