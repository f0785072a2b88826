"""The profile `monitoring`: what watches is started only where asked for, and reads our files."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from governance.platform import open_platform
from governance.settings import Settings
from infra.monitoring.board import FILE
from tests.api.small_platform import served, write_federation
from tests.compose.test_same_as_native import read_compose
from tests.connectors.contract.servers import absent
from tests.decisions.engine import free_port

WATCHING = {"prometheus", "grafana"}


@pytest.fixture(scope="module")
def watching() -> dict[str, Any]:
    services = read_compose()["services"]
    return {name: each for name, each in services.items() if "profiles" in each}


def _mounted(service: dict[str, Any], path: str) -> Path:
    """The file of ours that a service sees at a path."""
    for volume in sorted(service["volumes"], key=lambda each: -len(each["target"])):
        if volume["type"] == "bind" and (path + "/").startswith(volume["target"] + "/"):
            return Path(volume["source"] + path.removeprefix(volume["target"]))
    raise AssertionError(f"nothing of ours is at {path}")


def test_both_are_started_only_where_asked_for_and_write_nothing_of_ours(watching: dict[str, Any]) -> None:
    assert set(watching) == WATCHING
    for service in watching.values():
        assert service["profiles"] == ["monitoring"]
        assert ":v" in service["image"] or service["image"].rpartition(":")[2][0].isdigit(), "a version is pinned"
        ours = [volume for volume in service["volumes"] if volume["type"] == "bind"]
        assert ours and all(volume["read_only"] and Path(volume["source"]).exists() for volume in ours)


def test_board_alone_is_shown_and_on_this_machine_alone(watching: dict[str, Any]) -> None:
    assert "ports" not in watching["prometheus"]
    assert [(port["host_ip"], port["target"]) for port in watching["grafana"]["ports"]] == [("127.0.0.1", 3000)]


def test_grafana_finds_the_board_and_a_prometheus_to_ask_for_it(watching: dict[str, Any]) -> None:
    grafana = watching["grafana"]
    assert _mounted(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]) == FILE
    provisioning = "/etc/grafana/provisioning"
    boards = yaml.safe_load(_mounted(grafana, f"{provisioning}/dashboards/archipel.yaml").read_text(encoding="utf-8"))
    assert _mounted(grafana, boards["providers"][0]["options"]["path"]) == FILE.parent
    text = _mounted(grafana, f"{provisioning}/datasources/archipel.yaml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    wanted = [each["query"] for each in json.loads(FILE.read_text("utf-8"))["templating"]["list"]]
    assert wanted == [source["type"]] == ["prometheus"]
    # Prometheus is in the pod of `network`, under whose name others reach it.
    assert watching["prometheus"]["network_mode"] == "service:network"
    assert source["url"] == "http://network:9090"


@pytest.mark.services
def test_prometheus_started_by_the_command_of_the_file_reads_a_platform_and_the_alerts(
    watching: dict[str, Any], tmp_path: Path
) -> None:
    program = shutil.which("prometheus")
    if program is None:
        absent("prometheus")
    write_federation(tmp_path / "federation")
    settings = Settings(
        federation_dir=tmp_path / "federation",
        state_dir=tmp_path / "state",
        console_port=free_port(),
        opa_port=free_port(),
    )
    prometheus, port = watching["prometheus"], free_port()
    shutil.copytree(_mounted(prometheus, "/etc/archipel"), tmp_path / "configuration")
    file = tmp_path / "configuration" / "prometheus.yaml"
    text = file.read_text(encoding="utf-8")
    assert f"127.0.0.1:{Settings().console_port}" in text
    moved = text.replace(str(Settings().console_port), str(settings.console_port)).replace("30s", "1s")
    file.write_text(moved, encoding="utf-8")
    words = [word.replace("/etc/archipel", str(tmp_path / "configuration")) for word in prometheus["command"]]
    words = [word.replace("=/prometheus", f"={tmp_path / 'data'}") for word in words]
    with served(open_platform(settings)):
        process = subprocess.Popen(
            [program, *words, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert _until(port, 'up{job="archipel"}') == "1"
            assert float(_until(port, "archipel_journal_entries_total")) >= 0
            groups = httpx.get(f"http://127.0.0.1:{port}/api/v1/rules").json()["data"]["groups"]
            assert "JournalRompu" in {rule["name"] for group in groups for rule in group["rules"]}
        finally:
            process.terminate()
            process.wait(20)


def _until(port: int, query: str) -> str:
    """The value of a query, once there is one that is not zero, or the last one after half a minute."""
    value = "none"
    for _ in range(60):
        try:
            address = f"http://127.0.0.1:{port}/api/v1/query"
            found = httpx.get(address, params={"query": query}).json()["data"]["result"]
        except httpx.HTTPError:
            found = []
        if found:
            value = str(found[0]["value"][1])
            if value != "0" or query.startswith("archipel_"):
                return value
        time.sleep(0.5)
    return value
