"""Accounts of the tests' own in a real Keycloak, labelled as such, and how one of them signs in with a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from keycloak import KeycloakAdmin
from playwright.sync_api import Browser, Page, sync_playwright

from tests.console.conftest import CHROMIUM

PASSWORD = "un-mot-de-passe-d-essai"


def make_account(admin: KeycloakAdmin, name: str, organisation: str, *roles: str) -> str:
    """Make an account, and return its id."""
    told = {"username": name, "firstName": "Essai", "lastName": name, "email": f"{name}@essai.example"}
    secret = {"type": "password", "value": PASSWORD, "temporary": False}
    attributes = {"archipel.essai": ["compte d'essai"]}
    user = admin.create_user(
        {**told, "enabled": True, "emailVerified": True, "credentials": [secret], "attributes": attributes}
    )
    (theirs,) = [each for each in admin.get_organizations({"max": 100}) if each["alias"] == organisation]
    admin.organization_user_add(user, theirs["id"])
    admin.assign_realm_roles(user, [admin.get_realm_role(role) for role in roles])
    return str(user)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; while it is open, its event loop forbids any other in this process."""
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def fill_in(page: Page, name: str) -> None:
    """Sign in at Keycloak: with organisations, the name is asked on a page of its own."""
    page.fill("#username", name)
    if page.locator("#password").count() == 0:
        page.click("#kc-login")
        page.wait_for_selector("#password")
    page.fill("#password", PASSWORD)
    page.click("#kc-login")
