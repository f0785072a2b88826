"""What other catalogues said when they were last asked, and since when each dataset is there, or no longer.

One JSON file a catalogue below ``catalogue/external``. It is kept whatever became of the dataset, so that one that
comes back has its first date.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from governance.catalogue.external.described import key_of
from governance.lake import write_if_changed


class KeptRecord(BaseModel):
    """One dataset of theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record: dict[str, Any]
    first_seen: datetime
    changed: datetime
    absent_since: datetime | None = None
    """When it was first found missing; None while it is there."""

    def is_listed(self, now: datetime, grace: timedelta) -> bool:
        """Whether it is still shown: gone, it stays for the days of grace, in case it was only mislaid."""
        return self.absent_since is None or now - self.absent_since < grace


class KeptCatalogue(BaseModel):
    """One catalogue of others as we know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked_at: datetime | None = None
    """When it last answered."""
    tried_at: datetime | None = None
    asked_for: str = ""
    """Fingerprint of the declaration that it was asked with: another declaration is asked at once."""
    problem_fr: str = ""
    """Why it did not answer the last time; empty when it did. What is known of it then stays."""
    problem_en: str = ""
    records: dict[str, KeptRecord] = {}

    def told(self, records: Iterable[Mapping[str, Any]], now: datetime) -> "KeptCatalogue":
        """Return what is known after an answer: what is new, changed, the same, back, or missing from now on."""
        after: dict[str, KeptRecord] = {}
        for record in records:
            key = key_of(record)
            if key is None:
                continue
            before = self.records.get(key)
            is_same = before is not None and before.record == dict(record)
            after[key] = KeptRecord(
                record=dict(record),
                first_seen=before.first_seen if before else now,
                changed=before.changed if before and is_same else now,
            )
        for key, before in self.records.items():
            if key not in after:
                after[key] = before.model_copy(update={"absent_since": before.absent_since or now})
        return KeptCatalogue(asked_at=now, tried_at=now, asked_for=self.asked_for, records=dict(sorted(after.items())))


class KeptCatalogues:
    """The files of all catalogues of others."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, catalogue_id: str) -> KeptCatalogue:
        """Return what is known of a catalogue; nothing before it was first asked."""
        try:
            return KeptCatalogue.model_validate_json(self._path(catalogue_id).read_bytes())
        except FileNotFoundError:
            return KeptCatalogue()

    def write(self, catalogue_id: str, kept: KeptCatalogue) -> None:
        """Replace what is known of a catalogue.

        Raises:
            OSError: the disk refused; what was known stays.
        """
        write_if_changed(self._path(catalogue_id), kept.model_dump_json(indent=1).encode())

    def _path(self, catalogue_id: str) -> Path:
        return self._root / f"{catalogue_id}.json"
