"""How the policy engine is found, configured, started and waited for; nothing here decides.

The embedded engine watches the bundle's file itself: OPA loads a ``file://`` bundle of its configuration only
once, whatever polling says, while ``--watch --bundle`` follows an atomic replacement within a second.
"""

import shutil
import time
from pathlib import Path

from governance.lake import write_atomically
from governance.settings import Settings

_CONFIG = """\
# Written by Archipel at each start. No decision_logs.console key: set to false it would post to the first service.
labels:
  app: archipel
default_decision: /archipel/decision/answer
"""


class PolicyEngineError(RuntimeError):
    """The policy engine cannot be found, started or brought to the revision wanted."""


def find_opa() -> Path:
    """The engine's binary: on PATH, else where ``make run`` puts it.

    Raises:
        PolicyEngineError: neither has it.
    """
    cached = Path.home() / ".cache" / "archipel" / "bin" / "opa"
    found = shutil.which("opa") or (str(cached) if cached.is_file() else None)
    if found is None:
        raise PolicyEngineError("opa is neither on PATH nor in the cache; 'make run' obtains it")
    return Path(found)


def bundle_path(settings: Settings) -> Path:
    """Where the bundle in force lies."""
    return settings.state_dir / "policy" / "bundle.tar.gz"


def write_opa_config(settings: Settings) -> Path:
    """Write the engine's configuration into the state folder and return its path."""
    path = settings.state_dir / "policy" / "opa.yaml"
    write_atomically(path, _CONFIG.encode())
    return path


def opa_command(settings: Settings) -> list[str]:
    """The command line of the embedded engine; the bundle must have been written before it starts.

    Raises:
        PolicyEngineError: no binary.
    """
    return [
        str(find_opa()), "run", "--server",
        "--addr", f"{settings.host}:{settings.opa_port}",
        "--config-file", str(write_opa_config(settings)),
        "--log-level", "error",
        "--skip-version-check",
        "--watch",
        "--bundle", str(bundle_path(settings)),
    ]  # fmt: skip


def wait_for_revision(settings: Settings, revision: str, timeout: float = 15.0) -> None:
    """Return once the engine answers with that revision; ``timeout`` in seconds.

    Raises:
        PolicyEngineError: it did not in time; the message says what it answered instead.
    """
    from governance.decisions.opa import PolicyClient

    client = PolicyClient.at(settings.opa_address)
    deadline = time.monotonic() + timeout
    seen: str | None = None
    try:
        while time.monotonic() < deadline:
            seen = client.revision()
            if seen == revision:
                return
            time.sleep(0.05)
    finally:
        client.close_connection()
    raise PolicyEngineError(f"policy revision {revision} not in force after {timeout:g} s; the engine has {seen}")
