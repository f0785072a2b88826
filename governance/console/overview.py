"""The federation at a glance: who contributes, what came of it, how fresh it is."""

from collections.abc import Iterable
from datetime import datetime

from governance.api.feeds import Words
from governance.console.commune_map import CommuneMap, commune_map
from governance.console.coverage import Coverage, coverage_of
from governance.console.languages import by_letters
from governance.console.shown import Shown
from governance.console.source_state import OrganisationState, is_open, organisation_state, title_of
from governance.contracts.model import Classification
from governance.platform import Platform
from governance.shared_layer import SharedVersion, read_current
from governance.state.receipts import standing_receipts


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
    coverage: Coverage
    rows: int
    contributing: int
    """Organisations whose last file gave rows, of the `declared` ones that have a source."""
    declared: int
    waiting: int
    """Sources that need a hand."""


def _datasets(platform: Platform, shared: SharedVersion | None) -> Iterable[DatasetLine]:
    for dataset, contract in sorted(platform.contracts.items(), key=lambda pair: by_letters(pair[1].title)):
        table = shared.tables.get(dataset) if shared else None
        yield DatasetLine(
            id=dataset,
            title=title_of(platform, dataset),
            classification=contract.classification,
            rows=table.rows if table and is_open(platform, dataset) else None,
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
        coverage=coverage_of(states),
        map=commune_map(platform, {state.id: state.open_rows for state in states}),
        rows=sum(line.rows or 0 for line in datasets),
        contributing=sum(1 for state in states if any(source.rows_accepted for source in state.sources)),
        declared=sum(1 for state in states if state.sources),
        waiting=sum(len(state.to_mend) for state in states),
    )
