"""Which datasets of others stand beside ours: of the territory, not ours come back, each once. Pure.

Worked out anew at each publication from all that is known, not when a portal is asked: what is ours, and who has the
same, changes with our own catalogue too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.catalogue.already_there import AlreadyThere, Compared
from governance.catalogue.external.described import describe
from governance.catalogue.external.kept import KeptCatalogue
from governance.catalogue.model import Catalogue, ExternalCatalogue, ExternalDataset
from governance.external_catalogues import DeclaredCatalogue, concerns
from governance.federation import Federation


@dataclass(frozen=True)
class Listing:
    """What is listed, and of each dataset that was looked at whether it is new, ours or already there, and why."""

    catalogues: tuple[ExternalCatalogue, ...]
    compared: tuple[Compared, ...]


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
    for declared in federation.external.values():
        kept = known.get(declared.id)
        datasets = _of(federation, declared, kept, already, compared, now, grace) if kept else []
        if datasets:
            found.append(
                ExternalCatalogue(
                    id=declared.id, name=declared.name, homepage=declared.homepage, datasets=tuple(datasets)
                )
            )
    return Listing(tuple(found), tuple(compared))


def _of(
    federation: Federation,
    declared: DeclaredCatalogue,
    kept: KeptCatalogue,
    already: AlreadyThere,
    compared: list[Compared],
    now: datetime,
    grace: timedelta,
) -> list[ExternalDataset]:
    datasets = []
    for each in kept.records.values():
        if not each.is_listed(now, grace) or not concerns_us(federation, declared, each.record):
            continue
        entry = describe(declared.id, each.record, each.first_seen, each.changed)
        if entry is None:
            continue
        verdict = already.compare(declared.id, each.record)
        compared.append(verdict)
        if verdict.kind == "new":
            datasets.append(entry)
    return sorted(datasets, key=lambda entry: entry.id)


def concerns_us(federation: Federation, declared: DeclaredCatalogue, record: Mapping[str, object]) -> bool:
    """Say whether a record is of the territory, as its catalogue's declaration understands it."""
    members, head = federation.members.values(), federation.head
    names = [head.name, head.short_name, *(member.name for member in members)]
    codes = [head.siren, *(code for member in members for code in (member.insee_code, member.siren) if code)]
    return concerns(declared.keep, record, names, codes)
