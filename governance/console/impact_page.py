"""What a change would do, on the officer's page: the question, how far it is, the answer, and if it still holds."""

from collections.abc import Iterator, Mapping
from datetime import date

from governance.api.feeds import Words
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.shown import Shown
from governance.console.why import Choice, FormFault
from governance.decisions.agreements import load_agreements
from governance.federation import DeclarationError
from governance.pipeline.impact import Supposed
from governance.pipeline.impact_desk import AskedImpact, Changed, ImpactDesk
from governance.pipeline.unusable import Unusable, unusable
from governance.settings import Settings

REFRESH_SECONDS = 2


class ImpactForm(Shown):
    """The question, as filled in; a form that fails comes back with it."""

    ended: str = ""
    on: str = ""


class ImpactPage(Shown):
    """The form, one impact, and those that are kept."""

    form: ImpactForm = ImpactForm()
    faults: tuple[FormFault, ...] = ()
    agreements: tuple[Choice, ...] = ()
    unusable: Unusable | None = None
    """Why no question can be asked now."""
    asked: AskedImpact | None = None
    changed: tuple[Changed, ...] = ()
    """What is another now than when it was asked."""
    kept: tuple[AskedImpact, ...] = ()
    """Every impact that is kept, the newest first, without the answers."""
    is_still: bool = False
    """Whether the reader asked that the page does not refresh itself."""

    @property
    def is_running(self) -> bool:
        """Whether the impact shown is under way."""
        return self.asked is not None and self.asked.state == "running"


def impact_page(settings: Settings, desk: ImpactDesk, parameters: Mapping[str, str]) -> ImpactPage:
    """Return the page of one impact (``id``), or of the newest; ``ended`` fills the form in with an agreement.

    Raises:
        ProblemError: 404, there is none of that id, or no more.
    """
    kept = desk.all()
    asked = kept[0] if kept else None
    if "id" in parameters:
        asked = desk.read(parameters["id"])
        if asked is None:
            raise ProblemError(404, reason("impact_not_found"))
    # What is supposed can be asked of the same declarations again, so the form shows the question that was answered.
    supposed = asked.supposed if asked else Supposed()
    ended = parameters.get("ended", "")[:63] or supposed.ended or ""
    form = ImpactForm(ended=ended, on=supposed.on.isoformat() if supposed.on else "")
    page = _empty(settings, form)
    return page.model_copy(
        update={
            "asked": asked,
            "changed": desk.changed_since(asked) if asked and asked.state == "done" else (),
            "kept": tuple(one.model_copy(update={"told": None}) for one in kept),
            "is_still": "still" in parameters,
        }
    )


def ask_impact(settings: Settings, desk: ImpactDesk, fields: Mapping[str, str]) -> str | ImpactPage:
    """Begin what the form asks and return its id; or the form with its faults."""
    form = ImpactForm(ended=fields.get("ended", "").strip()[:63], on=fields.get("on", "").strip()[:20])
    page = _empty(settings, form)
    faults = tuple(_faults(page))
    if page.unusable or faults:
        return page.model_copy(update={"faults": faults})
    day = date.fromisoformat(form.on) if form.on else None
    return desk.ask(Supposed(ended=form.ended or None, on=day))


def _empty(settings: Settings, form: ImpactForm) -> ImpactPage:
    try:
        agreements = load_agreements(settings.federation_dir).values()
    except DeclarationError as error:
        return ImpactPage(form=form, unusable=unusable(settings, error))
    choices = (Choice(value=one.id, label=Words.same(one.title)) for one in agreements)
    return ImpactPage(form=form, agreements=tuple(choices))


def _faults(page: ImpactPage) -> Iterator[FormFault]:
    if page.form.ended and page.form.ended not in {choice.value for choice in page.agreements}:
        message = Words(fr="Choisissez une convention de la liste.", en="Choose an agreement of the list.")
        yield FormFault(field="ended", message=message)
    try:
        if page.form.on:
            date.fromisoformat(page.form.on)
    except ValueError:
        yield FormFault(
            field="on", message=Words(fr="Écrivez la date ainsi : 2027-01-31.", en="Write the date so: 2027-01-31.")
        )
