"""Publish: put the declared policies in force, ask what is open, and make the catalogue equal to the answer."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import duckdb

from connectors.problems import is_out_of_room
from governance.catalogue.model import Catalogue, slice_id
from governance.catalogue.publication import Publication, publish_open_data
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from governance.decisions.opa_server import wait_for_revision
from governance.decisions.record import record_decision
from governance.federation import DeclarationError
from governance.journal.journal import Journal
from governance.lineage.facts import PublicationFacts
from governance.lineage.tell import broken_told, tell_publication
from governance.pipeline.external import list_beside
from governance.pipeline.in_force import put_in_force
from governance.pipeline.locks import hold
from governance.pipeline.opened import mark_published
from governance.platform import Platform
from governance.release import release_of_now
from governance.shared_layer import read_current
from governance.state.receipts import READ, latest_receipts
from governance.telemetry.trace_context import step

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """What one publication did; dataset ids and one id a member's slice."""

    result: PublicationResult
    ckan: PublicationResult | None
    """The same for CKAN, where there is one."""
    open_datasets: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Counts for a log line or an XCom."""
        counted = _counts(self.result)
        if self.ckan is not None:
            counted |= {f"ckan_{name}": count for name, count in _counts(self.ckan).items()}
        return counted


def _counts(result: PublicationResult) -> dict[str, int]:
    return {
        "created": len(result.created),
        "updated": len(result.updated),
        "archived": len(result.archived),
        "unchanged": len(result.unchanged),
    }


class NothingShared(RuntimeError):
    """There is no shared version yet: harmonise first."""


def publish(platform: Platform) -> Published:
    """Make the catalogue equal to the decisions of now; nothing is written when nothing changed.

    Raises:
        NothingShared: before the first harmonising.
        PolicyEngineError: the engine does not answer; the catalogue stays as it was.
        CatalogueError: likewise, for one question; or CKAN refused, with the files published already.
    """
    with hold(platform.lake, "catalogue"), step("publish"), broken_told(platform, "publish") as started_at:
        shared = read_current(platform.lake)
        if shared is None:
            raise NothingShared("There is no shared version yet; run `archipel harmonise` first.")
        policies = put_in_force(platform.settings, platform.journal)
        wait_for_revision(platform.settings, policies)
        publication = publish_open_data(
            federation=platform.federation,
            contracts=platform.contracts,
            shared=shared,
            lake=platform.lake,
            pdp=platform.pdp,
            state_dir=platform.settings.state_dir,
            public_address=platform.settings.public_address,
            receipts=tuple(latest_receipts(platform.engine, READ).values()),
            instant=datetime.now(UTC),
            external=partial(list_beside, platform),
        )
        result = publication.result
        _remember(platform, publication)
        ckan = _publish_to_ckan(platform, publication.catalogue)
        mark_published(platform.settings, shared.version, policies)
        _tell(platform, publication, shared.version, started_at)
        log.info("published %s: %s", shared.version, _counts(result))
        opened = sorted({dataset.dataset for dataset in publication.catalogue.datasets})
    make_feeds_ready(platform)
    return Published(result, ckan, tuple(opened))


def _tell(platform: Platform, publication: Publication, version: str, started_at: datetime) -> None:
    """Tell of each dataset of which an entry is new, changed or closed, and of none when nothing changed."""
    result, told = publication.result, []
    entries = publication.catalogue.datasets
    for dataset in platform.contracts:
        mine = [entry.id for entry in entries if entry.dataset == dataset]
        closed = [name for name in result.archived if name == dataset or name.startswith(slice_id(dataset, ""))]
        answers = [a.decision for a in publication.answers if a.request.target.dataset == dataset]
        if answers and (closed or {*result.created, *result.updated} & set(mine)):
            facts = PublicationFacts(
                dataset=dataset,
                version=version,
                policy_version=answers[0].policy_version or "",
                engine_decisions=tuple(dict.fromkeys(d.engine_decision_id for d in answers if d.engine_decision_id)),
            )
            told.append((facts, mine, closed))
    tell_publication(platform, told, started_at)


def make_feeds_ready(platform: Platform) -> None:
    """Make partners' files ready. Not a part of the publication: what fails here is made when it is asked for."""
    from governance.api.prepared import prepare_feeds
    from governance.api.problems import ProblemError

    try:
        done = prepare_feeds(platform)
    except (ProblemError, DeclarationError, OSError, duckdb.IOException) as error:
        log.error("partners' files were not all made ready: %s", error, exc_info=not is_out_of_room(error))
    else:
        log.info("partners' files: %s ready, %s removed", done.ready, done.removed)


def _publish_to_ckan(platform: Platform, catalogue: Catalogue) -> PublicationResult | None:
    """After the files, since CKAN points at them; when it fails, the publication is not done and is tried again."""
    settings = platform.settings
    if settings.ckan_url is None:
        return None
    from governance.catalogue.ckan.account import CkanAccount
    from governance.catalogue.ckan.ckan_catalogue import CkanCatalogue

    store = DistributionStore(settings.state_dir / "catalogue" / "store")
    result = CkanCatalogue(CkanAccount.from_settings(settings)).publish(catalogue, store)
    if result.changed:
        _note(platform.journal, result, {"ckan": settings.ckan_url})
    return result


def _remember(platform: Platform, publication: Publication) -> None:
    """Write into the journal every decision that this catalogue rests on, then what became of it.

    Where nothing changed, one entry names all the answers: they only say again what the journal has.
    """
    if not publication.result.changed:
        told = [answer.decision.engine_decision_id for answer in publication.answers]
        engine_decisions = list(dict.fromkeys(name for name in told if name))
        told_again = {"unchanged": True, "engine_decisions": engine_decisions, "release": release_of_now()}
        platform.journal.append("publication", told_again)
        return
    for answer in publication.answers:
        record_decision(platform.journal, answer.request, answer.decision)
    _note(platform.journal, publication.result, {})


def _note(journal: Journal, result: PublicationResult, more: dict[str, str]) -> None:
    told = {"created": list(result.created), "updated": list(result.updated), "archived": list(result.archived)}
    journal.append("publication", {"version": result.version, "release": release_of_now(), **told, **more})
