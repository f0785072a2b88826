"""``archipel decide``: ask the policy engine as somebody would, and see the answer and every rule behind it."""

from typing import Annotated, Literal, cast

import typer
from pydantic import ValidationError
from rich.table import Table

from governance.commands.screen import open_screen
from governance.decisions.explain import Explanation, explain
from governance.decisions.model import Action, Channel, Context, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.federation import DeclarationError, load_federation
from governance.legal_time import read_instant
from governance.settings import Settings, load_settings

Language = Literal["fr", "en"]
_WORDS = {
    "fr": (
        "Autorisé",
        "Refusé",
        "Jusqu'au",
        "Colonnes",
        "Obligations",
        "Ce qui changerait la réponse",
        "Règle",
        "État",
    ),
    "en": ("Allowed", "Refused", "Until", "Columns", "Duties", "What would change the answer", "Rule", "State"),
}
_VERDICTS = {
    "fr": {"matched": "constatée", "not_matched": "non constatée", "not_considered": "sans objet"},
    "en": {"matched": "matched", "not_matched": "did not match", "not_considered": "not considered"},
}


def decide(
    dataset: Annotated[str, typer.Option(help="Id of the dataset.")],
    subject: Annotated[str | None, typer.Option(help="SIREN or id of an organisation; by default the public.")] = None,
    action: Annotated[str, typer.Option(help="read, use, distribute, derive or aggregate.")] = "read",
    purpose: Annotated[str | None, typer.Option(help="DPV code, such as dpv:ResearchAndDevelopment.")] = None,
    channel: Annotated[str, typer.Option(help="feed, preview, export or publish.")] = "feed",
    at: Annotated[
        str | None, typer.Option(help="Instant (ISO 8601); without a zone, French time. Default: now.")
    ] = None,
    agreement: Annotated[str | None, typer.Option(help="Id of the agreement to rest on.")] = None,
    legal_basis: Annotated[str | None, typer.Option(help="Such as eu-gdpr:A6-1-e.")] = None,
    member: Annotated[str | None, typer.Option(help="Id of the one provider whose rows are asked for.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the explanation as JSON.")] = False,
    lang: Annotated[str, typer.Option(help="fr or en.")] = "fr",
) -> None:
    """Say whether somebody may have a dataset, for what and why; exit 0 when allowed, 1 when refused."""
    settings = load_settings()
    try:
        request = DecisionRequest(
            subject=_subject(subject, settings),
            action=cast(Action, action),
            target=Target(dataset=dataset, member_id=member),
            context=_context(channel, purpose, legal_basis, agreement, at),
        )
    except (ValidationError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    point = OpaDecisionPoint.from_settings(settings)
    try:
        found = explain(point, request)
    finally:
        point.close()
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print(found, "en" if lang == "en" else "fr")
    raise typer.Exit(0 if found.decision.allow else 1)


def _subject(name: str | None, settings: Settings) -> Subject:
    """The organisation of that id or SIREN; a SIREN that is not declared is asked about all the same."""
    if name is None:
        return Subject()
    try:
        known = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    except DeclarationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    who = known.organisations.get(name)
    return Subject(id=f"command:{name}", organisation=who.siren if who else name)


def _context(
    channel: str, purpose: str | None, legal_basis: str | None, agreement: str | None, at: str | None
) -> Context:
    context = Context(channel=cast(Channel, channel), purpose=purpose, legal_basis=legal_basis, agreement_id=agreement)
    if at is None:
        return context
    return context.model_copy(update={"instant": read_instant(at)})


def _print(found: Explanation, language: Language) -> None:
    console, decision = open_screen(), found.decision
    yes, no, until, columns, duties, change, rule, state = _WORDS[language]
    console.print(f"[bold]{yes if decision.allow else no}[/bold]", highlight=False)
    for reason in decision.reasons:
        console.print(f"  {reason.code}: {reason.text(language)}", highlight=False, markup=False)
        console.print(f"  {change}: {reason.change(language)}", highlight=False, markup=False)
    if decision.allow:
        shown = ", ".join(f"{name} ({mask.mask})" for name, mask in sorted(decision.column_masks.items()))
        console.print(f"{columns}: {shown}", highlight=False, markup=False)
        console.print(f"{duties}: {', '.join(duty.code for duty in decision.duties) or '-'}", highlight=False)
    console.print(f"{until}: {decision.valid_until.isoformat()}", highlight=False)
    table = Table(rule, state)
    for considered in found.rules:
        title = considered.rule.title_fr if language == "fr" else considered.rule.title_en
        mark = " *" if considered.is_decisive else ""
        table.add_row(f"{considered.rule.code}{mark} ({title})", _VERDICTS[language][considered.verdict])
    if found.rules:
        console.print(table)
