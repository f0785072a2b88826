"""The platform's own clock an hour off, for real: closed, said in words, and told to the operator."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from governance.identity.issuer import DevelopmentIssuer
from tests.api.small_platform import Running, served, small_platform
from tests.connectors.contract.servers import MUST_RUN
from tests.decisions.engine import free_port

FEED, RESEARCH = "/v1/feeds/consommation_energie", {"purpose": "dpv:ResearchAndDevelopment"}
LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")


@pytest.fixture(scope="module")
def on_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("clock")) as made:
        yield made


@pytest.fixture(params=["+1h", "-1h"])
def shift(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def off(on_time: Running, shift: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The same platform, served by a process whose clock is off; engine and issuer keep the right time."""
    found = [str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern.removeprefix("/"))]
    if not found:
        if os.environ.get(MUST_RUN):
            pytest.fail("libfaketime is not installed")
        pytest.skip("libfaketime is not installed")
    monkeypatch.setenv("LD_PRELOAD", found[0])
    monkeypatch.setenv("FAKETIME", shift)
    # Else a wait for a while, which the monotonic clock measures, would be off as well.
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    settings = on_time.platform.settings.model_copy(update={"console_port": free_port()})
    with served(replace(on_time.platform, settings=settings)) as url:
        yield replace(on_time, url=url)


def _ask(running: Running, hours: float) -> httpx.Response:
    """Ask for a restricted feed with a token that is valid for so long, from now by the right time."""
    partner = running.platform.federation.organisations["exemple-startup"]
    token = DevelopmentIssuer(running.platform.settings).mint(partner, hours)
    with running.client(Authorization=f"Bearer {token}") as client:
        return client.get(FEED, params=RESEARCH)


def test_a_token_is_refused_in_words_where_the_clock_puts_it_out_of_its_time(off: Running, shift: str) -> None:
    answer = _ask(off, hours=0.5)
    assert answer.status_code == 401
    assert "PDL-EXEMPLE" not in answer.text
    (told,) = answer.json()["reasons"]
    assert told["code"] == {"+1h": "token_expired", "-1h": "token_not_yet_valid"}[shift]
    assert "horloge" in told["change"]


def test_the_operator_is_told_whose_clock_is_off_and_in_which_direction(off: Running, shift: str) -> None:
    page = off.client().get("/fr/health").text
    way = {"+1h": "retarde", "-1h": "avance"}[shift]
    assert f"celle de OPA {way} de 60 min" in page
    assert off.client().get("/health/ready").status_code == 200


def test_clocks_that_agree_are_not_spoken_of(on_time: Running) -> None:
    assert "Les horloges ne sont pas d" not in on_time.client().get("/fr/health").text
