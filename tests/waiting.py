"""Waiting for what another process does: until it holds, however long that takes short of for ever."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 30


def wait_for(until: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Return what is waited for, once it holds; how long it takes is not what a test is about."""
    deadline = time.monotonic() + seconds
    while not (found := until()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return found
