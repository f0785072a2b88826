"""Answers of the policy engine that may be used again: for the same question, the same rules, and as long as they hold.

A partner that reads a hundred pages asks the same question a hundred times. An answer is kept for a moment only, so
that an engine that is gone closes the doors within that moment.
"""

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptAnswers(Generic[T]):
    """Answers by their question, each for its own time; the oldest leave first. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[T, datetime, datetime]] = OrderedDict()

    def find(self, key: str, instant: datetime) -> T | None:
        """The answer that holds at that instant, if there is one."""
        with self._lock:
            kept = self._kept.get(key)
        return kept[0] if kept is not None and kept[1] <= instant < kept[2] else None

    def keep(self, key: str, answer: T, since: datetime, until: datetime) -> None:
        """Keep an answer for the instants from ``since`` on and before ``until``."""
        if self._size <= 0 or until <= since:
            return
        with self._lock:
            self._kept[key] = (answer, since, until)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
