"""When the journal was last verified, for those who watch over it: a note beside the anchor, which proves nothing."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from governance.journal.model import Finding, Frozen
from governance.lake import write_atomically


class Verification(Frozen):
    """One verification of the whole journal."""

    at: AwareDatetime
    is_intact: bool
    found: Finding | None = None
    """The first thing wrong, where it is not intact."""


def note_verification(anchor: Path, found: Finding | None) -> None:
    """Note that the journal was verified just now; whoever may only read leaves no note."""
    note = Verification(at=datetime.now(UTC), is_intact=found is None, found=found)
    try:
        write_atomically(_path(anchor), note.model_dump_json().encode())
    except OSError:
        return


def read_verification(anchor: Path) -> Verification | None:
    """Return the last note, or None where there is none that can be read."""
    try:
        return Verification.model_validate_json(_path(anchor).read_bytes())
    except (OSError, ValidationError):
        return None


def _path(anchor: Path) -> Path:
    return anchor.with_name("verified.json")
