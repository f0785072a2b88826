"""A policy engine for a run in one process: the one that is up, or a private one that ends with the run."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from governance.decisions.opa_server import PolicyEngineError, opa_command, wait_for_revision
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
    private = settings.model_copy(update={"opa_url": None, "opa_port": _free_port(settings.host)})
    process = subprocess.Popen(opa_command(private), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_revision(private, revision)
        yield private
    finally:
        process.terminate()
        process.wait(timeout=10)


def _is_ours(settings: Settings, revision: str) -> bool:
    """Say whether the engine at our address decides by our declarations; another installation's does not."""
    try:
        if not httpx.get(f"{settings.opa_address}/health", timeout=1).is_success:
            return False
        wait_for_revision(settings, revision, timeout=LOADING_SECONDS)
    except (httpx.HTTPError, PolicyEngineError):
        return False
    return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
