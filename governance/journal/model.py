"""What the journal holds and what a check of it finds, as frozen models."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Kind = Literal[
    "access", "decision", "policy_change", "policy_activation", "agreement_change", "rule_change", "role_change",
    "schedule_change", "source_change", "access_request", "confirmation", "release", "harmonisation", "publication",
    "identity_erased", "sign_in",
]  # fmt: skip
GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


class Frozen(BaseModel):
    """Base of the journal's models."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(Frozen):
    """One fact, once written never changed. It names its predecessor by hash, which makes the order part of it."""

    sequence: int
    at: AwareDatetime
    kind: Kind
    subject: str | None = Field(None, description="pseudonym; who it is stands in a table that can be erased")
    target: str | None = Field(None, description="id of what it is about, such as a dataset")
    fields: Mapping[str, Any]
    previous: str
    hash: str


class Finding(Frozen):
    """The first thing wrong with the journal."""

    problem: Literal["altered", "removed", "reordered", "head_altered"]
    sequence: int
    """Of the entry; for what was removed, the number that is missing."""
    message_fr: str
    message_en: str


class Search(Frozen):
    """What to look for; every condition that is given holds."""

    kind: Kind | None = None
    target: str | None = None
    subject: str | None = Field(None, description="identity, as it was given when the entry was made")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(None, description="excluded")
    before: int | None = Field(None, description="only entries of a lower sequence, for the next page")
    limit: int = Field(100, ge=1, le=10_000)
