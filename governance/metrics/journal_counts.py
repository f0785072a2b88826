"""Decisions and refusals counted from the journal, without reading it anew at each scrape.

The journal only grows, so that counts are kept with the number of the last entry that is in them; each scrape adds what
came since. They are kept in a file as well, for a process that starts; the file is a shortcut, not a record: where it
is missing, or ahead of a journal that was restored, counting begins at the first entry.
"""

import threading
from collections import Counter
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from governance.journal.journal import Journal
from governance.journal.model import Entry
from governance.lake import write_atomically

_AT_ONCE = 5000
_KEEP_EVERY = 1000
"""Entries after which the counts are written to the file."""


class Counts(BaseModel):
    """What the entries up to `sequence` came to."""

    model_config = ConfigDict(extra="forbid")

    sequence: int = 0
    last_at: datetime | None = None
    decisions: dict[str, int] = {}
    """``<channel> <outcome>`` to how many; outcome is allowed or denied."""
    denials: dict[str, int] = {}
    published_at: datetime | None = None
    """When the catalogue was last made equal to the decisions, changed or not."""


class JournalCounts:
    """Counts of one journal, brought up to date when they are asked for; safe to share between threads."""

    def __init__(self, journal: Journal, state_dir: Path) -> None:
        self._journal = journal
        self._path = state_dir / "metrics" / "journal_counts.json"
        self._lock = threading.Lock()
        self._counts: Counts | None = None
        self._kept = 0

    def now(self) -> Counts:
        """Return the counts up to the last entry."""
        with self._lock:
            counts = self._counts or self._read()
            if counts.sequence > self._journal.length():
                counts = Counts()
            while entries := self._journal.after(counts.sequence, _AT_ONCE):
                _add(counts, entries)
            self._counts = counts
            if counts.sequence - self._kept >= _KEEP_EVERY:
                write_atomically(self._path, counts.model_dump_json().encode())
                self._kept = counts.sequence
            return counts.model_copy(deep=True)

    def _read(self) -> Counts:
        try:
            counts = Counts.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return Counts()
        self._kept = counts.sequence
        return counts


def _add(counts: Counts, entries: list[Entry]) -> None:
    decisions, denials = Counter(counts.decisions), Counter(counts.denials)
    for entry in entries:
        if entry.kind == "decision":
            is_denied = entry.fields.get("outcome") == "refused" or entry.fields.get("allow") is False
            decisions[f"{entry.fields.get('channel')} {'denied' if is_denied else 'allowed'}"] += 1
            if is_denied:
                denials.update(set(entry.fields.get("reasons", ())))
        elif entry.kind == "access" and entry.fields.get("outcome") == "refused":
            denials.update(set(entry.fields.get("reasons", ())))
        elif entry.kind == "publication":
            counts.published_at = entry.at
    counts.sequence, counts.last_at = entries[-1].sequence, entries[-1].at
    counts.decisions, counts.denials = dict(decisions), dict(denials)
