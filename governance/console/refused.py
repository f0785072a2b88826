"""What a harvest would refuse of a file, fault by fault, as a page lists it."""

from collections.abc import Sequence

from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.intake.model import RowError

SHOWN_FAULTS, SHOWN_SIGNS = 25, 60


class Fault(Shown):
    """One thing that a harvest would refuse; line and value are absent for the whole file."""

    line: int | None
    column: str | None
    header: str | None
    value: str | None
    message: Words
    remedy: Words


class Refused(Shown):
    """All that would be refused: of the file as a whole, then row by row."""

    of_file: tuple[Fault, ...]
    of_rows: tuple[Fault, ...]
    more: int
    """Faults of rows beyond those shown."""


def refused_of(errors: Sequence[RowError]) -> Refused:
    """Return what blocks, in the order of the report."""
    blocking = [error for error in errors if error.severity == "blocks"]
    of_rows = [error for error in blocking if error.row is not None]
    return Refused(
        of_file=tuple(_fault(error) for error in blocking if error.row is None),
        of_rows=tuple(_fault(error) for error in of_rows[:SHOWN_FAULTS]),
        more=max(0, len(of_rows) - SHOWN_FAULTS),
    )


def shortened(text: str) -> str:
    """Return a cell's text as a page shows it."""
    return text if len(text) <= SHOWN_SIGNS else text[:SHOWN_SIGNS] + "…"


def _fault(error: RowError) -> Fault:
    return Fault(
        line=error.line,
        column=error.column,
        header=error.header,
        value=None if error.value is None else shortened(error.value),
        message=Words(fr=error.message_fr, en=error.message_en),
        remedy=Words(fr=error.remedy_fr, en=error.remedy_en),
    )
