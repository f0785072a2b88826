"""A member's page: its sources, their receipts, and what to mend first."""

from datetime import datetime

from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.row_report import mends_of
from governance.console.shown import Shown
from governance.console.source_state import OrganisationState, SourceState, organisation_state, source_state
from governance.console.subscribers import Subscriber, subscribers_of
from governance.console.trend import Trend, draw_trend
from governance.deliverables.mends import Mend
from governance.identity.people import Person
from governance.intake.messages import MESSAGES
from governance.pipeline.hand_in import takes_files
from governance.pipeline.overlaps import count_overlaps
from governance.platform import Platform
from governance.shared_layer import read_current
from governance.state.cursors import AcceptedRows, find_accepted
from governance.state.receipts import latest_receipts, list_receipts, standing_receipts
from governance.state.standing import Standing, standings


class SourcePage(Shown):
    """One source: where it is read from, when, and its receipts, newest first."""

    state: SourceState
    connector: str
    takes_files: bool
    """Whether people hand its files in."""
    schedule: str
    standing: Standing
    """How its last file stands, by which version of the contract and since when; absent, archived."""
    checked_at: datetime | None
    """When it was last asked, whatever came of it."""
    history: tuple[SourceState, ...]
    trend: Trend | None
    served_run: str | None
    """The run whose rows count."""
    given_twice: tuple[tuple[Words, int], ...]
    """Rows that another source or another organisation gives as well, by what they are."""
    first_mends: tuple[Mend, ...]
    """The three most useful mends of the file that stands, whatever came of it."""


class MemberPage(Shown):
    """One member or partner."""

    organisation: OrganisationState
    homepage: str | None
    to_mend: tuple[SourceState, ...]
    sources: tuple[SourcePage, ...]
    subscribers: tuple[Subscriber, ...]


def member_page(gate: Gate, member_id: str, person: Person | None = None) -> MemberPage:
    """Return a member's or partner's page, as `person` may see it.

    Raises:
        ProblemError: 404, no such member or partner.
    """
    platform = gate.platform
    organisation = platform.federation.organisations.get(member_id)
    if organisation is None:
        raise ProblemError(404, reason("page_not_found"))
    standing = standing_receipts(platform.engine)
    state = organisation_state(platform, organisation, standing, read_current(platform.lake))
    by_id = {source.source_id: source for source in state.sources}
    newest, stands = latest_receipts(platform.engine), standings(platform.engine)
    served = find_accepted(platform.engine, [(member_id, source.id) for source in organisation.sources])
    pages = []
    for source in organisation.sources:
        key = (member_id, source.id)
        receipts = list_receipts(platform.engine, member_id, source.id, limit=10, with_unchanged=False)
        history = tuple(source_state(platform, source.id, source.dataset, receipt) for receipt in receipts)
        pages.append(
            SourcePage(
                standing=stands.get(key, Standing()),
                state=by_id[source.id],
                connector=source.connector,
                takes_files=takes_files(source.connector),
                schedule=source.schedule or organisation.schedule,
                checked_at=newest[key].finished_at if key in newest else None,
                first_mends=mends_of(gate, standing[key], person)
                if key in standing and by_id[source.id].urgency < 3
                else (),
                served_run=served[key].run_id if key in served else None,
                given_twice=_given_twice(platform, source.dataset, served.get(key)),
                history=history,
                trend=draw_trend(history),
            )
        )
    return MemberPage(
        organisation=state,
        homepage=organisation.homepage,
        to_mend=state.to_mend,
        sources=tuple(pages),
        subscribers=subscribers_of(platform, organisation),
    )


def _given_twice(platform: Platform, dataset: str, served: AcceptedRows | None) -> tuple[tuple[Words, int], ...]:
    contract = platform.contracts.get(dataset)
    if served is None or contract is None:
        return ()
    counted = count_overlaps(platform.lake, contract, served.run_id)
    return tuple((Words(fr=MESSAGES[rule].title_fr, en=MESSAGES[rule].title_en), n) for rule, n in counted.items())
