"""The table at the end of the main job."""

from collections.abc import Sequence

from rich.table import Table

from governance.commands.screen import open_screen
from governance.pipeline.summary import SummaryLine

_OUTCOMES = {
    "accepted": "[green]reprise[/]",
    "unchanged": "[dim]inchangée[/]",
    "held": "[yellow]en attente[/]",
    "rejected": "[red]inutilisable[/]",
    "failed": "[red]ne répond pas[/]",
}
_PUBLISHED = {"catalogue": "catalogue et flux", "feed": "flux sous convention", "none": "rien"}


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", "\u202f")


def print_summary(lines: Sequence[SummaryLine]) -> None:
    """Print a line a source: member, source, counts, what readers see."""
    table = Table(title="Tâche principale", title_justify="left")
    for heading in ("membre", "source"):
        table.add_column(heading, no_wrap=True)
    for heading in ("lignes", "acceptées", "quarantaine", "doublons"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("ce passage", no_wrap=True)
    table.add_column("publié", no_wrap=True)
    for line in lines:
        counts = (line.rows_in, line.rows_accepted, line.rows_quarantined, line.rows_duplicates)
        published = _PUBLISHED[line.published]
        shared = f"{_count(line.shared_rows)} lignes, {published}" if line.shared_rows else published
        outcome = _OUTCOMES[line.outcome]
        table.add_row(line.member_id, line.source_id, *(_count(count) for count in counts), outcome, shared)
    open_screen(at_least=140).print(table)
