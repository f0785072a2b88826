"""The platform's own clock an hour off, for real: closed, said in words, and told to the operator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Self

import httpx
import pytest

import governance.identity.issuer
from governance.decisions.model import Context, DecisionRequest, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import wait_for_revision
from governance.identity.issuer import DevelopmentIssuer
from infra.native.services.console import platform_environment
from tests.api.small_platform import Running, served, small_platform
from tests.decisions.engine import free_port
from tests.faults.shifted import shifted

FEED, RESEARCH = "/v1/feeds/consommation_energie", {"purpose": "dpv:ResearchAndDevelopment"}
PUT_IN_FORCE = """
from governance.pipeline.in_force import put_in_force
from governance.platform import open_platform
from governance.settings import load_settings
print(put_in_force(load_settings(), open_platform(load_settings()).journal))
"""


@pytest.fixture(scope="module")
def on_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("clock")) as made:
        yield made


@pytest.fixture(scope="module", params=["+1h", "-1h"])
def shift(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def off(on_time: Running, shift: str) -> Iterator[Running]:
    """The same platform, served by a process whose clock is off; engine and issuer keep the right time."""
    settings = on_time.platform.settings.model_copy(update={"console_port": free_port()})
    with pytest.MonkeyPatch.context() as patched:
        for name, value in shifted(shift).items():
            patched.setenv(name, value)
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


class _TwoHoursAgo(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) - timedelta(hours=2)


def test_no_agreement_opens_anything_while_nobody_knows_whether_it_is_in_force(
    off: Running, on_time: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a token that holds by either clock: an agreement that ended this hour would still open what it was for.
    monkeypatch.setattr(governance.identity.issuer, "datetime", _TwoHoursAgo)
    answer = _ask(off, hours=10)
    assert answer.status_code == 503
    assert "PDL-EXEMPLE" not in answer.text
    (told,) = answer.json()["reasons"]
    assert told["code"] == "policy_engine_other_time"
    assert "horloge" in answer.json()["detail"]
    assert off.client().get("/v1/feeds/subventions").status_code == 200
    assert _ask(on_time, hours=10).status_code == 200


def test_policies_signed_by_a_clock_that_is_off_are_in_force_and_the_ones_before_are_not(
    on_time: Running, shift: str
) -> None:
    settings = on_time.platform.settings
    path = settings.federation_dir / "agreements" / "exemple-eau.yaml"
    declared = path.read_text(encoding="utf-8")
    path.write_text(declared.replace("Échue (exemple)", f"Échue (exemple, {shift})"), encoding="utf-8")
    environment = {**os.environ, **platform_environment(settings), **shifted(shift)}
    command = [sys.executable, "-c", PUT_IN_FORCE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wait_for_revision(settings, done.stdout.strip())
    point = OpaDecisionPoint.from_settings(settings)
    asked = DecisionRequest(target=Target(dataset="subventions"), context=Context(channel="feed"))
    assert point.decide(asked).codes == ("open_data",)
    point.close()
