"""The main job's last step but one: ask what is open, write its files, describe it, and tell a publisher."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from governance.catalogue.describe import Stored, describe_catalogue, quality_by_organisation
from governance.catalogue.distributions import DistributionWriter, catalogue_id
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue, CatalogueError, ExternalCatalogue
from governance.catalogue.openings import Answer, Openings, find_openings
from governance.catalogue.publisher import CataloguePublisher, PublicationResult
from governance.catalogue.store import DistributionStore
from governance.contracts.model import Contract
from governance.decisions.model import ENGINE_REASON_CODES
from governance.decisions.opa import PolicyDecisionPoint
from governance.federation import Federation
from governance.lake import Lake
from governance.shared_layer import SharedVersion
from governance.state.receipts import Receipt
from governance.telemetry.trace_context import step


@dataclass(frozen=True)
class Publication:
    """What was published, and every question that was asked for it."""

    catalogue: Catalogue
    result: PublicationResult
    answers: tuple[Answer, ...]


def _refuse_without_engine(openings: Openings) -> None:
    """An engine that does not answer closes nothing for good: the last decided catalogue stays, and the run fails.

    Allowed but without a row filter is such a case: a bundle came in between the two halves of the answer.
    """
    for answer in openings.answers:
        decision = answer.decision
        silent = set(decision.codes) & set(ENGINE_REASON_CODES)
        if silent or (decision.allow and decision.row_filter is None):
            words = decision.reasons[0].text_en if silent else "The policy engine gave half an answer."
            raise CatalogueError(f"{answer.request.target.dataset}: {words} The catalogue is left as it was.")


def _write_files(
    openings: Openings, lake: Lake, store: DistributionStore, instant: datetime
) -> tuple[tuple[Stored, ...], int]:
    """Write what has changed; return what is open with its files, and the bytes written.

    What closed keeps its entry, so that it comes back with its first date of issue.
    """
    known = store.read()
    stored = []
    written = 0
    with DistributionWriter(lake.shared, store, instant) as writer:
        for opening in openings.open:
            name = catalogue_id(opening)
            before = known.get(name)
            files = writer.write(opening, before)
            if files is None:
                continue
            if not before or files.distributions != before.distributions:
                written += sum(file.bytes for file in files.distributions)
            known[name] = files
            stored.append(Stored(opening, files))
    return tuple(stored), written + store.remember(known)


def publish_open_data(
    *,
    federation: Federation,
    contracts: Mapping[str, Contract],
    shared: SharedVersion,
    lake: Lake,
    pdp: PolicyDecisionPoint,
    state_dir: Path,
    public_address: str,
    receipts: Sequence[Receipt],
    instant: datetime,
    publisher: CataloguePublisher | None = None,
    external: Callable[[Catalogue], tuple[ExternalCatalogue, ...]] = lambda _: (),
) -> Publication:
    """Make the catalogue equal to what the policy opens now; with nothing changed, write nothing.

    ``receipts`` are the last one of each source that read a file, for the quality figures. The publisher is by
    default the file catalogue under ``state_dir/catalogue``. ``external`` says what others have beside
    a catalogue of ours. One process at a time.

    Raises:
        CatalogueError: the policy engine gave no answer that counts, a contract's theme is unknown, or a decision hides
            who provided a row; what readers see is left as it was.
        duckdb.Error: a shared file cannot be read; what readers see is left as it was.
    """
    root = state_dir / "catalogue"
    store = DistributionStore(root / "store")
    with step("decide"):
        openings = find_openings(pdp, federation, contracts, shared, instant)
    _refuse_without_engine(openings)
    stored, written = _write_files(openings, lake, store, instant)
    ours = describe_catalogue(federation, stored, quality_by_organisation(receipts), public_address)
    catalogue = ours.beside(external(ours))
    result = (publisher or FileCatalogue(root)).publish(catalogue, store)
    store.prune(file for dataset in catalogue.datasets for file in dataset.distributions)
    total = result.model_copy(update={"bytes_written": result.bytes_written + written})
    return Publication(catalogue, total, openings.answers)
