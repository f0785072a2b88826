"""One table of what the main job did: a line a source, and what readers see of it."""

from dataclasses import dataclass
from datetime import datetime

from governance.platform import Platform
from governance.shared_layer import SharedVersion, read_current
from governance.state.receipts import READ, Receipt, latest_receipts
from governance.state.standing import Standing, standings


@dataclass(frozen=True)
class SummaryLine:
    """One source: the newest receipt, the counts of the last file that was read, and the rows now shared."""

    member_id: str
    source_id: str
    dataset: str
    outcome: str
    state: str
    """How its last file stands: not_checked, checking, valid, invalid or held."""
    contract_version: str | None
    checked_at: datetime | None
    rows_in: int | None
    rows_accepted: int | None
    rows_quarantined: int | None
    rows_duplicates: int | None
    shared_rows: int
    published: str
    message_fr: str
    message_en: str


def summarise(platform: Platform, opened: tuple[str, ...]) -> list[SummaryLine]:
    """Return a line for each declared source, in the order of the declarations."""
    newest = latest_receipts(platform.engine)
    read = latest_receipts(platform.engine, READ)
    shared, stands = read_current(platform.lake), standings(platform.engine)
    lines = []
    for organisation, source in platform.federation.sources():
        key = (organisation.id, source.id)
        if key in newest:
            lines.append(_line(newest[key], read.get(key), stands.get(key, Standing()), shared, opened))
    return lines


def _line(
    newest: Receipt, read: Receipt | None, stands: Standing, shared: SharedVersion | None, opened: tuple[str, ...]
) -> SummaryLine:
    counted = read or newest
    table = shared.tables.get(newest.dataset) if shared else None
    rows = table.rows_by_member.get(newest.member_id, 0) if table else 0
    return SummaryLine(
        member_id=newest.member_id,
        source_id=newest.source_id,
        dataset=newest.dataset,
        outcome=newest.outcome,
        state=stands.state,
        contract_version=stands.contract_version,
        checked_at=stands.at,
        rows_in=counted.rows_in,
        rows_accepted=counted.rows_accepted,
        rows_quarantined=counted.rows_quarantined,
        rows_duplicates=counted.rows_duplicates,
        shared_rows=rows,
        published=_published(rows, newest.dataset in opened),
        message_fr=newest.message_fr,
        message_en=newest.message_en,
    )


def _published(rows: int, is_open: bool) -> str:
    if rows == 0:
        return "none"
    return "catalogue" if is_open else "feed"
