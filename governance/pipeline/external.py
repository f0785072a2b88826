"""Ask the catalogues of others what they have, and say what of it stands beside ours.

A portal that does not answer stops nothing: what is known of it stays, and why it was silent is kept with it.
"""

import json
import logging
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from connectors.base import FetchRequest
from connectors.problems import ConnectorProblem, is_out_of_room
from connectors.registry import find_connector
from governance.catalogue.external.kept import KeptCatalogue, KeptCatalogues
from governance.catalogue.external.listing import Listing, concerns_us, list_external
from governance.catalogue.model import Catalogue, ExternalCatalogue
from governance.external_catalogues import DeclaredCatalogue
from governance.journal.journal import Journal
from governance.pipeline.words import our_fault
from governance.platform import Platform
from governance.source_secrets import resolve_secret
from governance.telemetry.trace_context import step

log = logging.getLogger(__name__)

LONGEST_SECONDS = 300.0
"""Longest time for all pages of one catalogue, however slowly they come: a source's is longer, a file being longer."""


class NothingThere(ConnectorProblem):
    """A catalogue that listed datasets lists none at all: an outage of its index, not the end of its data."""

    code = "nothing_there"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Le catalogue « {name} » répond sans aucun jeu de données.",
            f"The catalogue {name!r} answers without any dataset.",
            "Ce qui était connu reste en place. S'il est vraiment fermé, retirez sa déclaration.",
            "What was known stays in place. If it has really closed, remove its declaration.",
        )


@dataclass(frozen=True)
class AskedCatalogue:
    """What came of asking one catalogue; ``datasets`` of the territory are there, or were the last time it answered."""

    id: str
    name: str
    datasets: int
    problem_fr: str
    problem_en: str
    remedy_fr: str
    remedy_en: str


def ask_external(
    platform: Platform,
    now: datetime | None = None,
    *,
    only: str | None = None,
    is_due: bool = True,
    who: str | None = None,
) -> list[AskedCatalogue]:
    """Ask each declared catalogue of others, or the one of that id; with ``is_due`` only where the answer is too old.

    ``who``, where a person asks, is in the journal before each is asked.

    Raises:
        OSError: the disk refused what came.
        SQLAlchemyError: the journal could not be written; that catalogue was not asked.
    """
    now = now or datetime.now(UTC)
    kept = kept_catalogues(platform)
    asked = []
    for declared in platform.federation.external.values():
        known = kept.read(declared.id)
        if only not in (None, declared.id) or is_due and not _is_due(declared, known, now):
            continue
        if who is not None:
            journal_asked(platform.journal, declared.id, who)
        after = _ask(platform, declared, known, now)
        kept.write(declared.id, after)
        there = sum(1 for each in after.records.values() if each.absent_since is None)
        told = after.problem_fr, after.problem_en, after.remedy_fr, after.remedy_en
        asked.append(AskedCatalogue(declared.id, declared.name, there, *told))
    return asked


def journal_asked(journal: Journal, catalogue_id: str, who: str) -> None:
    """Write into the journal that a person asks a catalogue of others, by whichever way.

    Raises:
        SQLAlchemyError: it could not be written; nothing may be asked then.
    """
    journal.append("source_change", {"action": "external_asked", "external": catalogue_id}, subject=who)


def listing_of(platform: Platform, catalogue: Catalogue, now: datetime | None = None) -> Listing:
    """Say what of all that is known stands beside a catalogue of ours, without asking anybody."""
    kept = kept_catalogues(platform)
    known = {name: kept.read(name) for name in platform.federation.external}
    grace = timedelta(days=platform.settings.absence_grace_days)
    return list_external(platform.federation, catalogue, known, now or datetime.now(UTC), grace)


def list_beside(platform: Platform, catalogue: Catalogue) -> tuple[ExternalCatalogue, ...]:
    """Return what is published beside a catalogue of ours, and keep what was left out of it and why.

    Raises:
        OSError: the disk refused.
    """
    listing, kept = listing_of(platform, catalogue), kept_catalogues(platform)
    for name, told in listing.kept.items():
        kept.write_listing(name, *told)
    return listing.catalogues


def kept_catalogues(platform: Platform) -> KeptCatalogues:
    """Return where what is known of the catalogues of others lies."""
    return KeptCatalogues(platform.settings.state_dir / "catalogue" / "external")


def _print_of(declared: DeclaredCatalogue) -> str:
    return sha256(declared.model_dump_json(exclude={"every_hours", "secret"}).encode()).hexdigest()


def _is_due(declared: DeclaredCatalogue, known: KeptCatalogue, now: datetime) -> bool:
    is_another = known.asked_for != _print_of(declared)
    return is_another or known.asked_at is None or now - known.asked_at >= timedelta(hours=declared.every_hours)


def _ask(platform: Platform, declared: DeclaredCatalogue, known: KeptCatalogue, now: datetime) -> KeptCatalogue:
    try:
        with step("fetch", {"archipel.external": declared.id, "archipel.connector": declared.connector}):
            records = _records(platform, declared)
    except Exception as error:  # kept this wide because a defect in reading one must not hold up our own publication
        problem = error if isinstance(error, ConnectorProblem) else our_fault(error)
        log.error("%s: %s", declared.id, error, exc_info=not isinstance(error, ConnectorProblem))
        if is_out_of_room(error):
            raise
        told = {"tried_at": now, "problem_fr": problem.message_fr, "problem_en": problem.message_en}
        told |= {"remedy_fr": problem.remedy_fr, "remedy_en": problem.remedy_en}
        return known.model_copy(update=told)
    ours = [record for record in records if concerns_us(platform.federation, declared, record)]
    return known.model_copy(update={"asked_for": _print_of(declared)}).told(ours, now, len(records))


def _records(platform: Platform, declared: DeclaredCatalogue) -> list[dict[str, Any]]:
    secret = resolve_secret(platform.settings, declared.secret) if declared.secret else None
    limits = platform.limits.model_copy(update={"total_seconds": LONGEST_SECONDS})
    with tempfile.TemporaryDirectory() as folder:
        request = FetchRequest(options=declared.options, into=Path(folder), limits=limits, secret=secret)
        fetched = find_connector(declared.connector).fetch(request)
        text = fetched.path.read_text(encoding="utf-8") if fetched.path else ""
    records = [json.loads(line) for line in text.split("\n") if line]
    if not records:
        raise NothingThere(declared.name)
    return records
