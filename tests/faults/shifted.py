"""The environment of a process whose clock is off, for real: libfaketime, which only that process loads."""

import os
from pathlib import Path

import pytest

from tests.connectors.contract.servers import MUST_RUN

LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")


def shifted(by: str) -> dict[str, str]:
    """Variables under which a process takes it to be so much later or earlier, as ``+1h``; skips without it."""
    found = [str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern.removeprefix("/"))]
    if not found:
        if os.environ.get(MUST_RUN):
            pytest.fail("libfaketime is not installed")
        pytest.skip("libfaketime is not installed")
    preload = str(Path(__file__).parent / "preload")
    return {
        "LD_PRELOAD": found[0],
        "FAKETIME": by,
        # Else a wait for a while, which the monotonic clock measures, would be off as well.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (preload, os.environ.get("PYTHONPATH")))),
    }
