"""A member's page: its sources, their receipts, and what to mend first."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.overview import OrganisationState, SourceState, organisation_state, source_state
from governance.platform import Platform
from governance.shared_layer import read_current
from governance.state.receipts import latest_receipts, list_receipts, standing_receipts


class SourcePage(BaseModel):
    """One source: where it is read from, when, and its receipts, newest first."""

    model_config = ConfigDict(frozen=True)

    state: SourceState
    connector: str
    schedule: str
    checked_at: datetime | None
    """When it was last asked, whatever came of it."""
    history: tuple[SourceState, ...]


class MemberPage(BaseModel):
    """One member or partner."""

    model_config = ConfigDict(frozen=True)

    organisation: OrganisationState
    homepage: str | None
    to_mend: tuple[SourceState, ...]
    sources: tuple[SourcePage, ...]


def member_page(platform: Platform, member_id: str) -> MemberPage:
    """Return a member's or partner's page.

    Raises:
        ProblemError: 404, no such member or partner.
    """
    organisation = platform.federation.organisations.get(member_id)
    if organisation is None:
        raise ProblemError(404, reason("page_not_found"))
    standing = standing_receipts(platform.engine)
    state = organisation_state(platform, organisation, standing, read_current(platform.lake))
    by_id = {source.source_id: source for source in state.sources}
    newest = latest_receipts(platform.engine)
    pages = []
    for source in organisation.sources:
        receipts = list_receipts(platform.engine, member_id, source.id, limit=10, with_unchanged=False)
        pages.append(
            SourcePage(
                state=by_id[source.id],
                connector=source.connector,
                schedule=source.schedule or organisation.schedule,
                checked_at=newest[key].finished_at if (key := (member_id, source.id)) in newest else None,
                history=tuple(source_state(platform, source.id, source.dataset, receipt) for receipt in receipts),
            )
        )
    return MemberPage(organisation=state, homepage=organisation.homepage, to_mend=state.to_mend, sources=tuple(pages))
