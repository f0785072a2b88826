"""What pages show, and what their JSON says: models that nobody changes once they are made."""

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """Base of every page and of its parts."""

    model_config = ConfigDict(frozen=True)
