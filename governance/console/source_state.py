"""How a source and an organisation stand, in the words that several pages share."""

from datetime import datetime

from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.federation import Member, Partner
from governance.platform import Platform
from governance.shared_layer import SharedVersion
from governance.state.receipts import CheckState, Outcome, Receipt


class SourceState(Shown):
    """One declared source and what came of its last run; counts are rows of the file."""

    source_id: str
    dataset: str
    dataset_title: Words
    run_id: str | None = None
    outcome: Outcome | None = None
    state: CheckState = "not_checked"
    """How the last file received stood after that run."""
    contract_version: str | None = None
    report_status: str | None = None
    finished_at: datetime | None = None
    rows_in: int | None = None
    rows_accepted: int | None = None
    rows_quarantined: int | None = None
    rows_duplicates: int | None = None
    message: Words | None = None
    remedy: Words | None = None

    @property
    def urgency(self) -> int:
        """What to look at first: nothing usable came (0), somebody must decide (1), rows to mend (2), fine (3)."""
        if self.outcome in ("rejected", "failed"):
            return 0
        if self.outcome == "held":
            return 1
        return 2 if self.rows_quarantined else 3


class OrganisationState(Shown):
    """One member or partner and the state of its sources."""

    id: str
    name: str
    kind: str
    siren: str
    insee_code: str | None
    population: int | None
    example: bool
    sources: tuple[SourceState, ...]
    open_rows: int
    """Rows of theirs in open datasets; how many others hold is part of what a decision grants."""
    latest_at: datetime | None

    @property
    def to_mend(self) -> tuple[SourceState, ...]:
        """Sources that need a hand, the most useful first."""
        waiting = [source for source in self.sources if source.urgency < 3]
        return tuple(sorted(waiting, key=lambda source: (source.urgency, -(source.rows_quarantined or 0))))


def title_of(platform: Platform, dataset: str) -> Words:
    """Return a dataset's title in both languages; its id where there is no contract."""
    contract = platform.contracts.get(dataset)
    if contract is None:
        return Words.same(dataset)
    return Words(fr=contract.title, en=contract.title_en or contract.title)


def source_state(platform: Platform, source_id: str, dataset: str, receipt: Receipt | None) -> SourceState:
    """Return a source with its last receipt, if there is one."""
    title = title_of(platform, dataset)
    if receipt is None:
        return SourceState(source_id=source_id, dataset=dataset, dataset_title=title)
    return SourceState(
        source_id=source_id,
        dataset=dataset,
        dataset_title=title,
        message=Words(fr=receipt.message_fr, en=receipt.message_en),
        remedy=Words(fr=receipt.remedy_fr, en=receipt.remedy_en),
        **receipt.model_dump(
            include={
                "run_id", "outcome", "state", "contract_version", "report_status", "finished_at",
                "rows_in", "rows_accepted", "rows_quarantined", "rows_duplicates",
            }
        ),
    )  # fmt: skip


def organisation_state(
    platform: Platform,
    organisation: Member | Partner,
    standing: dict[tuple[str, str], Receipt],
    shared: SharedVersion | None,
) -> OrganisationState:
    """Return one member or partner as it stands."""
    sources = tuple(
        source_state(platform, source.id, source.dataset, standing.get((organisation.id, source.id)))
        for source in organisation.sources
    )
    tables = [table for table in shared.tables.values() if is_open(platform, table.dataset)] if shared else []
    return OrganisationState(
        id=organisation.id,
        name=organisation.name,
        kind=organisation.kind,
        siren=organisation.siren,
        insee_code=organisation.insee_code if isinstance(organisation, Member) else None,
        population=organisation.population if isinstance(organisation, Member) else None,
        example=organisation.example,
        sources=sources,
        open_rows=sum(table.rows_by_member.get(organisation.id, 0) for table in tables),
        latest_at=max((state.finished_at for state in sources if state.finished_at), default=None),
    )


def is_open(platform: Platform, dataset: str) -> bool:
    """Whether everybody may read a dataset by its classification."""
    contract = platform.contracts.get(dataset)
    return contract is not None and contract.classification == "open"
