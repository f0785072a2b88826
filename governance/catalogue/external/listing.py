"""Which datasets of others stand beside ours: of the territory, not ours come back, each once. Pure.

Worked out anew at each publication from all that is known, not when a portal is asked: what is ours, and who has the
same, changes with our own catalogue too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from governance.catalogue.already_there import AlreadyThere, Compared, counted
from governance.catalogue.external.described import describe
from governance.catalogue.external.kept import SHOWN, KeptCatalogue, KeptListing, LeftOut
from governance.catalogue.model import Catalogue, ExternalCatalogue, ExternalDataset
from governance.external_catalogues import DeclaredCatalogue, concerns
from governance.federation import Federation


@dataclass(frozen=True)
class Listing:
    """What is listed, and of each dataset that was looked at whether it is new, ours or already there, and why."""

    catalogues: tuple[ExternalCatalogue, ...]
    compared: tuple[Compared, ...]
    kept: Mapping[str, tuple[KeptListing, tuple[LeftOut, ...]]]
    """By catalogue, what there is to remember of it, and each dataset that was left out of it."""


def list_external(
    federation: Federation,
    catalogue: Catalogue,
    known: Mapping[str, KeptCatalogue],
    now: datetime,
    grace: timedelta,
) -> Listing:
    """Return what stands beside our catalogue; catalogues in the order of their ids, and who is first has a thing."""
    already = AlreadyThere(federation, None, catalogue.public_address)
    for dataset in catalogue.datasets:
        for file in dataset.distributions:
            already.know_files(dataset.id, (file.sha256, file.sha1))
    compared: list[Compared] = []
    found = []
    listings = {}
    titles = {
        str(each.record.get("uri")): str(each.record.get("title") or "")
        for kept in known.values()
        for each in kept.records.values()
    }
    for declared in federation.external.values():
        kept = known.get(declared.id, KeptCatalogue())
        entries = _entries(federation, declared, kept, now, grace)
        verdicts = [(entry, already.compare(declared.id, record)) for record, entry in entries if entry is not None]
        datasets = [entry for entry, verdict in verdicts if verdict.kind == "new"]
        compared += [verdict for _, verdict in verdicts]
        left_out = tuple(
            LeftOut(**dict(verdict), like_title=titles.get(verdict.like, ""))
            for _, verdict in verdicts
            if verdict.kind != "new"
        )
        listing = KeptListing(
            asked_at=kept.asked_at,
            listed=len(datasets),
            undescribed=len(entries) - len(verdicts),
            left_out_by=counted(left_out),
            first_left_out=left_out[:SHOWN],
        )
        listings[declared.id] = listing, left_out
        if datasets:
            by_id = tuple(sorted(datasets, key=lambda entry: entry.id))
            told = {"id": declared.id, "name": declared.name, "homepage": declared.homepage}
            found.append(ExternalCatalogue(**told, datasets=by_id))
    return Listing(tuple(found), tuple(compared), listings)


def _entries(
    federation: Federation, declared: DeclaredCatalogue, kept: KeptCatalogue, now: datetime, grace: timedelta
) -> list[tuple[Mapping[str, Any], ExternalDataset | None]]:
    """Return the records of the territory that are there, each with its entry; None where it can have none."""
    records = [each for each in kept.records.values() if each.is_listed(now, grace)]
    ours = [each for each in records if concerns_us(federation, declared, each.record)]
    return [(each.record, describe(declared.id, each.record, each.first_seen, each.changed)) for each in ours]


def concerns_us(federation: Federation, declared: DeclaredCatalogue, record: Mapping[str, object]) -> bool:
    """Say whether a record is of the territory, as its catalogue's declaration understands it."""
    members, head = federation.members.values(), federation.head
    names = [head.name, head.short_name, *(member.name for member in members)]
    codes = [head.siren, *(code for member in members for code in (member.insee_code, member.siren) if code)]
    return concerns(declared.keep, record, names, codes)
