"""What readers see now: which datasets the catalogue shows, and from which shared version."""

import json
from pathlib import Path

from governance.lake import write_atomically
from governance.settings import Settings


def opened_datasets(settings: Settings) -> tuple[str, ...]:
    """Return ids of the harmonised datasets in the published catalogue; none before the first publication."""
    path = settings.state_dir / "catalogue" / "current" / "index.json"
    if not path.is_file():
        return ()
    index = json.loads(path.read_text(encoding="utf-8"))
    return tuple(dataset["id"] for dataset in index["datasets"] if dataset["part_of"] is None)


def _mark(settings: Settings) -> Path:
    return settings.state_dir / "catalogue" / "published-version"


def published_version(settings: Settings) -> str | None:
    """Return the shared version that the catalogue was last made equal to, or None."""
    path = _mark(settings)
    return path.read_text(encoding="utf-8") if path.is_file() else None


def mark_published(settings: Settings, version: str) -> None:
    """Remember the shared version that the catalogue is equal to; nothing is written when it is known."""
    if published_version(settings) != version:
        write_atomically(_mark(settings), version.encode())
