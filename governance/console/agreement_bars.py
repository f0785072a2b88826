"""When agreements hold, drawn on the server: a bar each over the years, and today; the table says the same."""

from collections.abc import Sequence
from datetime import date

from governance.console.shown import Shown

_WIDTH, _ROW, _TOP, _LABELS = 1100.0, 30.0, 34.0, 400.0
_LEAST_WIDTH = 3.0
"""Of a bar, so that an agreement of a few days is seen."""
_MOST_SIGNS = 54
"""That fit in the place for names."""


class Bar(Shown):
    """One agreement on the drawing."""

    id: str
    label: str
    x: float
    y: float
    width: float
    standing: str


class YearMark(Shown):
    """The first day of a year."""

    year: int
    x: float


class Bars(Shown):
    """The drawing, in its units; y grows downwards."""

    width: float
    height: float
    row: float
    left: float
    today: float
    bars: tuple[Bar, ...]
    years: tuple[YearMark, ...]


def draw_bars(spans: Sequence[tuple[str, str, date, date, str]], today: date) -> Bars | None:
    """Return the drawing of (id, title, first day, last day, standing), in that order; None where there is none.

    The scale spans whole years, from the first that an agreement begins in to the last that one ends in.
    """
    if not spans:
        return None
    first = date(min(today, *(begin for _, _, begin, _, _ in spans)).year, 1, 1)
    last = date(max(today, *(end for _, _, _, end, _ in spans)).year, 12, 31)
    scale = (_WIDTH - _LABELS) / max((last - first).days, 1)

    def place(day: date) -> float:
        return round(_LABELS + (day - first).days * scale, 1)

    bars = tuple(
        Bar(
            id=name,
            label=title if len(title) <= _MOST_SIGNS else title[: _MOST_SIGNS - 1] + "…",
            x=place(begin),
            y=_TOP + index * _ROW,
            width=round(max(place(end) - place(begin), _LEAST_WIDTH), 1),
            standing=standing,
        )
        for index, (name, title, begin, end, standing) in enumerate(spans)
    )
    return Bars(
        width=_WIDTH,
        height=_TOP + len(spans) * _ROW + 4,
        row=_ROW,
        left=_LABELS,
        today=place(today),
        bars=bars,
        years=tuple(YearMark(year=year, x=place(date(year, 1, 1))) for year in range(first.year, last.year + 1)),
    )
