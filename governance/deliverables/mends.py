"""What to mend first: the few faults that keep most rows out, those first that would let rows in by themselves."""

from collections import defaultdict
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from governance.deliverables.sight import Sight
from governance.intake.messages import MESSAGES
from governance.intake.model import RowError
from governance.lake import Lake
from governance.pipeline.run_reports import read_run_report
from governance.state.receipts import Receipt

FIRST = 3


class Mend(BaseModel):
    """One rule in one column, the lines that it keeps out, and a remedy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    title_fr: str
    title_en: str
    column: str | None
    lines: int
    """Lines that it keeps out; 0 for a fault of the whole file, which keeps all of them out."""
    frees: int
    """Lines that nothing else keeps out: they are taken once this is mended."""
    first_line: int | None
    remedy_fr: str
    remedy_en: str


def first_mends(errors: Iterable[RowError], most: int = FIRST) -> tuple[Mend, ...]:
    """Return the most useful mends of a report, faults of the whole file first, then by lines let in.

    ``errors`` are as they may be shown; only what blocks counts.
    """
    of_groups: dict[tuple[str, str | None], dict[int | None, RowError]] = defaultdict(dict)
    of_lines: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
    for error in errors:
        if error.severity == "blocks":
            of_groups[error.rule, error.column].setdefault(error.line, error)
            if error.line is not None:
                of_lines[error.line].add((error.rule, error.column))
    mends = [_mend(group, found, of_lines) for group, found in of_groups.items()]
    return tuple(sorted(mends, key=lambda mend: (mend.lines > 0, -mend.frees, -mend.lines, mend.rule))[:most])


def mends_of_run(lake: Lake, receipt: Receipt, sight: Sight) -> tuple[Mend, ...]:
    """Return what to mend first in the file of a run, in words that may be shown; nothing where none was read."""
    kept = read_run_report(lake, receipt)
    return first_mends(sight.seen(error) for error in kept.report.errors) if kept is not None else ()


def _mend(
    group: tuple[str, str | None],
    found: dict[int | None, RowError],
    of_lines: dict[int, set[tuple[str, str | None]]],
) -> Mend:
    lines = [line for line in found if line is not None]
    first = next(iter(found.values()))
    said = MESSAGES[first.rule]
    return Mend(
        rule=first.rule,
        title_fr=said.title_fr or first.rule,
        title_en=said.title_en or first.rule,
        column=first.column,
        lines=len(lines),
        frees=sum(1 for line in lines if of_lines[line] == {group}),
        first_line=min(lines, default=None),
        remedy_fr=first.remedy_fr,
        remedy_en=first.remedy_en,
    )
