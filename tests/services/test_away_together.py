"""Two services away at once: every door is closed and says why, and opens by itself when both are back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from governance.identity.keycloak.partner_token import client_secret
from infra.native.profiles import PROFILES
from tests.services.stack import Full

pytestmark = pytest.mark.services
OPEN = "/v1/feeds/subventions?format=csv&limit=5"
SHARED = "/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&format=json"
PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def front(full: Full) -> str:
    return f"https://127.0.0.1:{full.ports['FRONT']}"


@pytest.fixture(scope="module")
def token(full: Full, front: str) -> str:
    """A partner's token, taken while all is well."""
    settings = PROFILES["full"].adapt(full.settings)
    machine = {"client_id": "machine-exemple-startup", "client_secret": client_secret(settings, "exemple-startup")}
    address = f"{front}/realms/archipel/protocol/openid-connect/token"
    return str(full.post(address, {"grant_type": "client_credentials", **machine}).json()["access_token"])


@contextmanager
def away(full: Full, *services: str) -> Iterator[None]:
    for name in services:
        full.control.stopProcess(name)
    try:
        yield
    finally:
        for name in reversed(services):
            full.control.startProcess(name)


def until(ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """Ask until that status comes: what is kept for a second, and a start, take their time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := ask()).status_code != status:
        assert time.monotonic() < deadline, f"{answer.status_code} for {status}: {answer.text[:300]}"
        time.sleep(0.5)
    return answer


def codes(answer: httpx.Response) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


def test_without_policy_engine_and_identity(full: Full, front: str, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    assert full.get(f"{front}{SHARED}", **bearer).status_code == 200
    with away(full, "opa", "keycloak"):
        closed = until(lambda: full.get(f"{front}{OPEN}"), 503)
        assert (codes(closed), closed.headers["retry-after"]) == (["policy_engine_unavailable"], "5")
        partner = until(lambda: full.get(f"{front}{SHARED}", **bearer), 503)
        assert codes(partner) == ["policy_engine_unavailable"] and "kwh" not in partner.text
        assert until(lambda: full.get(f"{front}/health/ready"), 503).json()["status"] == 503
        sign_in = full.get(f"{front}/fr/sign-in?to=/fr/journal")
        assert sign_in.status_code >= 500 and "Traceback" not in sign_in.text
    until(lambda: full.get(f"{front}/health/ready"), 200)
    assert until(lambda: full.get(f"{front}{OPEN}"), 200).text.startswith("nomAttribuant")
    assert until(lambda: full.get(f"{front}{SHARED}", **bearer), 200).json()
    until(lambda: full.get(f"{front}/realms/archipel/.well-known/openid-configuration"), 200)


def test_without_policy_engine_and_database(full: Full, front: str, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    with away(full, "postgresql", "opa"):
        for path, sent in ((OPEN, {}), (SHARED, bearer)):
            closed = until(lambda path=path, sent=sent: full.get(f"{front}{path}", **sent), 503)  # type: ignore[misc]
            assert set(codes(closed)) <= {"policy_engine_unavailable", "database_not_ready"}
            assert "Traceback" not in closed.text
        page = full.get(f"{front}/fr/")
        assert page.status_code == 503 and "Traceback" not in page.text
    until(lambda: full.get(f"{front}/health/ready"), 200)
    assert until(lambda: full.get(f"{front}{OPEN}"), 200).text.startswith("nomAttribuant")
    assert until(lambda: full.get(f"{front}{SHARED}", **bearer), 200).json()
    verified = full.archipel("journal", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
