"""The supervised engine: fed by the platform, killed and back, and deciding while the platform is gone."""

import os
import signal
from collections.abc import Iterator

import pytest

from governance.decisions.engine_status import policy_status
from governance.decisions.model import Context, DecisionRequest, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.settings import Settings
from infra.native.profiles import PROFILES
from tests.services.stack import Stack, new_stack
from tests.waiting import wait_for

pytestmark = pytest.mark.services
OPEN = DecisionRequest(target=Target(dataset="subventions"), context=Context(channel="feed"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Stack]:
    """The engine, and the console that it needs; no CKAN."""
    with new_stack() as made:
        done = made.native("up", "opa")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture(scope="module")
def settings(engine: Stack) -> Settings:
    ports = {f"{name.lower()}_port": port for name, port in engine.ports.items()}
    asked = Settings.model_validate({"state_dir": engine.state, **ports, "decision_keep_seconds": 0})
    return PROFILES["full"].adapt(asked)


def _kill(engine: Stack, service: str) -> None:
    """Kill −9 the one process of that name that the stack's own supervisor started."""
    os.kill(int(engine.control.getProcessInfo(service)["pid"]), signal.SIGKILL)


def _codes(settings: Settings) -> tuple[str, ...]:
    point = OpaDecisionPoint.from_settings(settings)
    try:
        return point.decide(OPEN).codes
    finally:
        point.close()


def test_status_says_that_the_engine_decides_by_what_is_in_force(engine: Stack, settings: Settings) -> None:
    wait_for(lambda: policy_status(settings).is_well and policy_status(settings).bundles)
    done = engine.native("status")
    assert "decides by the version in force" in done.stdout
    assert {"opa", "console"} <= {line.split()[0] for line in done.stdout.splitlines() if line.endswith("RUNNING")}
    assert _codes(settings) == ("open_data",)


def test_killed_engine_is_back_and_decides(engine: Stack, settings: Settings) -> None:
    _kill(engine, "opa")
    wait_for(lambda: _codes(settings) == ("open_data",))


def test_killed_engine_is_back_and_decides_while_the_console_is_stopped(engine: Stack, settings: Settings) -> None:
    engine.control.stopProcess("console")
    try:
        _kill(engine, "opa")
        wait_for(lambda: _codes(settings) == ("open_data",))
    finally:
        engine.control.startProcess("console")


def test_stopped_engine_closes_and_comes_back(engine: Stack, settings: Settings) -> None:
    engine.control.stopProcess("opa")
    assert _codes(settings) == ("policy_engine_unavailable",)
    assert policy_status(settings).verdict == "silent"
    engine.control.startProcess("opa")
    wait_for(lambda: _codes(settings) == ("open_data",))
