"""What all that is declared has in common: files are read into frozen models, and nothing unknown passes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,62}$")]
SecretReference = Annotated[str, StringConstraints(pattern=r"^(env:[A-Z][A-Z0-9_]*|file:/[^\x00]+)$")]
"""Where a secret is, never its value."""


class Declaration(BaseModel):
    """Base of every declared thing: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
