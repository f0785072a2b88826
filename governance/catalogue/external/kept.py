"""What other catalogues said when they were last asked, and since when each dataset is there, or no longer.

Files of a catalogue below ``catalogue/external``, by its id:

  <id>.json            each dataset, kept whatever became of it, so that one that comes back has its first date
  <id>.sums.json       what a page says of them all, so that no look at it reads each
  <id>.listing.json    what the last publication made of them
  <id>.left-out.json   each that it left out, and why
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from governance.catalogue.already_there import Compared, Kind
from governance.catalogue.external.described import key_of
from governance.lake import write_if_changed

SHOWN = 25
"""Datasets left out that are kept beside the sums of a listing, for the page to show."""


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

    @property
    def last_news_at(self) -> datetime:
        """When an answer last said anything of it that was not known."""
        return max(self.first_seen, self.changed, self.absent_since or self.changed)


class Change(BaseModel):
    """What a catalogue's last answer brought beside the one before, in datasets of the territory."""

    model_config = ConfigDict(frozen=True)

    new: int
    changed: int
    gone: int


class LeftOut(Compared):
    """One dataset that is not listed: ours come back, or there already."""

    like_title: str = ""
    """What it is like is called, where that is a dataset of others; else empty."""


class KeptListing(BaseModel):
    """What the last publication made of what was known of a catalogue then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked_at: datetime | None
    """When the answer came that it was made of."""
    listed: int
    undescribed: int
    """Datasets that say neither what they are nor where, and so are no entries."""
    left_out_by: dict[Kind, int]
    """How many were left out as what; every kind is there."""
    first_left_out: tuple[LeftOut, ...]
    """The first ``SHOWN`` of them."""


class _Answered(BaseModel):
    """When a catalogue was asked, and what came of it."""

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


class KeptSums(_Answered):
    """All that is said of a catalogue without naming a dataset."""

    there: int = 0
    """Datasets of the territory that it has."""
    gone: dict[datetime, int] = {}
    """How many of those that it had were first found missing when."""
    change: Change = Change(new=0, changed=0, gone=0)
    last_news_at: datetime | None = None
    """When an answer last brought anything new, changed or gone."""

    def missing(self, now: datetime, grace: timedelta) -> int:
        """Count what is gone from there and still listed."""
        return sum(count for since, count in self.gone.items() if now - since < grace)


class KeptCatalogue(_Answered):
    """One catalogue of others as we know it."""

    records: dict[str, KeptRecord] = {}

    def sums(self) -> KeptSums:
        """Add up what is known."""
        records = self.records.values()
        gone = Counter(each.absent_since for each in records if each.absent_since is not None)
        return KeptSums(
            **{name: getattr(self, name) for name in _Answered.model_fields},
            there=len(records) - gone.total(),
            gone=dict(gone),
            change=self.last_change(),
            last_news_at=max((each.last_news_at for each in records), default=None),
        )

    def last_change(self) -> Change:
        """Count what the last answer brought: its instant is theirs."""
        of_then = [(each, each.first_seen == self.asked_at) for each in self.records.values()]
        return Change(
            new=sum(1 for _, is_new in of_then if is_new),
            changed=sum(1 for each, is_new in of_then if each.changed == self.asked_at and not is_new),
            gone=sum(1 for each, _ in of_then if each.absent_since is not None and each.absent_since == self.asked_at),
        )

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


_LEFT_OUT = TypeAdapter(tuple[LeftOut, ...])


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
        write_if_changed(self._path(catalogue_id, "sums"), kept.sums().model_dump_json(indent=1).encode())

    def read_sums(self, catalogue_id: str) -> KeptSums:
        """Return what a catalogue's datasets come to, without reading each; nothing before it was first asked."""
        try:
            return KeptSums.model_validate_json(self._path(catalogue_id, "sums").read_bytes())
        except FileNotFoundError:
            return KeptSums()

    def read_listing(self, catalogue_id: str) -> KeptListing | None:
        """Return what the last publication made of a catalogue; None before the first."""
        try:
            return KeptListing.model_validate_json(self._path(catalogue_id, "listing").read_bytes())
        except FileNotFoundError:
            return None

    def read_left_out(self, catalogue_id: str) -> tuple[LeftOut, ...]:
        """Return all that the last publication left out of a catalogue."""
        try:
            return _LEFT_OUT.validate_json(self._path(catalogue_id, "left-out").read_bytes())
        except FileNotFoundError:
            return ()

    def write_listing(self, catalogue_id: str, listing: KeptListing, left_out: tuple[LeftOut, ...]) -> None:
        """Replace what the last publication made of a catalogue.

        Raises:
            OSError: the disk refused; what was known stays.
        """
        write_if_changed(self._path(catalogue_id, "left-out"), _LEFT_OUT.dump_json(left_out, indent=1))
        write_if_changed(self._path(catalogue_id, "listing"), listing.model_dump_json(indent=1).encode())

    def _path(self, catalogue_id: str, *part: str) -> Path:
        return self._root / ".".join((catalogue_id, *part, "json"))
