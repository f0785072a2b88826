"""Refused tokens in the journal: the first one at once, its repetitions within a minute as one entry with their number.

One entry for each would let anybody who sends wrong tokens grow a journal that nobody can shorten. From where they come
is held in memory for that minute, to tell floods apart, and is written nowhere.
"""

import threading
import time
from dataclasses import dataclass

from governance.journal.journal import Journal

WINDOW_SECONDS = 60.0
MOST = 10_000
"""Kinds that are told apart at the same time; beyond, those of one reason count as one."""


@dataclass
class _Kind:
    """What was refused since when, for one client and reason; the first is written already."""

    since: float
    target: str
    repeated: int = 0


class RefusedTokens:
    """Notes refusals; safe between threads."""

    def __init__(self, journal: Journal, window_seconds: float = WINDOW_SECONDS) -> None:
        self._journal, self._window = journal, window_seconds
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def note(self, client: str, code: str, target: str) -> None:
        """Note a refusal before it is told.

        Raises:
            SQLAlchemyError: the first of its kind could not be written.
        """
        now = time.monotonic()
        with self._lock:
            key = (client, code) if (client, code) in self._kinds or len(self._kinds) < MOST else ("", code)
            kind = self._kinds.get(key)
            if kind is not None and now - kind.since < self._window:
                kind.repeated += 1
                return
            before = self._kinds.pop(key, None)
            self._kinds[key] = _Kind(now, target)
            if self._timer is None:
                self._start_timer()
        if before is not None:
            self._write_repeated(code, before)
        self._journal.append("access", {"outcome": "refused", "reasons": [code]}, target=target)

    def write_over(self, *, everything: bool = False) -> None:
        """Write what was repeated and is over; ``everything`` at the end of the process.

        Raises:
            SQLAlchemyError: it could not be written; what was not is told no more.
        """
        now = time.monotonic()
        with self._lock:
            over = {key: kind for key, kind in self._kinds.items() if everything or now - kind.since >= self._window}
            for key in over:
                del self._kinds[key]
            self._timer = None
            if self._kinds:
                self._start_timer()
        for (_, code), kind in over.items():
            self._write_repeated(code, kind)

    def _start_timer(self) -> None:
        self._timer = threading.Timer(self._window, self.write_over)
        self._timer.daemon = True
        self._timer.start()

    def _write_repeated(self, code: str, kind: _Kind) -> None:
        if kind.repeated:
            fields = {"outcome": "refused", "reasons": [code], "repeated": kind.repeated}
            self._journal.append("access", fields, target=kind.target)
