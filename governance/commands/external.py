"""``archipel external``: what the catalogues of others have for the territory, and what of it stands beside ours."""

import getpass
import json
from dataclasses import asdict
from typing import Annotated

import typer

from governance.commands.options import (
    ByOption,
    FederationOption,
    JsonOption,
    Language,
    StateOption,
    chosen_settings,
)
from governance.pipeline.external import ask_external
from governance.platform import open_platform

_SAYINGS = {
    "fr": {
        "none": "Aucun catalogue externe n'est déclaré.",
        "there": "{count} jeu(x) de données du territoire",
        "unknown": "aucun catalogue externe ne s'appelle « {name} ». Déclarés : {known}.",
    },
    "en": {
        "none": "No catalogue of others is declared.",
        "there": "{count} dataset(s) of the territory",
        "unknown": "no catalogue of others is called {name!r}. Declared: {known}.",
    },
}


def external(
    catalogue: Annotated[str | None, typer.Argument(help="Id of one of them; all by default.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Ask only those whose last answer is too old.")] = False,
    by: ByOption = None,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Ask the declared catalogues of others what they have for the territory; the next publication lists it.

    What is ours come back, or already there, is left out then; the page "Catalogues externes" says which and why.
    Who asked is written into the journal, as the page's button does.

    Ends with 0, with 1 where a catalogue did not answer (what is known of it stays), with 2 where none has that id.

    Example: archipel external
    """
    platform = open_platform(chosen_settings(federation, state))
    say, known = _SAYINGS[lang.value], platform.federation.external
    if catalogue is not None and catalogue not in known:
        typer.echo(f"archipel: {say['unknown'].format(name=catalogue, known=', '.join(known) or '–')}", err=True)
        raise typer.Exit(2)
    asked = ask_external(platform, only=catalogue, is_due=due, who=by or getpass.getuser())
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in asked], ensure_ascii=False))
    elif not known:
        typer.echo(say["none"])
    else:
        for one in asked:
            problem = (one.problem_fr, one.remedy_fr) if lang is Language.fr else (one.problem_en, one.remedy_en)
            told = (one.name, say["there"].format(count=one.datasets), " ".join(problem).strip())
            typer.echo(" · ".join(part for part in told if part))
    if any(one.problem_fr for one in asked):
        raise typer.Exit(1)
