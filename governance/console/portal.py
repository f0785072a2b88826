"""A commune's own portal: what it shares, what it does not and why, in words for its inhabitants."""

from datetime import UTC, datetime

from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.catalogue.file_catalogue import FileCatalogue, IndexedFile
from governance.catalogue.openings import SUBJECT
from governance.console.shown import Shown
from governance.console.source_state import title_of
from governance.decisions.model import Context, Decision, DecisionRequest, Target
from governance.federation import Member
from governance.platform import Platform


class SharedPart(Shown):
    """One dataset that the commune publishes under its name."""

    id: str
    dataset: str
    title: Words
    rows: int
    modified: datetime
    files: tuple[IndexedFile, ...]


class KeptReason(Shown):
    """One reason of the decision."""

    code: str
    text: Words
    change: Words


class KeptPart(Shown):
    """One dataset that the commune provides and that is not open to everybody."""

    dataset: str
    title: Words
    reasons: tuple[KeptReason, ...]
    """Empty where nothing forbids it: no row has been published yet."""


class PortalPage(Shown):
    """The first and only page of a commune's portal; all else is the federation's, under its address."""

    id: str
    name: str
    title: Words
    insee_code: str | None
    population: int
    homepage: str | None
    has_logo: bool
    contact: str | None
    address: str
    catalogue: str
    """Identifier of its catalogue, which is the same under each address."""
    shared: tuple[SharedPart, ...]
    kept: tuple[KeptPart, ...]
    not_provided: tuple[Words, ...]
    """Titles of datasets of the federation that it declares no source for."""


def portal_page(gate: Gate, member: Member) -> PortalPage:
    """Return the portal's page of a member that declares one.

    Raises:
        LookupError: it declares none.
    """
    platform, portal = gate.platform, member.portal
    if portal is None:
        raise LookupError(member.id)
    index = FileCatalogue(platform.settings.state_dir / "catalogue").read_index()
    own = [each for each in (index.datasets if index else ()) if each.publisher == member.id and each.part_of]
    declared = {source.dataset for source in member.sources}
    kept = sorted(declared - {each.part_of for each in own})
    provided = {source.dataset for _, source in platform.federation.sources()}
    return PortalPage(
        id=member.id,
        name=member.name,
        title=Words(fr=portal.title, en=portal.title_en or portal.title),
        insee_code=member.insee_code,
        population=member.population,
        homepage=member.homepage,
        has_logo=portal.logo is not None,
        contact=member.contact.email if member.contact else None,
        address=portal.address(platform.settings.public_address),
        catalogue=f"{platform.settings.public_address}/id/catalogue/{member.id}",
        shared=tuple(
            SharedPart(
                id=each.id,
                dataset=each.part_of or each.id,
                title=title_of(platform, each.part_of or each.id),
                rows=each.rows,
                modified=each.modified,
                files=each.files,
            )
            for each in own
        ),
        kept=tuple(_kept(platform, member.id, dataset) for dataset in kept),
        not_provided=tuple(title_of(platform, dataset) for dataset in sorted(provided - declared)),
    )


def _kept(platform: Platform, member_id: str, dataset: str) -> KeptPart:
    """Ask as the catalogue does, for the whole first and then for the commune's part; the first refusal tells why."""
    answers = (_ask(platform, dataset, None), _ask(platform, dataset, member_id))
    refusal = next((answer for answer in answers if not answer.allow), None)
    reasons = tuple(
        KeptReason(
            code=reason.code,
            text=Words(fr=reason.text_fr, en=reason.text_en),
            change=Words(fr=reason.change_fr, en=reason.change_en),
        )
        for reason in (refusal.reasons if refusal else ())
    )
    return KeptPart(dataset=dataset, title=title_of(platform, dataset), reasons=reasons)


def _ask(platform: Platform, dataset: str, member_id: str | None) -> Decision:
    return platform.pdp.decide(
        DecisionRequest(
            subject=SUBJECT,
            action="distribute",
            target=Target(dataset=dataset, member_id=member_id),
            context=Context(channel="publish", instant=datetime.now(UTC)),
        )
    )
