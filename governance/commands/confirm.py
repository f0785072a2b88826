"""``archipel confirm``: say that rows which vanished from a source are really gone."""

import getpass
import json
from typing import Annotated

import typer

from governance.commands.asking import ask_or_leave
from governance.commands.options import (
    ByOption,
    FederationOption,
    JsonOption,
    Language,
    StateOption,
    YesOption,
    chosen_settings,
)
from governance.pipeline.confirm import Held, confirm_held, find_held
from governance.platform import open_platform

_ASK = {
    "fr": "{member}/{source} : {before} lignes valables avant, {after} dans le fichier du {day}. "
    "Les autres ont-elles vraiment disparu ?",
    "en": "{member}/{source}: {before} valid rows before, {after} in the file of {day}. Are the others really gone?",
}
_DONE = {
    "fr": "C'est noté au journal. {after} lignes remplacent les {before} précédentes à la prochaine harmonisation "
    "(archipel harmonise).",
    "en": "Noted in the journal. {after} rows take the place of {before} when data is next harmonised "
    "(archipel harmonise).",
}


def confirm(
    member: Annotated[str, typer.Argument(help="Id of a member or partner.")],
    source: Annotated[str, typer.Argument(help="Id of its source.")],
    by: ByOption = None,
    yes: YesOption = False,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Take a file that waits because many rows vanished; who said so is written into the journal.

    Ends with 0 when it was taken, 1 when you said no, 2 when nothing waits.

    Example: archipel confirm donges subventions
    """
    platform = open_platform(chosen_settings(federation, state))
    held = find_held(platform, member, source)
    told = _told(held)
    if not yes:
        ask_or_leave(_ASK[lang.value].format(**told), lang)
    receipt = confirm_held(platform, held, by or getpass.getuser())
    typer.echo(json.dumps(receipt.model_dump(mode="json")) if as_json else _DONE[lang.value].format(**told))


def _told(held: Held) -> dict[str, object]:
    organisation, source = held.ask
    return {
        "member": organisation.id,
        "source": source.id,
        "before": held.rows_before,
        "after": held.rows_after,
        "day": f"{held.receipt.finished_at:%d/%m/%Y}",
    }
