"""The files behind the catalogue and what is remembered of them, so that nothing unchanged is made twice.

Private to the platform: readers see only what a publisher puts in its catalogue. Any publisher takes its
files from here, by content-addressed names that never change meaning.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from governance.catalogue.model import Distribution
from governance.lake import write_if_changed


class StoredDataset(BaseModel):
    """The files of one dataset of the catalogue, and the dates that outlive each publication."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_key: str
    content_key: str
    """Hash of the cells alone: a new shared version with the same rows keeps it."""
    rows: int
    columns: tuple[tuple[str, str], ...]
    """(name, DuckDB type) of the file."""
    first_day: date | None = None
    last_day: date | None = None
    distributions: tuple[Distribution, ...]
    issued: datetime
    modified: datetime


_ENTRIES = TypeAdapter(dict[str, StoredDataset])


class DistributionStore:
    """Folder of distribution files, and ``store.json`` that says what they are."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, distribution: Distribution) -> Path:
        """Where a distribution's bytes lie."""
        return self.root / distribution.file

    def read(self) -> dict[str, StoredDataset]:
        """Return what is remembered, keyed by dataset id of the catalogue; empty before the first publication."""
        try:
            return _ENTRIES.validate_json((self.root / "store.json").read_bytes())
        except FileNotFoundError:
            return {}

    def remember(self, entries: Mapping[str, StoredDataset]) -> int:
        """Replace what is remembered if it differs; return the bytes written."""
        content = json.dumps(_ENTRIES.dump_python(dict(sorted(entries.items())), mode="json"), indent=1).encode()
        return len(content) if write_if_changed(self.root / "store.json", content) else 0

    def holds(self, entry: StoredDataset) -> bool:
        """Whether every file of an entry is there, whole."""
        paths = [(self.path(file), file.bytes) for file in entry.distributions]
        return all(path.is_file() and path.stat().st_size == size for path, size in paths)

    def prune(self, kept: Iterable[Distribution]) -> None:
        """Delete the files that no published dataset refers to."""
        names = {self.path(distribution) for distribution in kept}
        for path in sorted((self.root / "files").glob("*")):
            if path not in names:
                path.unlink()
