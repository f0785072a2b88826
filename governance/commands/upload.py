"""``archipel upload``: hand in a file for a source, see at once what is wrong with it, take it back."""

import getpass
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.check import EXIT_CODES
from governance.commands.options import (
    ByOption,
    FederationOption,
    JsonOption,
    Language,
    StateOption,
    chosen_settings,
)
from governance.commands.show_report import show_report
from governance.pipeline.hand_in import Box, HandedIn, NotHandedIn, find_box, find_waiting, hand_in, take_back
from governance.platform import Platform, open_platform

_SAYINGS = {
    "fr": {
        "left": "Déposé sous le nom {name}. La prochaine collecte le prend ; d'ici là : archipel upload "
        "{member} {source} --take-back",
        "not_left": "Rien n'a été déposé : corrigez le fichier, puis recommencez.",
        "held": "Il y aura {after} lignes valables au lieu de {before} : la collecte attendra votre confirmation "
        "(archipel confirm {member} {source}).",
        "back": "{name} est repris : la prochaine collecte ne le prendra pas.",
        "waits": "{name} attend depuis le {since:%d/%m/%Y à %H:%M} UTC.",
        "nothing": "Aucun fichier n'attend.",
        "no_file": "Le fichier {path} n'existe pas.",
    },
    "en": {
        "left": "Handed in as {name}. The next harvest takes it; until then: archipel upload {member} {source} "
        "--take-back",
        "not_left": "Nothing was handed in: mend the file, then try again.",
        "held": "There will be {after} valid rows instead of {before}: the harvest will wait for your word "
        "(archipel confirm {member} {source}).",
        "back": "{name} is taken back: the next harvest will not take it.",
        "waits": "{name} waits since {since:%Y-%m-%d %H:%M} UTC.",
        "nothing": "No file waits.",
        "no_file": "File {path} does not exist.",
    },
}


def upload(
    member: Annotated[str, typer.Argument(help="Id of a member or partner.")],
    source: Annotated[str, typer.Argument(help="Id of its source, one whose connector is upload.")],
    file: Annotated[Path | None, typer.Argument(help="File to hand in; without one, say what waits.")] = None,
    back: Annotated[bool, typer.Option("--take-back", help="Take back the file that waits.")] = False,
    by: ByOption = None,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Hand in a file: 0 every row is valid, 1 some rows will be left out, 2 it cannot be used and was not taken.

    Example: archipel upload donges subventions export.xlsx
    """
    say, platform = _SAYINGS[lang.value], open_platform(chosen_settings(federation, state))
    names = {"member": member, "source": source}
    try:
        box = find_box(platform, member, source)
        if back:
            _tell(as_json, {"taken_back": (name := take_back(platform, box, _who(by)))}, say["back"].format(name=name))
        elif file is None:
            _show_waiting(platform, box, say, as_json)
        elif not file.is_file():
            raise NotHandedIn(*(_SAYINGS[each]["no_file"].format(path=file) for each in ("fr", "en")))
        else:
            done = hand_in(platform, box, file, file.name, _who(by))
            _show(done, say, names, lang, as_json)
            raise typer.Exit(EXIT_CODES[done.report.status])
    except NotHandedIn as refusal:
        typer.echo(f"archipel: {refusal.message_fr if lang is Language.fr else refusal.message_en}", err=True)
        raise typer.Exit(2) from None


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _tell(as_json: bool, told: Mapping[str, object], words: str) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else words)


def _show_waiting(platform: Platform, box: Box, say: dict[str, str], as_json: bool) -> None:
    waiting = find_waiting(platform, box)
    if waiting is None:
        _tell(as_json, {"waiting": None}, say["nothing"])
        return
    told = {"waiting": waiting.path.name, "since": waiting.since.isoformat()}
    _tell(as_json, told, say["waits"].format(name=waiting.path.name, since=waiting.since))


def _show(done: HandedIn, say: dict[str, str], names: dict[str, str], lang: Language, as_json: bool) -> None:
    if as_json:
        told = {"left_as": done.left_as, "will_be_held": done.will_be_held, "rows_before": done.rows_before}
        typer.echo(json.dumps({**told, "report": done.report.model_dump(mode="json")}, ensure_ascii=False))
        return
    show_report(done.report, lang.value)
    typer.echo(say["left"].format(name=done.left_as, **names) if done.left_as else say["not_left"])
    if done.will_be_held:
        typer.echo(say["held"].format(before=done.rows_before, after=done.report.rows.accepted, **names))
