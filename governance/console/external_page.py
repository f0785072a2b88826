"""Whose datasets stand beside ours: what each portal last said, what of it is listed and where, what is not and why."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from governance.api.feeds import Words
from governance.catalogue.already_there import Kind
from governance.catalogue.external.described import web_address
from governance.catalogue.external.kept import Change, KeptListing, KeptSums
from governance.catalogue.external.kept import LeftOut as KeptLeftOut
from governance.catalogue.file_catalogue import FileCatalogue
from governance.console.shown import Shown
from governance.console.why import FormFault
from governance.external_catalogues import DeclaredCatalogue
from governance.pipeline.external import kept_catalogues
from governance.pipeline.external_desk import ExternalDesk
from governance.platform import Platform

REFRESH_SECONDS = 3
"""How soon the page asks for itself again while a portal is being asked."""


class LeftOut(Shown):
    """One dataset of theirs that is not listed: which of ours or of others' it is like, and by what both are known."""

    title: str
    url: str | None
    kind: Kind
    like: str
    like_title: str
    """What that is called there, where it is another portal's; else as ``like``."""
    like_url: str | None
    by: str


class Refusal(Shown):
    """Why a portal did not answer the last time, and what can be done."""

    at: datetime | None
    message: Words
    remedy: Words


class Seen(Shown):
    """One place where what is listed of a portal is seen."""

    where: Literal["ckan", "turtle", "json_ld"]
    url: str


class ExternalState(Shown):
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


class ExternalPage(Shown):
    """Every declared portal, in the order in which the first has a thing."""

    catalogues: tuple[ExternalState, ...]
    is_asking: bool
    is_still: bool
    """Whether its reader wants it not to ask for itself again."""
    grace_days: int
    faults: tuple[FormFault, ...] = ()


def external_page(
    platform: Platform, desk: ExternalDesk, parameters: Mapping[str, str], *faults: FormFault, is_whole: bool = False
) -> ExternalPage:
    """Read what is known; nobody is asked. What is left out of each portal is all there if ``is_whole``, or its first.

    Nothing is read but sums, so that a portal of many datasets is looked at as fast as one of a few.
    """
    return ExternalPage(
        catalogues=tuple(_state(platform, one, is_whole=is_whole) for one in platform.federation.external.values()),
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


def _state(platform: Platform, declared: DeclaredCatalogue, *, is_whole: bool) -> ExternalState:
    files = kept_catalogues(platform)
    kept, listing = files.read_sums(declared.id), files.read_listing(declared.id)
    counts = {kind: count for kind, count in listing.left_out_by.items() if count} if listing else {}
    first = listing.first_left_out if listing else ()
    out = files.read_left_out(declared.id) if is_whole else first
    return ExternalState(
        id=declared.id,
        name=declared.name,
        homepage=declared.homepage,
        connector=declared.connector,
        every_hours=declared.every_hours,
        asked_at=kept.asked_at,
        refusal=_refusal(kept),
        offered=kept.offered,
        kept=kept.there,
        change=kept.change,
        missing=kept.missing(datetime.now(UTC), timedelta(days=platform.settings.absence_grace_days)),
        listed=listing.listed if listing else None,
        undescribed=listing.undescribed if listing else 0,
        left_out_by=tuple(counts.items()),
        left_out=tuple(map(_left_out, out)),
        more=max(0, sum(counts.values()) - len(out)),
        waits_for_publication=_waits(kept, listing),
        seen=tuple(_seen(platform, declared.id)),
    )


def _refusal(kept: KeptSums) -> Refusal | None:
    if not kept.problem_fr:
        return None
    return Refusal(
        at=kept.tried_at,
        message=Words(fr=kept.problem_fr, en=kept.problem_en),
        remedy=Words(fr=kept.remedy_fr, en=kept.remedy_en),
    )


def _waits(kept: KeptSums, listing: KeptListing | None) -> bool:
    if listing is None or listing.asked_at is None:
        return kept.asked_at is not None
    return kept.last_news_at is not None and kept.last_news_at > listing.asked_at


def _left_out(found: KeptLeftOut) -> LeftOut:
    """What another portal writes is text, and a link only where it is a web address."""
    return LeftOut(
        title=found.title or found.uri,
        url=web_address(found.uri),
        kind=found.kind,
        like=found.like,
        like_title=found.like_title or found.like,
        like_url=web_address(found.like),
        by=found.by,
    )


def _seen(platform: Platform, catalogue_id: str) -> Iterator[Seen]:
    """Where what the last publication listed of a portal is seen; nowhere if it listed nothing."""
    settings = platform.settings
    page = FileCatalogue(settings.state_dir / "catalogue").current / "external" / f"{catalogue_id}.ttl"
    if not page.is_file():
        return
    turtle = f"{settings.public_address}/catalogue/external/{page.name}"
    ckan = settings.ckan_public_url or settings.ckan_url
    if ckan:
        yield Seen(where="ckan", url=f"{ckan.rstrip('/')}/organization/{catalogue_id}")
    yield Seen(where="turtle", url=turtle)
    yield Seen(where="json_ld", url=f"{turtle.removesuffix('.ttl')}.jsonld")
