"""Options that several commands share, and the settings that they choose."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from governance.settings import Settings, load_settings, settings_beside

FederationOption = Annotated[Path | None, typer.Option("--federation", help="Folder of the declarations.")]
StateOption = Annotated[Path | None, typer.Option("--state", help="Folder of everything made at run time.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of words.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who says so; by default who is logged in.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]


class Language(StrEnum):
    """Languages of the answer on screen."""

    fr = "fr"
    en = "en"


def chosen_settings(federation: Path | None, state: Path | None = None) -> Settings:
    """Return the settings, with another folder of declarations or of state where one was given."""
    chosen = {"federation_dir": federation, "state_dir": state}
    settings = load_settings() if state is None else settings_beside(state)
    return settings.model_copy(update={k: v.resolve() for k, v in chosen.items() if v is not None})
