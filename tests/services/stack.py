"""PostgreSQL, Redis, Solr and CKAN of the tests' own: other ports, another folder, nothing left behind."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

import httpx
from supervisor.xmlrpc import SupervisorTransport

from governance.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = (
    "POSTGRESQL",
    "REDIS",
    "SOLR",
    "CKAN",
    "KEYCLOAK",
    "KEYCLOAK_MANAGEMENT",
    "FRONT",
    "FRONT_HTTP",
    "FRONT_CKAN",
    "CONSOLE",
    "OPA",
    "AIRFLOW",
    "EXAMPLE_SITES",
)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


@dataclass(frozen=True)
class Stack:
    """Services of one state folder, and the commands on them."""

    state: Path
    ports: dict[str, int]

    def native(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "infra.native", *words)

    def archipel(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command typed beside it: the shell knows the folder and the ports, nothing of the profile."""
        return self._run(str(Path(sys.executable).parent / "archipel"), *words)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ARCHIPEL_STATE_DIR": str(self.state)}
        environment |= {f"ARCHIPEL_{name}_PORT": str(port) for name, port in self.ports.items()}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def type_in_shell(self, words: str) -> subprocess.CompletedProcess[str]:
        """What a person types in the project's folder."""
        return self._run("bash", "-euo", "pipefail", "-c", words)

    @property
    def control(self) -> Any:
        """The stack's own supervisor, over its socket."""
        socket = self.state / "supervisor" / "control.sock"
        return ServerProxy(
            "http://supervisor", transport=SupervisorTransport(None, None, f"unix://{socket}")
        ).supervisor

    @property
    def ckan(self) -> str:
        return f"http://127.0.0.1:{self.ports['CKAN']}"

    @property
    def token(self) -> str:
        return (self.state / "keys" / "ckan_token").read_text(encoding="utf-8")


@contextmanager
def new_stack() -> Iterator[Stack]:
    """A stack that is stopped and removed at the end; nothing of it runs yet."""
    state = Path(tempfile.mkdtemp(prefix="archipel-services-"))
    state.chmod(0o755)  # PostgreSQL runs as another account when root runs the tests
    stack = Stack(state, dict(zip(NAMES, free_ports(len(NAMES)), strict=True)))
    try:
        yield stack
    finally:
        stack.native("stop")
        shutil.rmtree(state, ignore_errors=True)


@dataclass(frozen=True)
class Full(Stack):
    """Everything, after a main job, and what that said."""

    said: str

    def get(self, address: str, **headers: str) -> httpx.Response:
        """Ask as somebody who trusts this installation's own authority."""
        return httpx.get(address, verify=self._trust(), timeout=30, follow_redirects=True, headers=headers)

    def post(self, address: str, form: dict[str, str]) -> httpx.Response:
        return httpx.post(address, verify=self._trust(), timeout=30, data=form)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.state / "services" / "front" / "authority.pem")

    @property
    def settings(self) -> Settings:
        """What the environment of its commands says."""
        ports = {f"{name.lower()}_port": port for name, port in self.ports.items()}
        return Settings.model_validate({"state_dir": self.state, **ports})
