"""Ask once before what cannot be taken back; a "no" changes nothing and ends with 1."""

import typer

from governance.commands.options import Language

_KEPT = {"fr": "Rien n'a changé.", "en": "Nothing has changed."}


def ask_or_leave(question: str, lang: Language) -> None:
    """Go on only after a yes.

    Raises:
        typer.Exit: with 1, the person said no.
    """
    if not typer.confirm(question, err=True):
        typer.echo(_KEPT[lang.value], err=True)
        raise typer.Exit(1)
