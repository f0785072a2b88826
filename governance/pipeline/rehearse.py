"""A rehearsal: ask a member's sources and check their rows as the harvest would, and keep nothing.

Needs the declarations alone: no database, no lake, no policy engine. What it says of a file is what a first
harvest would say of it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from connectors.base import FetchRequest, Limits
from connectors.problems import ConnectorProblem
from connectors.registry import find_connector
from governance.contracts.earlier import NONE, Earlier, followed
from governance.contracts.model import Contract
from governance.contracts.order import Order
from governance.federation import Member, Partner, Source
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile, Report
from governance.pipeline.words import in_force
from governance.settings import Settings
from governance.source_secrets import resolve_secret


@dataclass(frozen=True)
class Rehearsed:
    """What would come of one source: a report, or the problem that left nothing to report on."""

    source_id: str
    dataset: str
    report: Report | None
    problem: ConnectorProblem | None

    @property
    def is_usable(self) -> bool:
        """Whether a harvest would take at least one row."""
        return self.report is not None and self.report.rows.accepted > 0


def rehearse(
    organisation: Member | Partner,
    contracts: dict[str, Contract],
    settings: Settings,
    limits: Limits,
    source_id: str | None = None,
    earlier: Earlier = NONE,
) -> Iterator[Rehearsed]:
    """Yield what would come of each source, or of the one named, as soon as it is known."""
    order, accepted = Order(contracts), dict[str, pl.DataFrame]()
    for source in sorted(organisation.sources, key=lambda source: order.rank(source.dataset)):
        if source_id in (None, source.id):
            with tempfile.TemporaryDirectory(prefix="archipel-rehearsal-") as folder:
                contract = followed(source.dataset, source.contract_major, contracts, earlier)
                referred = order.referred_to(contract) if contract is not None else ()
                there = {dataset: accepted[dataset] for dataset in referred if dataset in accepted}
                rehearsed, rows = _rehearse_one(source, contract, settings, limits, Path(folder), there)
                if rows.height:
                    known = [accepted[source.dataset]] if source.dataset in accepted else []
                    accepted[source.dataset] = pl.concat([*known, rows])
                yield rehearsed


def _rehearse_one(
    source: Source,
    contract: Contract | None,
    settings: Settings,
    limits: Limits,
    folder: Path,
    references: Mapping[str, pl.DataFrame],
) -> tuple[Rehearsed, pl.DataFrame]:
    """What would come of one source, and the rows that a harvest would accept."""
    try:
        contract = in_force(contract, source, datetime.now(UTC).date())
        secret = resolve_secret(settings, source.secret) if source.secret else None
        request = FetchRequest(options=source.options, into=folder, limits=limits, secret=secret)
        fetched = find_connector(source.connector).fetch(request)
    except ConnectorProblem as problem:
        return Rehearsed(source.id, source.dataset, None, problem), pl.DataFrame()
    # Without validators in the request a connector always brings bytes.
    file = ReceivedFile.of(
        source, key=source.id, path=fetched.path or folder, filename=fetched.filename, sha256=fetched.sha256 or ""
    )
    (examined,) = examine([file], contract, references)
    # Frozen here because the errors are rendered when read, and the file is gone afterwards.
    report = examined.report.model_copy(update={"errors": tuple(examined.report.errors)})
    return Rehearsed(source.id, source.dataset, report, None), examined.accepted
