"""People sign in to the console through the real Keycloak, in a real browser, and what ends there ends here.

The accounts are the tests' own, made through Keycloak's administration interface and labelled as such.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from keycloak import KeycloakAdmin
from playwright.sync_api import BrowserContext, Page

from governance.identity.keycloak.account import open_account
from governance.identity.keycloak.declarations import apply_declarations
from governance.journal.model import Entry, Search
from governance.pipeline.engine import with_policy_engine
from governance.platform import Platform, open_platform
from governance.settings import Settings
from infra.native.profiles import PROFILES
from tests.api.small_platform import ENERGIE, SUBVENTIONS, served, write_federation, write_run, write_runs, write_shared
from tests.console.accessible import assert_fits_everybody
from tests.decisions.engine import free_port
from tests.services.people import fill_in, make_account
from tests.services.stack import Stack, new_stack

pytestmark = pytest.mark.services
HIDDEN = "PDL-EXEMPLE-CACHE"


@dataclass(frozen=True)
class SignIn:
    """The small federation with its realm in Keycloak, and its console as the supervisor serves it."""

    platform: Platform
    admin: KeycloakAdmin
    url: str

    def make_account(self, name: str, organisation: str, *roles: str) -> str:
        return make_account(self.admin, name, organisation, *roles)

    def journalled(self) -> list[Entry]:
        return self.platform.journal.search(Search(kind="sign_in"))


@pytest.fixture(scope="module")
def identity() -> Iterator[Stack]:
    with new_stack() as made:
        done = made.native("up", "keycloak")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture(scope="module")
def world(identity: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignIn]:
    root = tmp_path_factory.mktemp("sign-in")
    write_federation(root / "federation")
    port = free_port()
    values = {
        "federation_dir": root / "federation",
        "state_dir": root / "state",
        "database_url": f"sqlite:///{root / 'state' / 'state.sqlite'}",
        "keycloak_realm": "essai",
        "keycloak_url": f"http://127.0.0.1:{identity.ports['KEYCLOAK']}",
        "keycloak_admin_password": (identity.state / "keys" / "keycloak_admin").read_text(encoding="utf-8"),
        "console_port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "opa_port": free_port(),
    }
    settings = PROFILES["full"].adapt(Settings.model_validate(values)).model_copy(update={"ckan_url": None})
    apply_declarations(settings)
    with with_policy_engine(settings) as settings:
        platform = open_platform(settings)
        write_shared(platform, subventions=SUBVENTIONS, consommation_energie=ENERGIE)
        write_runs(platform)
        wrong = [(2, "point_livraison_id", HIDDEN, "type-error")]
        write_run(platform, "run-energie", "donges", "consommation_energie", wrong)
        with served(platform) as url:
            yield SignIn(platform, open_account(settings), url)


def enter(world: SignIn, context: BrowserContext, name: str, path: str = "/fr/journal") -> Page:
    page = context.new_page()
    page.goto(f"{world.url}{path}")
    fill_in(page, name)
    page.wait_for_url(f"{world.url}/**")
    return page


def test_an_officer_signs_in_reads_the_journal_and_leaves(world: SignIn, context: BrowserContext) -> None:
    world.make_account("chargee-essai", "carene", "officer")
    page = enter(world, context, "chargee-essai")
    assert page.url == f"{world.url}/fr/journal"
    assert page.locator("h1").inner_text() == "Journal"
    header = page.locator("header .who")
    assert "Essai chargee-essai" in header.inner_text() and "Fédération d'exemple" in header.inner_text()
    assert_fits_everybody(page)
    (cookie,) = [each for each in context.cookies() if each["name"] == "archipel-session"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)
    assert page.goto(f"{world.url}/en/why")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{world.url}/en/")
    assert page.get_by_role("link", name="Sign in").count() == 1
    page.goto(f"{world.url}/fr/journal")
    # Left at Keycloak too: it asks for the name again.
    assert page.locator("#username").count() == 1
    outcomes = [entry.fields["outcome"] for entry in world.journalled()[:2]]
    assert outcomes == ["signed_out", "signed_in"]
    assert world.journalled()[1].fields["organisations"] == ["carene"]
    told = "".join(world.platform.journal.export())
    assert "essai.example" not in told and "Essai chargee" not in told


def test_a_partner_is_refused_the_journal_and_told_which_role_would_open_it(
    world: SignIn, context: BrowserContext
) -> None:
    world.make_account("partenaire-essai", "exemple-startup", "partner")
    page = enter(world, context, "partenaire-essai", "/fr/journal")
    assert page.locator("h1").inner_text() == "Accès refusé"
    assert "chargé de gouvernance" in page.locator("main").inner_text()
    answer = page.goto(f"{world.url}/en/policies")
    assert answer is not None and answer.status == 403
    assert "auditor" in page.locator("main").inner_text()
    assert_fits_everybody(page)


def test_a_contributor_sees_the_cells_of_their_commune_that_others_do_not(
    world: SignIn, context: BrowserContext
) -> None:
    world.make_account("donges-essai", "donges", "contributor")
    world.make_account("trignac-essai", "trignac", "contributor")
    assert HIDDEN not in httpx.get(f"{world.url}/fr/runs/run-energie").text
    page = enter(world, context, "donges-essai", "/fr/sign-in?to=/fr/runs/run-energie")
    assert HIDDEN in page.locator("main").inner_text()
    page.goto(f"{world.url}/fr/runs/run-personal")
    assert "auteur_courriel" in page.content() and "habitant9" not in page.content()
    context.clear_cookies()
    other = enter(world, context, "trignac-essai", "/fr/sign-in?to=/fr/runs/run-energie")
    assert "trignac-essai" in other.locator("header").inner_text()
    assert HIDDEN not in other.locator("main").inner_text()


def _wait_until_out(world: SignIn, page: Page) -> None:
    deadline = time.monotonic() + 15
    while page.goto(f"{world.url}/fr/") and page.locator("header .who").count():
        assert time.monotonic() < deadline, "still signed in"
        time.sleep(0.2)


def test_a_session_that_is_ended_in_keycloak_ends_here_at_once(world: SignIn, context: BrowserContext) -> None:
    user = world.make_account("auditrice-essai", "carene", "auditor")
    page = enter(world, context, "auditrice-essai")
    assert page.locator("h1").inner_text() == "Journal"
    (session,) = world.admin.get_sessions(user)
    world.admin.connection.raw_delete(f"admin/realms/essai/sessions/{session['id']}")
    _wait_until_out(world, page)
    assert world.journalled()[0].fields["outcome"] == "ended_by_issuer"
    page.goto(f"{world.url}/fr/journal")
    assert page.locator("#username").count() == 1


def test_a_role_that_is_taken_away_is_gone_when_the_token_has_run_out(world: SignIn, context: BrowserContext) -> None:
    world.admin.update_realm("essai", {"accessTokenLifespan": 2})
    try:
        user = world.make_account("approbatrice-essai", "carene", "approver")
        page = enter(world, context, "approbatrice-essai")
        assert page.locator("h1").inner_text() == "Journal"
        world.admin.delete_realm_roles_of_user(user, [world.admin.get_realm_role("approver")])
        deadline = time.monotonic() + 20
        while page.locator("h1").inner_text() == "Journal":
            assert time.monotonic() < deadline
            time.sleep(0.3)
            page.goto(f"{world.url}/fr/journal")
        assert page.locator("h1").inner_text() == "Accès refusé"
        assert page.locator("header .who").count() == 1
        world.admin.update_user(user, {"enabled": False})
        _wait_until_out(world, page)
    finally:
        apply_declarations(world.platform.settings)


def test_somebody_of_no_declared_organisation_is_not_let_in(world: SignIn, context: BrowserContext) -> None:
    world.admin.create_organization({"name": "À la main", "alias": "a-la-main", "enabled": True})
    world.make_account("etrangere-essai", "a-la-main", "officer", "operator")
    page = enter(world, context, "etrangere-essai")
    assert re.search(r"/fr/sign-in-refused\?reason=token_without_organisation$", page.url)
    assert page.locator("h1").inner_text() == "Accès refusé"
    (entry, *_) = world.journalled()
    assert (entry.fields["outcome"], entry.fields["reasons"]) == ("refused", ["token_without_organisation"])
    assert context.cookies(f"{world.url}/fr/") == []


def test_while_keycloak_is_silent_open_pages_are_read_and_reserved_ones_are_not(world: SignIn, tmp_path: Path) -> None:
    silent = world.platform.settings.model_copy(
        update={"keycloak_url": f"http://127.0.0.1:{free_port()}", "console_port": free_port()}
    )
    with served(open_platform(silent)) as url:
        assert httpx.get(f"{url}/fr/").status_code == 200
        refused = httpx.get(f"{url}/fr/sign-in?to=/fr/journal")
        assert refused.status_code == 503
        assert "Le service d'identité ne répond pas".replace("'", "&#39;") in refused.text
        assert httpx.get(f"{url}/fr/journal.json").status_code == 401


def test_a_second_application_of_the_realm_writes_nothing_and_leaves_accounts_alone(world: SignIn) -> None:
    assert apply_declarations(world.platform.settings) == []
    before = world.admin.get_users({"max": 100})
    world.admin.update_client(
        str(world.admin.get_client_id("archipel-console")), {"redirectUris": ["https://x.example"]}
    )
    assert [change.name for change in apply_declarations(world.platform.settings)] == ["archipel-console"]
    assert world.admin.get_users({"max": 100}) == before
