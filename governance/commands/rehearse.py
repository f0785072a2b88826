"""``archipel rehearse``: what a harvest of a member would give, without keeping anything."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from governance.commands.options import FederationOption, JsonOption, Language, chosen_settings
from governance.contracts.earlier import load_earlier
from governance.contracts.model import ContractError
from governance.contracts.odcs import load_contracts
from governance.federation import DeclarationError, load_federation
from governance.intake.messages import WORDS
from governance.intake.model import RowError
from governance.pipeline.rehearse import Rehearsed
from governance.pipeline.rehearse import rehearse as rehearse_sources
from governance.reach import example_site_of, limits_of
from governance.scaffold.problems import ScaffoldError
from governance.scaffold.source_entry import find_organisation

_NOTHING = {
    "fr": "{id} ne déclare aucune source ; ajoutez-en une : make new-source MEMBER={id} DATASET=…",
    "en": "{id} declares no source; add one: make new-source MEMBER={id} DATASET=…",
}
_UNKNOWN = {
    "fr": "{id} n'a pas de source « {source} ». Connues : {known}.",
    "en": "{id} has no source {source!r}. Known: {known}.",
}
_KEPT = {"fr": "Rien n'a été enregistré.", "en": "Nothing was kept."}
_MORE = {"fr": "… et {n} autres (--errors {all} les montre)", "en": "… and {n} more (--errors {all} shows them)"}


def rehearse(
    member: Annotated[str, typer.Argument(help="Id of a member or partner.")],
    source: Annotated[str | None, typer.Option("--source", help="One source alone.")] = None,
    errors: Annotated[int, typer.Option(min=0, help="How many errors of a source are shown.")] = 5,
    federation: FederationOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Ask a member's sources, check their rows, say what would be accepted, and keep nothing.

    Ends with 0 when every source would give rows, 1 when one would not, 2 when there is nothing to rehearse.

    Example: archipel rehearse donges --source subventions
    """
    settings = chosen_settings(federation)
    try:
        declared = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
        organisation = find_organisation(declared, member)
        contracts = load_contracts(settings.federation_dir / "contracts")
        earlier = load_earlier(settings.federation_dir / "contracts", contracts)
    except (DeclarationError, ContractError, ScaffoldError) as error:
        raise _stop(str(error)) from error
    known = [each.id for each in organisation.sources]
    if not known:
        raise _stop(_NOTHING[lang.value].format(id=member))
    if source is not None and source not in known:
        raise _stop(_UNKNOWN[lang.value].format(id=member, source=source, known=", ".join(known)))
    console, results = Console(soft_wrap=True), []
    limits = limits_of(settings, example_site_of(settings, declared))
    for result in rehearse_sources(organisation, contracts, settings, limits, source, earlier):
        results.append(result)
        if not as_json:
            _show(result, console, lang.value, errors)
    if as_json:
        typer.echo(json.dumps([_as_json(result) for result in results], ensure_ascii=False))
    else:
        console.print(f"[dim]{_KEPT[lang.value]}[/]")
    raise typer.Exit(0 if all(result.is_usable for result in results) else 1)


def _stop(message: str) -> typer.Exit:
    typer.echo(f"archipel: {message}", err=True)
    return typer.Exit(2)


def _show(result: Rehearsed, console: Console, lang: str, most: int) -> None:
    words, is_french = WORDS[lang], lang == "fr"
    head = f"[bold]{escape(result.source_id)}[/]"
    if result.problem is not None:
        told = result.problem
        console.print(f"[red]✗[/] {head}: {escape(told.message_fr if is_french else told.message_en)}")
        console.print(f"    → {escape(told.remedy_fr if is_french else told.remedy_en)}")
        return
    assert result.report is not None
    rows, mark = result.report.rows, "[green]✓[/]" if result.is_usable else "[red]✗[/]"
    counts = (("read", rows.read), ("accepted", rows.accepted), ("quarantined", rows.quarantined))
    told_counts = " · ".join(f"{words[name]} {count}" for name, count in (*counts, ("duplicates", rows.duplicates)))
    console.print(f"{mark} {head}: {told_counts}", highlight=False)
    blocking = [error for error in result.report.errors if error.severity == "blocks"]
    for error in blocking[:most]:
        console.print(f"    {_line(error, words)}{escape(error.message_fr if is_french else error.message_en)}")
        console.print(f"      → {escape(error.remedy_fr if is_french else error.remedy_en)}")
    if len(blocking) > most:
        console.print(f"    {_MORE[lang].format(n=len(blocking) - most, all=len(blocking))}")


def _line(error: RowError, words: dict[str, str]) -> str:
    return "" if error.line is None else f"{words['line']} {error.line} : "


def _as_json(result: Rehearsed) -> dict[str, object]:
    problem = result.problem
    told = None if problem is None else {
        "code": problem.code, "message_fr": problem.message_fr, "message_en": problem.message_en,
        "remedy_fr": problem.remedy_fr, "remedy_en": problem.remedy_en,
    }  # fmt: skip
    report = None if result.report is None else result.report.model_dump(mode="json")
    return {"source": result.source_id, "dataset": result.dataset, "problem": told, "report": report}
