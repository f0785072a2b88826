"""How the policy engine is found, configured, started and waited for; nothing here decides.

The engine fetches its two bundles from the platform by long poll, verifies their signature, keeps the last good ones on
its disk, and reports to the platform what it activated and what it decided.
"""

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from governance.decisions.bundle_names import BUNDLES, ENGINE_PACKAGES
from governance.decisions.signing import ALGORITHM, BundleKey
from governance.kept_secrets import kept_secret, secret_path
from governance.lake import write_atomically
from governance.settings import Settings, cache_home

CALLER_SECRET = "opa_caller_token"  # noqa: S105 - kept because this is a name, not a secret
"""What the platform shows the engine; the engine knows its hash alone."""
SERVICE_SECRET = "opa_service_token"  # noqa: S105 - kept because this is a name, not a secret
"""What the engine shows the platform."""

LONG_POLL_SECONDS = 5
"""How long the platform may keep the engine's question for a newer bundle waiting; so long may it take to stop."""
_RETRY_SECONDS = 2
"""Longest wait of the engine before it asks a platform that did not answer again."""
_LOG_SECONDS = (1, 2)
"""Least and longest time that decisions wait in the engine before they are reported."""
_LOG_BUFFER_BYTES = 64 * 1024 * 1024
"""Decisions kept while the platform is away; the oldest go first, and the reconciliation names them."""
_SHUTDOWN_SECONDS = 3


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


def check_policies(policies: Path) -> None:
    """Let the engine compile the policies of a folder strictly, as it will when it activates them.

    Raises:
        PolicyEngineError: no binary, or a policy that it would refuse; the message is the engine's.
    """
    words = [str(find_opa()), "check", "--strict", str(policies)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise PolicyEngineError(f"opa check {policies}: {(done.stderr or done.stdout).strip()}")


OPA_ENVIRONMENT = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""What the engine is started with. It tidies its memory less often than by itself, which makes the latest answer of a
hundred a third sooner (measured side by side), and as often as need be where memory gets scarce."""


@dataclass(frozen=True)
class Engine:
    """One engine: its name, where it keeps its files, its port on this machine, and the platform that it asks."""

    name: str
    folder: Path
    port: int
    platform: str


def main_engine(settings: Settings) -> Engine:
    """The engine that stays up."""
    platform = f"http://{settings.host}:{settings.console_port}"
    return Engine("main", settings.state_dir.resolve() / "policy" / "engine", settings.opa_port, platform)


def _configuration(settings: Settings, engine: Engine) -> dict[str, Any]:
    """OPA's own configuration. No ``decision_logs.console``: set to false it would post to the first service."""
    key = BundleKey.from_settings(settings)
    kept_secret(settings, SERVICE_SECRET)
    polling = {
        "min_delay_seconds": 1,
        "max_delay_seconds": _RETRY_SECONDS,
        "long_polling_timeout_seconds": LONG_POLL_SECONDS,
    }
    # The scope keeps one bundle, validly signed, from being served in the place of the other.
    bundles = {
        name: {
            "service": "archipel",
            "resource": f"/bundles/{name}.tar.gz",
            "persist": True,
            "polling": polling,
            "signing": {"keyid": key.id, "scope": name},
        }
        for name in BUNDLES
    }
    return {
        "labels": {"app": "archipel", "engine": engine.name},
        "default_decision": "/archipel/decision/answer",
        "persistence_directory": str(engine.folder / "kept"),
        "services": {
            "archipel": {
                "url": f"{engine.platform}/opa",
                "credentials": {"bearer": {"token_path": str(secret_path(settings, SERVICE_SECRET).resolve())}},
            }
        },
        "keys": {key.id: {"algorithm": ALGORITHM, "key": key.public_pem}},
        "bundles": bundles,
        "status": {"service": "archipel"},
        "decision_logs": {
            "service": "archipel",
            # The id of the work that a question was asked for (W3C Trace Context).
            "request_context": {"http": {"headers": ["traceparent"]}},
            "reporting": {
                "min_delay_seconds": _LOG_SECONDS[0],
                "max_delay_seconds": _LOG_SECONDS[1],
                "buffer_size_limit_bytes": _LOG_BUFFER_BYTES,
            },
        },
    }


def _write_engine_files(settings: Settings, engine: Engine) -> tuple[Path, Path]:
    """Write the engine's configuration and what it knows of its callers."""
    configuration, callers = engine.folder / "opa.yaml", engine.folder / "callers.json"
    write_atomically(configuration, yaml.safe_dump(_configuration(settings, engine), sort_keys=False).encode())
    known = hashlib.sha256(kept_secret(settings, CALLER_SECRET).encode()).hexdigest()
    write_atomically(callers, json.dumps({"engine": {"callers": [known]}}).encode())
    return configuration, callers


def opa_command(settings: Settings, engine: Engine | None = None) -> list[str]:
    """The command line of an engine, by default the one that stays up; its files are written first.

    Raises:
        PolicyEngineError: no binary.
    """
    engine = engine or main_engine(settings)
    configuration, callers = _write_engine_files(settings, engine)
    own = [str(settings.policies_dir.resolve() / name / f"{name}.rego") for name in ENGINE_PACKAGES]
    return [
        str(find_opa()), "run", "--server",
        "--addr", f"{settings.host}:{engine.port}",
        "--config-file", str(configuration),
        "--log-level", "error",
        "--skip-version-check",
        "--authentication", "token",
        "--authorization", "basic",
        "--shutdown-grace-period", str(_SHUTDOWN_SECONDS),
        *own, str(callers),
    ]  # fmt: skip


def wait_for_revision(settings: Settings, revision: str, timeout: float = 15.0) -> None:
    """Return once the engine answers with that version of the policy; ``timeout`` in seconds.

    Raises:
        PolicyEngineError: it did not in time; the message says what it answered instead.
    """
    from governance.decisions.policy_client import PolicyClient

    client = PolicyClient.from_settings(settings)
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
    raise PolicyEngineError(
        f"policy revision {revision} not in force after {timeout:g} s; the engine has {seen}. "
        "`archipel policy status` says why: docs/howto/bring-policies-into-force.md"
    )
