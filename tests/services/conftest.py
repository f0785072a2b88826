"""One stack of real services for all the tests of this folder; a CKAN without datasets for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ckanapi import RemoteCKAN
from playwright.sync_api import Browser, BrowserContext

from governance.identity.keycloak.account import open_account
from governance.settings import Settings
from infra.native.profiles import PROFILES
from tests.catalogue.world import ROWS, World
from tests.chromium import chromium
from tests.services.people import make_account
from tests.services.portal import Portal
from tests.services.stack import Full, Stack, new_stack
from tests.services.wire import wire_to


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """PostgreSQL, Redis, Solr and CKAN, up."""
    with new_stack() as made:
        done = made.native("up", "ckan")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture(scope="session")
def full() -> Iterator[Full]:
    with new_stack() as made:
        done = made.native("run", "--profile", "full")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Full(made.state, made.ports, done.stdout)


@pytest.fixture(scope="session")
def settings(full: Full) -> Settings:
    """Of the running full profile, with an operator and an officer of the federation in its realm."""
    settled = PROFILES["full"].adapt(full.settings)
    admin = open_account(settled)
    make_account(admin, "exploitante-essai", "carene", "operator")
    make_account(admin, "chargee-essai", "carene", "officer")
    return settled


@pytest.fixture(scope="session")
def editor(stack: Stack) -> RemoteCKAN:
    """Somebody who is not the platform."""
    platform = RemoteCKAN(stack.ckan, apikey=stack.token)
    person = {"name": "redactrice", "email": "redactrice@agglo.example", "password": "mot-de-passe-d-essai"}
    platform.call_action("user_create", person)
    platform.call_action("user_patch", {"id": "redactrice", "sysadmin": True})
    token = platform.call_action("api_token_create", {"user": "redactrice", "name": "essai"})["token"]
    return RemoteCKAN(stack.ckan, apikey=token)


@contextmanager
def empty_portal(stack: Stack, editor: RemoteCKAN, folder: Path) -> Iterator[Portal]:
    """An empty CKAN and a federation with one dataset of each access level, not yet published."""
    world = World(folder)
    world.share(ROWS)
    with wire_to(stack.ckan) as wire:
        made = Portal(stack.ckan, stack.token, editor, wire, world)
        made.empty()
        yield made


@pytest.fixture
def portal(stack: Stack, editor: RemoteCKAN, tmp_path: Path) -> Iterator[Portal]:
    """A portal that the test may do anything with."""
    with empty_portal(stack, editor, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def published(stack: Stack, editor: RemoteCKAN, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal after its first publication, for tests of one file that only read."""
    with empty_portal(stack, editor, tmp_path_factory.mktemp("published")) as made:
        made.publish()
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # The authority of the installation is known to nobody else; what it vouches for is looked at in another test.
    opened = browser.new_context(ignore_https_errors=True)
    yield opened
    opened.close()
