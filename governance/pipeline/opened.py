"""What readers see now: which datasets the catalogue shows, and from which shared version."""

from pathlib import Path

from governance.catalogue.file_catalogue import FileCatalogue
from governance.decisions.bundle import revisions_of
from governance.lake import write_atomically
from governance.settings import Settings


def opened_datasets(settings: Settings) -> tuple[str, ...]:
    """Return ids of the harmonised datasets in the published catalogue; none before the first publication."""
    index = FileCatalogue(settings.state_dir / "catalogue").read_index()
    return tuple(dataset.id for dataset in index.datasets if dataset.part_of is None) if index else ()


def _mark(settings: Settings) -> Path:
    return settings.state_dir / "catalogue" / "published-version"


def _policy_mark(settings: Settings) -> Path:
    return settings.state_dir / "catalogue" / "published-policies"


def published_version(settings: Settings) -> str | None:
    """Return the shared version that the catalogue was last made equal to, or None."""
    path = _mark(settings)
    return path.read_text(encoding="utf-8") if path.is_file() else None


def published_policies(settings: Settings) -> str | None:
    """Return the revision of the policies that the catalogue was last decided by, or None."""
    path = _policy_mark(settings)
    return path.read_text(encoding="utf-8") if path.is_file() else None


def policies_in_force(settings: Settings) -> str | None:
    """Return the revision of the policies in force, or None before the first."""
    return revisions_of(settings).current


def mark_published(settings: Settings, version: str, policies: str) -> None:
    """Remember the shared version and policies that the catalogue is equal to; nothing is written that is known."""
    if published_version(settings) != version:
        write_atomically(_mark(settings), version.encode())
    if published_policies(settings) != policies:
        write_atomically(_policy_mark(settings), policies.encode())
