"""Which bundles were in force, in order: OPA has no protection against an older bundle, so its callers have.

A revision is a hash of content and has no order of its own; the order is kept here.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime

from governance.decisions.model import Frozen
from governance.lake import write_atomically

GRACE = timedelta(seconds=10)
"""How long a superseded bundle may still answer, while the engine loads its successor."""


class Activation(Frozen):
    """One bundle put in force."""

    revision: str
    at: AwareDatetime


class Revisions:
    """The order of bundles of one installation, in ``policy/revisions.json``; read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._known: tuple[Activation, ...] = ()

    def all(self) -> tuple[Activation, ...]:
        """Every activation, oldest first; none before the first bundle."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
            self._known, self._stamp = tuple(Activation.model_validate(entry) for entry in entries), stamp
        return self._known

    @property
    def current(self) -> str | None:
        """The revision in force."""
        known = self.all()
        return known[-1].revision if known else None

    def record(self, revision: str, at: datetime | None = None) -> None:
        """Put a revision in force; one that already is stays so."""
        known = self.all()
        if known and known[-1].revision == revision:
            return
        entries = (*known, Activation(revision=revision, at=at or datetime.now(UTC)))
        write_atomically(self._path, json.dumps([e.model_dump(mode="json") for e in entries], indent=1).encode())

    def is_acceptable(self, revision: str, at: datetime | None = None) -> bool:
        """Whether an answer of that revision counts: the one in force, or its predecessor for a moment.

        ``at`` is the clock of the caller, not the instant that a request asks about.
        """
        known = self.all()
        if not known:
            return False
        if known[-1].revision == revision:
            return True
        is_predecessor = len(known) > 1 and known[-2].revision == revision
        # Put in force in the future, the clock was ahead then: that must not let an older bundle answer until it comes.
        return is_predecessor and abs((at or datetime.now(UTC)) - known[-1].at) <= GRACE
