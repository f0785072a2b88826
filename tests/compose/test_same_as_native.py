"""The compose file and the native form describe the same: services, order, ports, versions, settings; and it is valid.

Read by compose-go, the library that `docker compose config` is made of, at a pinned version. Then a part of it is run
without an engine: the very commands, variables and health checks that the file gives, in the order that it gives.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.settings import Settings, cache_home
from infra.native.profiles import PROFILES
from tests.connectors.contract.servers import absent
from tests.services.stack import ROOT, free_ports

FOLDER = ROOT / "infra" / "compose"
COMPOSE_GO = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
FULL = PROFILES["full"]
ENDING = {"furnish-postgresql", "furnish-keycloak"}
PUBLISHED = ("front_port", "front_http_port", "front_ckan_port")


def _reader() -> Path:
    """compose-go's own program, built once on a machine."""
    kept = cache_home() / "bin" / "compose-go-2.16.2"
    if kept.is_file():
        return kept
    go = shutil.which("go")
    if go is None:
        absent("go, with which compose-go is built")
    with tempfile.TemporaryDirectory() as built:
        environment = {**os.environ, "GOBIN": built, "CGO_ENABLED": "0"}
        subprocess.run([go, "install", "-trimpath", COMPOSE_GO], env=environment, check=True, capture_output=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(built) / "cmd", kept)
    return kept


def read_compose() -> dict[str, Any]:
    """The file as compose-go reads it, services of every profile."""
    command = [str(_reader()), "-format", "json", str(FOLDER / "compose.yaml")]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file without what is started only where a profile is asked for: that is others' software."""
    read = read_compose()
    read["services"] = {name: each for name, each in read["services"].items() if "profiles" not in each}
    return read


def _ours(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in compose["services"].items() if name not in {"network", *ENDING}}


def test_the_services_are_the_full_profiles(compose: dict[str, Any]) -> None:
    assert set(_ours(compose)) == {service.name for service in FULL.services}
    assert all(each["command"] == ["serve", name] for name, each in _ours(compose).items())
    assert {name: each["command"] for name, each in compose["services"].items() if name in ENDING} == {
        name: name.split("-") for name in ENDING
    }


def test_every_service_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    for service in FULL.services:
        waits = compose["services"][service.name]["depends_on"]
        assert {name: waits[name]["condition"] for name in service.needs} == dict.fromkeys(
            service.needs, "service_healthy"
        ), service.name
        has_check = "healthcheck" in compose["services"][service.name]
        assert has_check is (service.is_ready is not None), service.name
        if has_check:
            check = compose["services"][service.name]["healthcheck"]["test"]
            assert check == ["CMD", ".venv/bin/python", "-m", "infra.native", "ready", service.name]
    state = compose["services"]["furnish-postgresql"]["depends_on"]
    assert state["postgresql"]["condition"] == "service_healthy"
    for name in ("opa", "console", "airflow-api"):
        waits = compose["services"][name]["depends_on"]
        assert waits["furnish-postgresql"]["condition"] == "service_completed_successfully"


def test_nothing_but_the_front_is_published_and_on_this_machine_unless_told(compose: dict[str, Any]) -> None:
    assert all(each["network_mode"] == "service:network" for each in _ours(compose).values())
    ports = compose["services"]["network"]["ports"]
    native = {getattr(Settings(), name) for name in PUBLISHED}
    assert {port["target"] for port in ports} == native == {int(port["published"]) for port in ports}
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    assert text.count("${ARCHIPEL_PUBLISHED_ADDRESS:-127.0.0.1}:") == len(ports)
    assert not any(each.get("ports") for name, each in compose["services"].items() if name != "network")


def test_settings_exist_and_no_secret_is_among_them(compose: dict[str, Any]) -> None:
    for name, each in compose["services"].items():
        for variable in each.get("environment", {}):
            assert variable.removeprefix("ARCHIPEL_").lower() in Settings.model_fields, f"{name}: {variable}"
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"password|secret|token", text, re.IGNORECASE)


def test_signals_and_image_are_the_same(compose: dict[str, Any]) -> None:
    images = {each["image"] for each in compose["services"].values()}
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert images == {f"archipel/platform:{version[1]}"}
    for service in FULL.services:
        signal_ = compose["services"][service.name].get("stop_signal", "SIGTERM")
        assert signal_ == f"SIG{service.stop_signal}", service.name


def test_the_image_installs_what_the_tests_are_run_on() -> None:
    """The versions are those of the locks and of Debian 12, by the same lines that obtain them natively."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make .venv/.run" in text
    assert "infra.native obtain" in text
    for package in ("postgresql", "redis-server", "libpq-dev", "libmagic1", "gcc", "maven", "default-jdk-headless"):
        assert package in text.split(), package
        assert package in re.findall(r"[\w.-]+", ci), package
    assert "nginx" in text


def test_front_sees_the_published_catalogue_and_neither_the_lake_nor_the_keys_of_others(
    compose: dict[str, Any],
) -> None:
    mounted = {each["target"]: each for each in compose["services"]["front"]["volumes"]}
    assert set(mounted) == {"/state/catalogue", "/state/services", "/state/keys"}
    assert mounted["/state/catalogue"]["read_only"] is True
    others = {
        each["source"] for name, service in _ours(compose).items() if name != "front" for each in service["volumes"]
    }
    assert {mounted["/state/services"]["source"], mounted["/state/keys"]["source"]} & others == set()


class Engine:
    """As much of an engine as the file's own order needs: runs commands, waits for health, ends them by signal."""

    def __init__(self, compose: dict[str, Any], state: Path) -> None:
        self._services = compose["services"]
        names = ("POSTGRESQL", "OPA", "CONSOLE", "EXAMPLE_SITES")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._moved = {f"ARCHIPEL_{name}_PORT": str(port) for name, port in self.ports.items()}
        self._moved |= {"ARCHIPEL_STATE_DIR": str(state), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def _environment(self, name: str) -> dict[str, str]:
        return {**self._services[name]["environment"], **self._moved}

    def _entry(self, words: list[str]) -> list[str]:
        """The image's ENTRYPOINT and the command; this Python stands for the image's."""
        return [sys.executable, "-m", "infra.native", *words]

    def up(self, name: str, without: frozenset[str]) -> None:
        if name in self._running or name in without:
            return
        for other, how in self._services[name].get("depends_on", {}).items():
            self.up(other, without)
            if how["condition"] == "service_healthy" and other not in without:
                self._wait(other)
        command = self._entry(self._services[name]["command"])
        if name in ENDING:
            done = subprocess.run(command, cwd=ROOT, env=self._environment(name), capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            return
        self._running[name] = subprocess.Popen(
            command, cwd=ROOT, env=self._environment(name), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _wait(self, name: str) -> None:
        check = self._entry(self._services[name]["healthcheck"]["test"][4:])
        for _ in range(60):
            if subprocess.run(check, cwd=ROOT, env=self._environment(name), check=False).returncode == 0:
                return
            assert self._running[name].poll() is None, name
            time.sleep(0.5)
        raise AssertionError(f"{name} did not become healthy")

    def up_and_healthy(self, name: str, without: frozenset[str]) -> None:
        self.up(name, without)
        self._wait(name)

    def down(self) -> None:
        for name, process in reversed(self._running.items()):
            process.send_signal(getattr(signal, self._services[name].get("stop_signal", "SIGTERM")))
            process.wait(60)


@pytest.fixture
def engine(compose: dict[str, Any]) -> Iterator[Engine]:
    state = Path(tempfile.mkdtemp(prefix="archipel-compose-"))
    state.chmod(0o755)
    made = Engine(compose, state)
    yield made
    made.down()
    shutil.rmtree(state, ignore_errors=True)


@pytest.mark.services
def test_the_commands_of_the_file_bring_the_platform_up(engine: Engine) -> None:
    """Without Keycloak, which takes a minute: its command is the same as the others'."""
    engine.up_and_healthy("opa", without=frozenset({"network", "keycloak", "furnish-keycloak"}))
    answer = httpx.get(f"http://127.0.0.1:{engine.ports['CONSOLE']}/health/ready", timeout=30)
    assert answer.json()["status"] == "ok"
