"""How a source's files went, run by run, drawn on the server: taken and to mend; the table below says the same."""

from collections.abc import Sequence

from governance.console.shown import Shown
from governance.console.source_state import SourceState

_HEIGHT, _BAR, _GAP = 60.0, 26.0, 8.0
_LEAST = 3.0
"""Height of a part that is there, so that one row of a thousand is seen."""


class TrendBar(Shown):
    """One run: its accepted rows from the ground up, those to mend above; neither where nothing could be read."""

    run_id: str | None
    x: float
    taken: float
    to_mend: float
    is_unread: bool


class Trend(Shown):
    """The drawing, in its units; y grows downwards. The oldest run is at the left."""

    width: float
    height: float
    bar: float
    bars: tuple[TrendBar, ...]


def draw_trend(history: Sequence[SourceState]) -> Trend | None:
    """Return the drawing of receipts, newest first as lists have them; None of fewer than two, which is no trend."""
    if len(history) < 2:
        return None
    runs = list(reversed(history))
    most = max((run.rows_accepted or 0) + (run.rows_quarantined or 0) for run in runs) or 1
    bars = tuple(
        TrendBar(
            run_id=run.run_id,
            x=index * (_BAR + _GAP),
            taken=_height(run.rows_accepted, most),
            to_mend=_height(run.rows_quarantined, most),
            is_unread=run.rows_in is None,
        )
        for index, run in enumerate(runs)
    )
    return Trend(width=len(bars) * (_BAR + _GAP) - _GAP, height=_HEIGHT + 2 * _LEAST, bar=_BAR, bars=bars)


def _height(rows: int | None, most: int) -> float:
    return round(max(_HEIGHT * rows / most, _LEAST), 1) if rows else 0.0
