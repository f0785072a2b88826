"""What other catalogues said when they were last asked, and since when each dataset is there, or no longer.

One JSON file a catalogue below ``catalogue/external``. It is kept whatever became of the dataset, so that one that
comes back has its first date. Beside it, what the last publication made of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from governance.catalogue.already_there import Compared
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


class Change(BaseModel):
    """What a catalogue's last answer brought beside the one before, in datasets of the territory."""

    model_config = ConfigDict(frozen=True)

    new: int
    changed: int
    gone: int


class KeptListing(BaseModel):
    """What the last publication made of what was known of a catalogue then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked_at: datetime | None
    """When the answer came that it was made of."""
    listed: int
    undescribed: int
    """Datasets that say neither what they are nor where, and so are no entries."""
    left_out: tuple[Compared, ...]
    """Ours come back, and what was there already."""


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
    remedy_fr: str = ""
    remedy_en: str = ""
    offered: int | None = None
    """How many datasets its last answer listed, of the territory or not."""
    records: dict[str, KeptRecord] = {}

    def last_change(self) -> Change:
        """Count what the last answer brought: its instant is theirs."""
        of_then = [(each, each.first_seen == self.asked_at) for each in self.records.values()]
        return Change(
            new=sum(1 for _, is_new in of_then if is_new),
            changed=sum(1 for each, is_new in of_then if each.changed == self.asked_at and not is_new),
            gone=sum(1 for each, _ in of_then if each.absent_since is not None and each.absent_since == self.asked_at),
        )

    def says_more_than(self, instant: datetime) -> bool:
        """Whether some answer since an instant brought anything new, changed or gone."""
        each = self.records.values()
        return any(max(one.first_seen, one.changed, one.absent_since or one.changed) > instant for one in each)

    def told(self, records: Iterable[Mapping[str, Any]], now: datetime, offered: int | None = None) -> "KeptCatalogue":
        """Return what is known after an answer: what is new, changed, the same, back, or missing from now on.

        ``offered`` is how many datasets it listed before those of the territory were chosen.
        """
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
        return KeptCatalogue(
            asked_at=now,
            tried_at=now,
            asked_for=self.asked_for,
            offered=offered,
            records=dict(sorted(after.items())),
        )


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

    def read_listing(self, catalogue_id: str) -> KeptListing | None:
        """Return what the last publication made of a catalogue; None before the first."""
        try:
            return KeptListing.model_validate_json(self._listing_path(catalogue_id).read_bytes())
        except FileNotFoundError:
            return None

    def write_listing(self, catalogue_id: str, listing: KeptListing) -> None:
        """Replace what the last publication made of a catalogue.

        Raises:
            OSError: the disk refused; what was known stays.
        """
        write_if_changed(self._listing_path(catalogue_id), listing.model_dump_json(indent=1).encode())

    def _path(self, catalogue_id: str) -> Path:
        return self._root / f"{catalogue_id}.json"

    def _listing_path(self, catalogue_id: str) -> Path:
        return self._root / f"{catalogue_id}.listing.json"
