"""Who provides which dataset and how well, at a glance: a row for each organisation, a column for each dataset."""

from collections.abc import Sequence
from datetime import datetime

from governance.api.feeds import Words
from governance.console.languages import by_letters
from governance.console.shown import Shown
from governance.console.source_state import OrganisationState, SourceState

BAR = 40
"""Width of a cell's bar, in units of the drawing."""


class Cell(Shown):
    """How an organisation's rows of a dataset stand; of several sources, the one that needs a hand most."""

    run_id: str | None
    urgency: int
    """As of a source: nothing usable (0), to decide (1), rows to mend (2), fine (3); 4 where none was ever received."""
    accepted: int
    quarantined: int
    taken: int
    """Width of the part of the bar that is taken, out of ``BAR``; never the whole where a row is to be mended."""
    finished_at: datetime | None


class CoverageRow(Shown):
    """One organisation; no cell where it declares no source."""

    id: str
    name: str
    cells: tuple[Cell | None, ...]


class Coverage(Shown):
    """The grid."""

    bar: int = BAR
    datasets: tuple[tuple[str, Words], ...]
    rows: tuple[CoverageRow, ...]


def coverage_of(organisations: Sequence[OrganisationState]) -> Coverage:
    """Return the grid of those that provide something; datasets in the order of how many provide them."""
    titles: dict[str, Words] = {}
    providers: dict[str, int] = {}
    for who in organisations:
        titles |= {source.dataset: source.dataset_title for source in who.sources}
        for dataset in {source.dataset for source in who.sources}:
            providers[dataset] = providers.get(dataset, 0) + 1
    ordered = sorted(titles, key=lambda dataset: (-providers[dataset], by_letters(titles[dataset].fr)))
    rows = tuple(
        CoverageRow(
            id=who.id,
            name=who.name,
            cells=tuple(_cell([one for one in who.sources if one.dataset == dataset]) for dataset in ordered),
        )
        for who in organisations
        if who.sources
    )
    return Coverage(datasets=tuple((dataset, titles[dataset]) for dataset in ordered), rows=rows)


def _cell(sources: Sequence[SourceState]) -> Cell | None:
    if not sources:
        return None
    worst = min(sources, key=_urgency)
    accepted = sum(source.rows_accepted or 0 for source in sources)
    quarantined = sum(source.rows_quarantined or 0 for source in sources)
    whole = accepted + quarantined
    taken = BAR * accepted // whole if whole else 0
    return Cell(
        run_id=worst.run_id,
        urgency=_urgency(worst),
        accepted=accepted,
        quarantined=quarantined,
        taken=min(taken, BAR - 3) if quarantined else taken,
        finished_at=worst.finished_at,
    )


def _urgency(source: SourceState) -> int:
    return 4 if source.outcome is None else source.urgency
