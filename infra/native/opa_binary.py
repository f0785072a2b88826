"""Where the policy engine's server comes from; the library registries of Python and Node do not carry it.

In this order: on PATH, kept from an earlier time, built by ``go install`` at the pinned version, else the
official static binary with its checksum.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from governance.decisions.opa_server import PolicyEngineError, find_opa, kept_opa
from governance.lake import write_atomically

OPA_VERSION = "1.22.2"

STATIC_VERSION = "1.21.0"
"""Newest release whose published checksums we could confirm from several independent places."""
RELEASES = "https://github.com/open-policy-agent/opa/releases/download"
OFFICIAL_STATIC = {
    ("Linux", "x86_64"): (
        "opa_linux_amd64_static",
        "5eef70644868bb04d0556bcc795ee42f2ab379e73f51d1bfa30f83e1305bc9b9",
    ),
    ("Linux", "aarch64"): (
        "opa_linux_arm64_static",
        "0ec34027c15b4d969c21d01ed570fe14fbebd508a08157043ab09f9a0dccbee6",
    ),
}
"""(system, machine) to the release asset and its SHA-256."""


class OpaMissing(RuntimeError):
    """No way to the policy engine worked; the message says what was tried."""


def obtain_opa() -> Path:
    """Return a usable server, building or downloading it if need be.

    Raises:
        OpaMissing: nothing worked; the message says what was tried and what to do.
    """
    try:
        return find_opa()
    except PolicyEngineError as missing:
        tried = [str(missing)]
    kept_opa().parent.mkdir(parents=True, exist_ok=True)
    for way in (_build, _download):
        refusal = way(kept_opa())
        if refusal is None:
            return find_opa()
        tried.append(refusal)
    raise OpaMissing("\n".join([*tried, "Install OPA so that `opa version` works, then run this again."]))


def _build(target: Path) -> str | None:
    go = shutil.which("go")
    if go is None:
        return "go is not installed, so the server cannot be built."
    print(f"  building the OPA server {OPA_VERSION} with go (about two minutes, once)", file=sys.stderr)  # noqa: T201
    environment = {**os.environ, "GOBIN": str(target.parent), "CGO_ENABLED": "0"}
    module = f"github.com/open-policy-agent/opa@v{OPA_VERSION}"
    command = [go, "install", "-trimpath", "-ldflags", "-s -w", module]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"go install failed: {done.stderr.strip()[-400:]}"


def _download(target: Path) -> str | None:
    asset = OFFICIAL_STATIC.get((platform.system(), platform.machine()))
    if asset is None:
        return f"no official static binary is pinned for {platform.system()} {platform.machine()}."
    name, expected = asset
    address = f"{RELEASES}/v{STATIC_VERSION}/{name}"
    try:
        answer = httpx.get(address, follow_redirects=True, timeout=120)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        return f"the official binary could not be downloaded: {error}"
    if hashlib.sha256(answer.content).hexdigest() != expected:
        return f"{address} does not have the pinned checksum; it was thrown away."
    write_atomically(target, answer.content)
    target.chmod(0o755)
    return None


if __name__ == "__main__":
    obtain_opa()
