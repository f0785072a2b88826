"""The DAGs in a real Airflow, on ports and folders of their own: every service, the whole main job, twice."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from governance.lineage.store import LineageStore
from governance.settings import Settings
from governance.state.database import open_database

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.services


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass(frozen=True)
class Stack:
    """A running platform of the test's own."""

    environment: dict[str, str]
    console: str
    state: Path

    def native(self, word: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.native", word]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def archipel(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "archipel"), *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("stack")
    console, opa, airflow, sites = _free_ports(4)
    environment = {
        **os.environ,
        "ARCHIPEL_STATE_DIR": str(state),
        "ARCHIPEL_CONSOLE_PORT": str(console),
        "ARCHIPEL_OPA_PORT": str(opa),
        "ARCHIPEL_AIRFLOW_PORT": str(airflow),
        "ARCHIPEL_EXAMPLE_SITES_PORT": str(sites),
        "COLUMNS": "200",
    }
    running = Stack(environment, f"http://127.0.0.1:{console}", state)
    try:
        yield running
    finally:
        running.native("stop")


@pytest.fixture(scope="module")
def first_run(stack: Stack) -> subprocess.CompletedProcess[str]:
    return stack.native("run")


def test_the_main_job_ends_with_a_table_and_services_up(
    stack: Stack, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 0, first_run.stderr
    assert "Tâche principale" in first_run.stdout
    assert f"{stack.console}/catalogue/catalog.ttl" in first_run.stdout
    assert stack.native("status").returncode == 0


def test_a_member_that_is_down_fails_alone(stack: Stack, first_run: subprocess.CompletedProcess[str]) -> None:
    lines = [line for line in first_run.stdout.splitlines() if "│" in line]
    down = [line for line in lines if "ne répond pas" in line]
    assert down
    assert all("besne" in line for line in down)
    not_taken = [line for line in lines if line not in down and "reprise" not in line]
    assert not not_taken, "\n".join(not_taken)


def test_an_open_feed_is_served(stack: Stack, first_run: subprocess.CompletedProcess[str]) -> None:
    answer = httpx.get(f"{stack.console}/v1/feeds/subventions", params={"format": "csv", "limit": 5}, timeout=30)
    assert answer.status_code == 200
    assert len(answer.text.strip().splitlines()) == 6


def test_a_partner_gets_its_rows_and_not_one_cell_more(
    stack: Stack, first_run: subprocess.CompletedProcess[str]
) -> None:
    token = stack.archipel("token", "exemple-startup").stdout.strip()
    answer = httpx.get(
        f"{stack.console}/v1/feeds/consommation_energie",
        params={"purpose": "dpv:ResearchAndDevelopment", "format": "json", "limit": 1000},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    document = answer.json()
    rows = document["rows"] if isinstance(document, dict) else document
    assert rows
    assert {row["commune_insee"] for row in rows} == {"44184", "44210"}
    assert "logement" not in {row["batiment_type"] for row in rows}
    assert all("adresse" not in row for row in rows)
    assert not any(str(row["point_livraison_id"]).startswith("PDL") for row in rows)


def test_another_partner_gets_a_reason(stack: Stack, first_run: subprocess.CompletedProcess[str]) -> None:
    token = stack.archipel("token", "exemple-eau").stdout.strip()
    answer = httpx.get(
        f"{stack.console}/v1/feeds/consommation_energie",
        params={"purpose": "dpv:ResearchAndDevelopment"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "agreement_expired" in [reason["code"] for reason in answer.json()["reasons"]]


def test_the_journal_of_all_that_is_whole(stack: Stack, first_run: subprocess.CompletedProcess[str]) -> None:
    assert stack.archipel("journal", "verify").returncode == 0


def test_a_publication_has_the_id_of_the_harmonising_that_set_it_off(
    stack: Stack, first_run: subprocess.CompletedProcess[str]
) -> None:
    told: dict[str, set[str | None]] = {}
    for run in LineageStore(open_database(Settings(state_dir=stack.state).database_address)).last_runs():
        told.setdefault(run.job.partition(".")[0], set()).add(run.trace_id)
    assert told["harvest"] and told["harmonise"] & told["publish"]
    assert None not in set.union(*told.values())


def test_a_second_run_starts_nothing_and_rebuilds_nothing(
    stack: Stack, first_run: subprocess.CompletedProcess[str]
) -> None:
    current = stack.state / "lake" / "shared" / "current.json"
    before = current.read_bytes(), json.loads((stack.state / "catalogue" / "current" / "index.json").read_text())
    again = stack.native("run")
    assert again.returncode == 0, again.stderr
    assert "nothing was started" in again.stdout
    assert "reprise" not in again.stdout
    assert before[0] == current.read_bytes()
    assert before[1] == json.loads((stack.state / "catalogue" / "current" / "index.json").read_text())


def test_a_start_right_after_a_stop_finds_its_ports_free(
    stack: Stack, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert stack.native("stop").stdout.strip() == "stopped"
    assert stack.native("status").returncode == 1
    again = stack.native("run")
    assert again.returncode == 0, again.stderr
    assert stack.native("status").returncode == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path, stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = [str(free) for free in _free_ports(3)]
        environment = {
            **stack.environment,
            "ARCHIPEL_STATE_DIR": str(tmp_path / "other"),
            "ARCHIPEL_CONSOLE_PORT": str(port),
            "ARCHIPEL_OPA_PORT": ports[0],
            "ARCHIPEL_AIRFLOW_PORT": ports[1],
            "ARCHIPEL_EXAMPLE_SITES_PORT": ports[2],
        }
        refused = Stack(environment, "", tmp_path).native("run")
    assert refused.returncode == 2
    assert str(port) in refused.stderr
    assert "ARCHIPEL_CONSOLE_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
