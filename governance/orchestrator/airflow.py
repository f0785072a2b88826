"""A small client of Airflow's REST API v2: sign in, list, trigger, follow."""

import json
import time
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import stamina

SETTLED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"})
"""States of a task in which it does nothing more for now."""


class AirflowRefused(RuntimeError):
    """Airflow says no; the message is in words."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AirflowBusy(AirflowRefused):
    """Airflow does not answer for now; asked again a few times before it is given up."""


class Airflow:
    """One signed-in session."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)
        # The one for programs: that of people's browsers may not outlast a long job.
        answer = self._client.post("/auth/token/cli", json={"username": user, "password": password})
        if answer.status_code != 201:
            raise AirflowRefused(f"Airflow refused to sign in {user}: {answer.status_code}")
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    @classmethod
    def from_password_file(cls, address: str, path: Path) -> "Airflow":
        """Sign in as the one user of Airflow's own password file."""
        ((user, password),) = json.loads(path.read_text(encoding="utf-8")).items()
        return cls(address, user, password)

    @stamina.retry(on=AirflowBusy, attempts=8, wait_initial=0.5, wait_max=5)
    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, f"/api/v2{path}", **more)
        except httpx.TransportError as error:
            raise AirflowBusy(f"Airflow does not answer to {method} {path}: {error}") from error
        if answer.is_server_error:
            raise AirflowBusy(f"Airflow answered {answer.status_code} to {method} {path}; see its log.")
        if answer.is_error:
            raise AirflowRefused(
                f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:200]}", answer.status_code
            )
        return answer.json() if answer.content else None

    def dag_ids(self) -> set[str]:
        """Ids of the DAGs that Airflow has parsed."""
        return {dag["dag_id"] for dag in self._ask("GET", "/dags", params={"limit": 1000})["dags"]}

    def import_errors(self) -> list[str]:
        """What Airflow could not parse, one line each."""
        errors = self._ask("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def wait_for_dags(self, wanted: Iterable[str], seconds: float) -> None:
        """Return once every DAG named is known.

        Raises:
            AirflowRefused: one is not after that time; the message names it and what failed to parse.
        """
        deadline = time.monotonic() + seconds
        missing = set(wanted)
        while missing:
            missing -= self.dag_ids()
            if not missing:
                return
            if time.monotonic() > deadline:
                raise AirflowRefused(f"Airflow does not know {sorted(missing)}. {'; '.join(self.import_errors())}")
            time.sleep(0.5)

    def trigger(self, dag_id: str) -> str:
        """Start a run by hand and return its id."""
        run_id = f"main__{uuid.uuid4().hex}"
        try:
            self._ask("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "dag_run_id": run_id})
        except AirflowRefused as refusal:
            # An id of ours makes asking twice harmless: the second time it is there already.
            if refusal.status != 409:
                raise
        return run_id

    def active_runs(self) -> dict[str, str]:
        """Return {DAG id: run id} of the runs that have not ended, such as one that waits for a retry."""
        params = {"state": ["queued", "running"], "limit": 1000}
        return {
            run["dag_id"]: run["dag_run_id"] for run in self._ask("GET", "/dags/~/dagRuns", params=params)["dag_runs"]
        }

    def task_states(self, dag_id: str, run_id: str) -> list[str | None]:
        """State of every task instance of a run; None before it is scheduled."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return [task["state"] for task in self._ask("GET", path, params={"limit": 1000})["task_instances"]]

    def newest_states(self, dag_id: str, since: datetime) -> list[str]:
        """States of a DAG's runs queued since an instant, newest first."""
        params = {"order_by": "-run_after", "limit": 20, "run_after_gte": since.isoformat()}
        return [run["state"] for run in self._ask("GET", f"/dags/{dag_id}/dagRuns", params=params)["dag_runs"]]

    def is_waiting(self, dag_id: str, run_id: str) -> bool:
        """Say whether a run that has not ended does nothing for now: all that is left waits for a later retry."""
        states = self.task_states(dag_id, run_id)
        return "up_for_retry" in states and all(state in SETTLED for state in states)
