"""A real OPA server for tests, and a small invented federation to ask it about."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from governance.api.engine_desk_server import desk_served
from governance.contracts.model import Column, Contract
from governance.decisions.agreements import Agreement
from governance.decisions.bundle import data_bundle, policy_bundle, put_bundles
from governance.decisions.closures import Closure
from governance.decisions.engine_desk import EngineDesk
from governance.decisions.facts import policy_data
from governance.decisions.model import Context, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import find_opa, opa_command
from governance.decisions.policy_client import PolicyClient
from governance.decisions.reasons import Rule, load_rules
from governance.decisions.revisions import Revisions
from governance.decisions.signing import BundleKey
from governance.federation import Federation, load_federation
from governance.settings import PROJECT_ROOT, Settings

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EPCI, NORTH, SOUTH, PARTNER = "200000008", "200000016", "200000024", "300000007"
PURPOSE = "dpv:ResearchAndDevelopment"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def new_settings(state_dir: Path, **difference: Any) -> Settings:
    """Settings of an installation of the test's own, on free ports."""
    return Settings(state_dir=state_dir, **{"opa_port": free_port(), "console_port": free_port()} | difference)


@contextmanager
def desk_up(settings: Settings) -> Iterator[None]:
    """Where the engines fetch and report, in the place of the whole application."""
    with desk_served(EngineDesk.from_settings(settings), settings.host, settings.console_port):
        yield


@contextmanager
def engine_up(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The engine that stays up, and the desk that it comes to."""
    with desk_up(settings), running(opa_command(settings)) as process:
        yield process


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    return load_rules(PROJECT_ROOT / "policies")


def put_in_force(settings: Settings, facts: Mapping[str, Any]) -> str:
    """Sign and put in force the policies as they are and these facts; gives the version."""
    key = BundleKey.from_settings(settings)
    return put_bundles(settings, policy_bundle(settings.policies_dir, rules(), key), data_bundle(facts, key))


class AnyRevision(Revisions):
    """Accepts every bundle, for servers whose facts are pushed by the test."""

    def is_acceptable(self, revision: str, at: datetime | None = None) -> bool:
        return revision == "pushed+pushed"


class PushedFacts:
    """An OPA server without a bundle: the test pushes the facts of each case."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.client = PolicyClient.at(address)
        self.point = OpaDecisionPoint(self.client, AnyRevision(Path("none")), filters_kept=0)
        for name in ("policies", "data"):
            self._put(f"system/bundles/{name}/manifest", {"revision": "pushed", "roots": [f"nothing/{name}"]})

    def push(self, facts: Mapping[str, Any]) -> None:
        self._put("facts", facts["facts"])

    def included(self, request: DecisionRequest, rows: list[dict[str, Any]]) -> list[int]:
        """Positions of the rows that the policy lets through, asked one by one by the engine itself."""
        question = {**request.to_input(), "rows": rows}
        query = "some i; input.rows[i]; data.archipel.row_filter.include with input.row as input.rows[i]"
        answer = httpx.post(f"{self._address}/v1/query", json={"query": query, "input": question}, timeout=10)
        answer.raise_for_status()
        return sorted(int(found["i"]) for found in answer.json().get("result", []))

    def _put(self, path: str, document: Any) -> None:
        httpx.put(f"{self._address}/v1/data/{path}", json=document, timeout=10).raise_for_status()


@contextmanager
def pushed_facts() -> Iterator[PushedFacts]:
    port = free_port()
    command = [str(find_opa()), "run", "--server", "--addr", f"127.0.0.1:{port}", "--skip-version-check"]
    with running([*command, "--log-level", "error", str(PROJECT_ROOT / "policies")]):
        client = PolicyClient.at(f"http://127.0.0.1:{port}")
        client.wait_for_ready(timeout=10, interval=0.05)
        yield PushedFacts(f"http://127.0.0.1:{port}")


def small_federation(root: Path) -> Federation:
    """Two communes and one partner, all invented; both communes provide all three datasets."""
    organisations: dict[str, dict[str, Any]] = {
        "members/epci": {"kind": "epci", "siren": EPCI, "population": 3},
        "members/north": {"kind": "commune", "siren": NORTH, "population": 1, "insee_code": "44001"},
        "members/south": {"kind": "commune", "siren": SOUTH, "population": 2, "insee_code": "44002"},
        "partners/partner": {"kind": "company", "siren": PARTNER, "roles": ["consumer"]},
    }
    head = {
        "id": "small", "name": "Petite", "short_name": "P", "siren": EPCI, "homepage": "https://small.example",
        "licence": "https://spdx.org/licenses/etalab-2.0", "contact": {"name": "Service", "email": "a@small.example"},
    }  # fmt: skip
    _write(root / "federation.yaml", head)
    for path, values in organisations.items():
        if path.startswith("members"):
            values["cog_year"] = 2026
        if values["kind"] == "commune":
            datasets = ("trees", "meters", "reports")
            values["sources"] = [{"dataset": name, "connector": "http_file"} for name in datasets]
        name = path.split("/")[1]
        _write(root / f"{path}.yaml", {"id": name, "name": name.title(), "example": True, **values})
    return load_federation(root)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(document)), encoding="utf-8")


COLUMNS = (
    Column(name="meter", type="string", tags=("confidential",)),
    Column(name="name", type="string"),
    Column(name="note", type="string", tags=("free_text",)),
    Column(name="author", type="string", tags=("personal",)),
    Column(name="kwh", type="number"),
    Column(name="count", type="integer"),
    Column(name="day", type="date"),
    Column(name="open", type="boolean"),
    Column(name="insee", type="string"),
)
CONTRACTS = {
    "trees": Contract(id="trees", version="1.0.0", title="Arbres", classification="open", columns=COLUMNS),
    "meters": Contract(id="meters", version="1.0.0", title="Compteurs", classification="restricted", columns=COLUMNS),
    "reports": Contract(id="reports", version="1.0.0", title="Rapports", classification="personal", columns=COLUMNS),
}


def agreement(**difference: Any) -> Agreement:
    """An agreement of the partner on the meters, in force, that shows every column."""
    terms = {
        "id": "a1", "title": "Essai", "example": True, "state": "finalized", "assigner": EPCI, "assignee": PARTNER,
        "target": "meters", "actions": ["read"], "purposes": [PURPOSE], "valid_from": "2026-01-01",
        "valid_until": "2027-12-31", "columns": {column.name: "show" for column in COLUMNS},
    }  # fmt: skip
    return Agreement.model_validate(terms | difference)


def facts_of(federation: Federation, *agreements: Agreement, closures: tuple[Closure, ...] = ()) -> dict[str, Any]:
    return policy_data(
        federation, CONTRACTS, {one.id: one for one in agreements}, {closure.id: closure for closure in closures}
    )


def ask(dataset: str = "meters", organisation: str | None = PARTNER, **context: Any) -> DecisionRequest:
    member_id = context.pop("member_id", None)
    return DecisionRequest(
        subject=Subject(id="machine", organisation=organisation),
        target=Target(dataset=dataset, member_id=member_id),
        context=Context(**{"purpose": PURPOSE, "instant": NOW, **context}),
    )
