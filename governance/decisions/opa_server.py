"""How the policy engine is found, configured, started and waited for; nothing here decides.

The embedded engine watches the bundle's file itself: OPA loads a ``file://`` bundle of its configuration only
once, whatever polling says, while ``--watch --bundle`` follows an atomic replacement within a second.
"""

import shutil
import subprocess
import time
from functools import lru_cache
from pathlib import Path

from governance.lake import write_atomically
from governance.settings import Settings, cache_home

_CONFIG = """\
# Written by Archipel at each start. No decision_logs.console key: set to false it would post to the first service.
labels:
  app: archipel
default_decision: /archipel/decision/answer
"""


class PolicyEngineError(RuntimeError):
    """The policy engine cannot be found, started or brought to the revision wanted."""


OLDEST_USABLE = (1, 19, 0)
"""Before it, the compile API let identifiers inject (fixed in 1.19)."""


def kept_opa() -> Path:
    """Where ``make run`` keeps the engine: outside the checkout, so that a new clone builds nothing."""
    return cache_home() / "bin" / "opa"


@lru_cache(maxsize=4)
def _version(binary: Path) -> tuple[int, ...]:
    shown = subprocess.run([str(binary), "version"], capture_output=True, text=True, check=False).stdout
    first = next((line for line in shown.splitlines() if line.startswith("Version:")), "Version: 0")
    return tuple(int(part) for part in first.removeprefix("Version:").strip().split("-")[0].split("."))


def find_opa() -> Path:
    """The engine's binary: on PATH, else where ``make run`` puts it, if it is recent enough.

    Raises:
        PolicyEngineError: neither is there, or both are too old.
    """
    on_path = shutil.which("opa")
    for candidate in (Path(on_path) if on_path else kept_opa(), kept_opa()):
        if candidate.is_file() and _version(candidate) >= OLDEST_USABLE:
            return candidate
    oldest = ".".join(map(str, OLDEST_USABLE))
    raise PolicyEngineError(f"no OPA {oldest} or later on PATH or at {kept_opa()}; 'make run' obtains it")


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
        "--authorization", "basic",
        "--watch",
        "--bundle", str(bundle_path(settings)),
    ]  # fmt: skip


def wait_for_revision(settings: Settings, revision: str, timeout: float = 15.0) -> None:
    """Return once the engine answers with that revision; ``timeout`` in seconds.

    Raises:
        PolicyEngineError: it did not in time; the message says what it answered instead.
    """
    from governance.decisions.policy_client import PolicyClient

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
