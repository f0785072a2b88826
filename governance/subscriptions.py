"""Who is told what came of runs and feeds, as a member's or partner's declaration says it."""

import hashlib
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from governance.declaration import Declaration, Identifier, SecretReference


class Subscription(Declaration):
    """Who is told what came of runs, and when: a mailbox of a function, or a program's address."""

    email: str | None = Field(
        None,
        pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+$",
        max_length=254,
        description="of a function, never a person",
    )
    webhook: str | None = Field(None, pattern=r"^https?://[^\s]+$", description="address that receipts are posted to")
    secret: SecretReference | None = Field(None, description="what the webhook's messages are signed with")
    when: Literal["always", "on_error", "on_change", "digest"] = "on_change"
    every: Literal["daily", "weekly"] | None = Field(None, description="how often a digest comes")
    sources: tuple[Identifier, ...] = Field((), description="which sources; by default all")
    feeds: tuple[Identifier, ...] = Field(
        (), description="datasets whose new versions, contract changes and ends are told, in place of receipts"
    )
    language: Literal["fr", "en"] = "fr"

    @model_validator(mode="after")
    def _is_consistent(self) -> "Subscription":
        """One address; a webhook is signed; only a digest has a rhythm."""
        if (self.email is None) == (self.webhook is None):
            raise ValueError("a subscription names either email or webhook")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError("a webhook needs a secret to be signed with, and an email has none")
        if (self.when == "digest") != (self.every is not None):
            raise ValueError("'every' (daily or weekly) goes with when: digest, and with nothing else")
        if self.feeds and (self.webhook is None or self.sources or self.when != "on_change"):
            raise ValueError("'feeds' goes with a webhook, and with neither 'sources' nor another 'when'")
        return self

    @cached_property
    def key(self) -> str:
        """What tells it from others; another address or occasion is another subscription."""
        left_out = {"secret"} if self.feeds else {"secret", "feeds"}
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode()).hexdigest()[:32]

    def covers(self, source_id: str) -> bool:
        """Whether it is about receipts of that source."""
        return not self.feeds and (not self.sources or source_id in self.sources)
