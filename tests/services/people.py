"""Accounts of the tests' own in a real Keycloak, labelled as such, and how one of them signs in with a browser."""

from keycloak import KeycloakAdmin
from playwright.sync_api import BrowserContext, Page

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


def fill_in(page: Page, name: str) -> None:
    """Sign in at Keycloak: with organisations, the name is asked on a page of its own."""
    page.fill("#username", name)
    if page.locator("#password").count() == 0:
        page.click("#kc-login")
        page.wait_for_selector("#password")
    page.fill("#password", PASSWORD)
    page.click("#kc-login")


def enter(context: BrowserContext, address: str, name: str) -> Page:
    """Open an address that leads to Keycloak, and sign in there."""
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#username")
    fill_in(page, name)
    return page
