"""Options that several commands share, and the settings that they choose."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from governance.settings import Settings, load_settings

FederationOption = Annotated[Path | None, typer.Option("--federation", help="Folder of the declarations.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of words.")]


class Language(StrEnum):
    """Languages of the answer on screen."""

    fr = "fr"
    en = "en"


def chosen_settings(federation: Path | None) -> Settings:
    """Return the settings, with another folder of declarations where one was given."""
    settings = load_settings()
    return settings if federation is None else settings.model_copy(update={"federation_dir": federation.resolve()})
