"""``archipel delete``: take away what is kept of a source that is gone."""

import getpass
import json
from dataclasses import asdict
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
from governance.pipeline.delete import Deletable, delete_source, find_deletable
from governance.platform import open_platform

_ASK = {
    "fr": "{member}/{source}, absente depuis le {day}{archived} : {rows} lignes valables, {files} fichiers reçus, "
    "{handed_in} fichiers dans sa boîte de dépôt et les rapports de {runs} passages vont être supprimés pour de bon. "
    "Les accusés (comptes et messages), le journal et les versions déjà publiées restent{shared}. Supprimer ?",
    "en": "{member}/{source}, absent since {day}{archived}: {rows} valid rows, {files} received files, {handed_in} "
    "files in its box and the reports of {runs} runs will be deleted for good. Receipts (counts and words), the "
    "journal and versions already published stay{shared}. Delete?",
}
_ARCHIVED = {"fr": " et archivée", "en": " and archived"}
_SHARED = {
    "fr": ", et {count} fichiers qu'une autre source a aussi",
    "en": ", and so do {count} files that another source has as well",
}
_DONE = {
    "fr": "C'est fait, et noté au journal. La prochaine harmonisation (archipel harmonise) n'en tient plus compte.",
    "en": "Done, and noted in the journal. It is left out when data is next harmonised (archipel harmonise).",
}


def delete(
    member: Annotated[str, typer.Argument(help="Id of a member or partner.")],
    source: Annotated[str, typer.Argument(help="Id of its source.")],
    by: ByOption = None,
    yes: YesOption = False,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Delete the rows, files and reports of a source that is gone; who said so is written into the journal first.

    Ends with 0 when it was deleted, 1 when you said no, 2 when the source is still there or unknown.

    Example: archipel delete donges subventions
    """
    platform = open_platform(chosen_settings(federation, state))
    found = find_deletable(platform, member, source)
    if not yes:
        ask_or_leave(_ASK[lang.value].format(**_told(found, lang)), lang)
    delete_source(platform, found, by or getpass.getuser())
    typer.echo(json.dumps(asdict(found), default=str) if as_json else _DONE[lang.value])


def _told(found: Deletable, lang: Language) -> dict[str, object]:
    return {
        "member": found.key[0],
        "source": found.key[1],
        "day": f"{found.absent_since:%d/%m/%Y}",
        "archived": _ARCHIVED[lang.value] if found.archived_at else "",
        "rows": found.rows,
        "files": len(found.files),
        "handed_in": len(found.handed_in),
        "shared": _SHARED[lang.value].format(count=len(found.shared)) if found.shared else "",
        "runs": len(found.runs),
    }
