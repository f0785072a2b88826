"""The federation at a glance: who contributes, what came of it, how fresh it is."""

from collections.abc import Iterable
from datetime import datetime

from governance.api.feeds import Words
from governance.console.commune_map import CommuneMap, commune_map
from governance.console.shown import Shown
from governance.contracts.model import Classification
from governance.federation import Member, Partner
from governance.platform import Platform
from governance.shared_layer import SharedVersion, read_current
from governance.state.receipts import CheckState, Outcome, Receipt, standing_receipts


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


class DatasetLine(Shown):
    """One dataset of the shared layer."""

    id: str
    title: Words
    classification: Classification
    rows: int | None
    members: int
    updated_at: datetime | None


class Overview(Shown):
    """The first page."""

    name: str
    version: str | None
    made_at: datetime | None
    organisations: tuple[OrganisationState, ...]
    datasets: tuple[DatasetLine, ...]
    map: CommuneMap | None
    rows: int
    contributing: int
    """Organisations whose last file gave rows, of the `declared` ones that have a source."""
    declared: int
    waiting: int
    """Sources that need a hand."""


def title_of(platform: Platform, dataset: str) -> Words:
    """Return a dataset's title in both languages; its id where there is no contract."""
    contract = platform.contracts.get(dataset)
    if contract is None:
        return Words(fr=dataset, en=dataset)
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
    tables = [table for table in shared.tables.values() if _is_open(platform, table.dataset)] if shared else []
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


def _is_open(platform: Platform, dataset: str) -> bool:
    contract = platform.contracts.get(dataset)
    return contract is not None and contract.classification == "open"


def _datasets(platform: Platform, shared: SharedVersion | None) -> Iterable[DatasetLine]:
    for dataset, contract in sorted(platform.contracts.items(), key=lambda pair: pair[1].title):
        table = shared.tables.get(dataset) if shared else None
        yield DatasetLine(
            id=dataset,
            title=title_of(platform, dataset),
            classification=contract.classification,
            rows=table.rows if table and _is_open(platform, dataset) else None,
            members=sum(1 for count in table.rows_by_member.values() if count) if table else 0,
            updated_at=table.updated_at if table else None,
        )


def overview(platform: Platform) -> Overview:
    """Return the federation as it stands now."""
    shared = read_current(platform.lake)
    standing = standing_receipts(platform.engine)
    states = [organisation_state(platform, who, standing, shared) for who in platform.federation.organisations.values()]
    datasets = tuple(_datasets(platform, shared))
    return Overview(
        name=platform.federation.head.name,
        version=shared.version if shared else None,
        made_at=shared.created_at if shared else None,
        organisations=tuple(states),
        datasets=datasets,
        map=commune_map(platform, {state.id: state.open_rows for state in states}),
        rows=sum(line.rows or 0 for line in datasets),
        contributing=sum(1 for state in states if any(source.rows_accepted for source in state.sources)),
        declared=sum(1 for state in states if state.sources),
        waiting=sum(len(state.to_mend) for state in states),
    )
