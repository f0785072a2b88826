"""Whose datasets stand beside ours: what each portal last said, what of it is listed and where, what is not and why."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from governance.api.feeds import Words
from governance.catalogue.already_there import Compared, Kind, counted
from governance.catalogue.external.described import web_address
from governance.catalogue.external.kept import Change, KeptCatalogue, KeptListing
from governance.catalogue.file_catalogue import FileCatalogue
from governance.console.why import FormFault
from governance.external_catalogues import DeclaredCatalogue
from governance.pipeline.external import kept_catalogues
from governance.pipeline.external_desk import ExternalDesk
from governance.platform import Platform

REFRESH_SECONDS = 3
"""How soon the page asks for itself again while a portal is being asked."""
SHOWN = 25
"""Datasets left out that the page shows of one portal; its JSON has them all."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class LeftOut(_Frozen):
    """One dataset of theirs that is not listed: which of ours or of others' it is like, and by what both are known."""

    title: str
    url: str | None
    kind: Kind
    like: str
    like_title: str
    """What that is called there, where it is another portal's; else as ``like``."""
    like_url: str | None
    by: str


class Refusal(_Frozen):
    """Why a portal did not answer the last time, and what can be done."""

    at: datetime | None
    message: Words
    remedy: Words


class Seen(_Frozen):
    """One place where what is listed of a portal is seen."""

    where: Literal["ckan", "turtle", "json_ld"]
    url: str


class ExternalState(_Frozen):
    """One portal. Counts are of datasets."""

    id: str
    name: str
    homepage: str
    connector: str
    every_hours: int
    asked_at: datetime | None
    """When it last answered."""
    refusal: Refusal | None
    offered: int | None
    """All that it has; unknown before it answered."""
    kept: int
    """What of it is of the territory."""
    change: Change
    missing: int
    """Gone from there, and listed for the days of grace."""
    listed: int | None
    """What the last publication listed; none before the first."""
    undescribed: int
    left_out_by: tuple[tuple[Kind, int], ...]
    left_out: tuple[LeftOut, ...]
    more: int
    """Left out and not shown here."""
    waits_for_publication: bool
    """Whether it said anything after the last publication that this did not know."""
    seen: tuple[Seen, ...] = ()


class ExternalPage(_Frozen):
    """Every declared portal, in the order in which the first has a thing."""

    catalogues: tuple[ExternalState, ...]
    is_asking: bool
    is_still: bool
    """Whether its reader wants it not to ask for itself again."""
    grace_days: int
    faults: tuple[FormFault, ...] = ()


def external_page(
    platform: Platform, desk: ExternalDesk, parameters: Mapping[str, str], most: int = SHOWN, *faults: FormFault
) -> ExternalPage:
    """Read what is known; nobody is asked. At most so many of what is left out are shown of each portal."""
    seen, declared = _seen(platform), platform.federation.external
    known = {name: kept_catalogues(platform).read(name) for name in declared}
    records = [each.record for kept in known.values() for each in kept.records.values()]
    titles = {str(record.get("uri")): str(record.get("title") or "") for record in records}
    return ExternalPage(
        catalogues=tuple(
            _state(platform, one, known[name], titles, most).model_copy(update={"seen": seen.get(name, ())})
            for name, one in declared.items()
        ),
        is_asking=desk.is_asking(),
        is_still="still" in parameters,
        grace_days=platform.settings.absence_grace_days,
        faults=faults,
    )


def ask_now(platform: Platform, desk: ExternalDesk, fields: Mapping[str, str], who: str) -> FormFault | None:
    """Begin to ask the portal that a form names; what is wrong where it cannot be begun."""
    wanted = fields.get("catalogue", "")
    if wanted not in platform.federation.external:
        message = Words(fr="Choisissez un portail de cette page.", en="Choose a portal of this page.")
        return FormFault(field="content", message=message)
    if not desk.ask(wanted, who):
        message = Words(
            fr="Un portail est déjà interrogé : attendez qu'il ait répondu, puis recommencez.",
            en="A portal is being asked already: wait for its answer, then try again.",
        )
        return FormFault(field="content", message=message)
    return None


def _state(
    platform: Platform, declared: DeclaredCatalogue, kept: KeptCatalogue, titles: Mapping[str, str], most: int
) -> ExternalState:
    listing = kept_catalogues(platform).read_listing(declared.id)
    grace, now = timedelta(days=platform.settings.absence_grace_days), datetime.now(UTC)
    gone = [each for each in kept.records.values() if each.absent_since is not None]
    out = listing.left_out if listing else ()
    return ExternalState(
        id=declared.id,
        name=declared.name,
        homepage=declared.homepage,
        connector=declared.connector,
        every_hours=declared.every_hours,
        asked_at=kept.asked_at,
        refusal=_refusal(kept),
        offered=kept.offered,
        kept=len(kept.records) - len(gone),
        change=kept.last_change(),
        missing=sum(1 for each in gone if each.is_listed(now, grace)),
        listed=listing.listed if listing else None,
        undescribed=listing.undescribed if listing else 0,
        left_out_by=tuple((kind, count) for kind, count in counted(out).items() if count),
        left_out=tuple(_left_out(each, titles) for each in out[:most]),
        more=max(0, len(out) - most),
        waits_for_publication=_waits(kept, listing),
    )


def _refusal(kept: KeptCatalogue) -> Refusal | None:
    if not kept.problem_fr:
        return None
    return Refusal(
        at=kept.tried_at,
        message=Words(fr=kept.problem_fr, en=kept.problem_en),
        remedy=Words(fr=kept.remedy_fr, en=kept.remedy_en),
    )


def _waits(kept: KeptCatalogue, listing: KeptListing | None) -> bool:
    if listing is None or listing.asked_at is None:
        return kept.asked_at is not None
    return kept.says_more_than(listing.asked_at)


def _left_out(found: Compared, titles: Mapping[str, str]) -> LeftOut:
    """What another portal writes is text, and a link only where it is a web address."""
    return LeftOut(
        title=found.title or found.uri,
        url=web_address(found.uri),
        kind=found.kind,
        like=found.like,
        like_title=titles.get(found.like) or found.like,
        like_url=web_address(found.like),
        by=found.by,
    )


def _seen(platform: Platform) -> dict[str, tuple[Seen, ...]]:
    """Where what the last publication listed is seen, by portal."""
    index = FileCatalogue(platform.settings.state_dir / "catalogue").read_index()
    return {each.id: tuple(_places(platform, each.id, each.url)) for each in (index.external if index else ())}


def _places(platform: Platform, catalogue_id: str, turtle: str) -> Iterator[Seen]:
    settings = platform.settings
    ckan = settings.ckan_public_url or settings.ckan_url
    if ckan:
        yield Seen(where="ckan", url=f"{ckan.rstrip('/')}/organization/{catalogue_id}")
    yield Seen(where="turtle", url=turtle)
    yield Seen(where="json_ld", url=f"{turtle.removesuffix('.ttl')}.jsonld")
