"""A policy engine for a run in one process: the one that is up, or a private one that ends with the run."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.api.engine_desk_server import desk_served
from governance.decisions.engine_desk import EngineDesk
from governance.decisions.engine_status import ONE_COMMAND
from governance.decisions.opa_server import OPA_ENVIRONMENT, Engine, PolicyEngineError, opa_command, wait_for_revision
from governance.decisions.policy_client import PolicyClient
from governance.journal.journal import Journal
from governance.pipeline.in_force import put_in_force
from governance.settings import Settings

LOADING_SECONDS = 4.0
"""An engine of ours follows a new bundle within a second or two."""


@contextmanager
def with_policy_engine(settings: Settings) -> Iterator[Settings]:
    """Yield settings under which a policy engine answers.

    Raises:
        PolicyEngineError: there is no engine on this machine, or it does not start; ``make run`` obtains one.
    """
    revision = put_in_force(settings, Journal.from_settings(settings))
    if _is_ours(settings, revision):
        yield settings
        return
    with private_engine(settings) as private:
        wait_for_revision(private, revision)
        yield private


@contextmanager
def private_engine(settings: Settings) -> Iterator[Settings]:
    """Start an engine that decides by the bundles in force, with a desk of its own; yield settings that lead to it.

    Raises:
        PolicyEngineError: no binary.
    """
    desk_port, port = _free_ports(settings.host)
    desk = EngineDesk.from_settings(settings)
    with (
        tempfile.TemporaryDirectory(prefix="archipel-engine-") as folder,
        desk_served(desk, settings.host, desk_port) as address,
    ):
        engine = Engine(ONE_COMMAND, Path(folder), port, address)
        words = _ending_with_us(opa_command(settings, engine))
        own = [f"{name}={value}" for name, value in OPA_ENVIRONMENT.items()]
        process = subprocess.Popen(["env", *own, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield settings.model_copy(update={"opa_url": None, "opa_port": port})
        finally:
            process.terminate()
            process.wait(timeout=10)


def _ending_with_us(words: list[str]) -> list[str]:
    """Let the system end a program when we end, killed or not: an engine that nobody asks must not stay up.

    Linux has it for the asking (prctl(2), PR_SET_PDEATHSIG); elsewhere the engine ends with the orderly ends only.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *words] if setpriv else words


def _is_ours(settings: Settings, revision: str) -> bool:
    """Say whether the engine at our address decides by our declarations; another installation's does not."""
    client = PolicyClient.from_settings(settings)
    try:
        if not client.is_alive():
            return False
        wait_for_revision(settings, revision, timeout=LOADING_SECONDS)
    except PolicyEngineError:
        return False
    finally:
        client.close_connection()
    return True


def _free_ports(host: str) -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((host, 0))
        other.bind((host, 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
