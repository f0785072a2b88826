"""The platform without its database: closed and said in words, in every door; back as if nothing had been."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.services.stack import Stack, new_stack

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    """PostgreSQL, the engine and the console; no CKAN."""
    with new_stack() as made:
        done = made.native("up", "opa")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def _get(running: Stack, path: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{running.ports['CONSOLE']}{path}", timeout=60, headers={"Accept-Language": "fr"}
    )


def _wait_for(running: Stack, status: int) -> httpx.Response:
    for _ in range(300):
        answer = _get(running, "/health/ready")
        if answer.status_code == status:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"/health/ready never answered {status}: {answer.text}")


def test_without_its_database_nothing_leaves_and_every_door_says_why(running: Stack) -> None:
    _wait_for(running, 200)
    assert running.archipel("journal", "verify").returncode == 0
    running.control.stopProcess("postgresql")
    try:
        told = _wait_for(running, 503).json()
        assert [reason["code"] for reason in told["reasons"]] == ["database_not_ready"]
        for path in ("/v1/feeds/subventions", "/v1/feeds/consommation_energie"):
            feed = _get(running, path)
            assert (feed.status_code, feed.headers["retry-after"]) == (503, "5")
            assert feed.json()["reasons"][0]["code"] == "database_not_ready"
        page = _get(running, "/fr/")
        assert page.status_code == 503
        assert "La base de données de l&#39;état ne répond pas" in page.text
        assert "Traceback" not in page.text
        done = running.archipel("journal", "verify")
        assert done.returncode != 0
        assert "the state database cannot be used" in done.stderr
        assert "Traceback" not in done.stderr
        assert _get(running, "/health/live").status_code == 200
    finally:
        running.control.startProcess("postgresql")
    _wait_for(running, 200)
    assert running.archipel("journal", "verify").returncode == 0
    assert _get(running, "/v1/feeds/subventions").status_code == 404  # no data yet, and the engine answers
