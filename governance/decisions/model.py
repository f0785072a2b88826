"""What is asked of the policy engine and what it answers, as frozen models.

Its own file because every door (catalogue, file, feed, preview, export, console) speaks these words and nothing else.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Action = Literal["read", "use", "distribute", "derive", "aggregate"]
Channel = Literal["publish", "feed", "preview", "export"]
MaskName = Literal["show", "null", "hash", "truncate", "generalise"]
Generalisation = Literal["step", "month", "year", "department"]

PROVENANCE_COLUMNS = (
    "member_id", "source_id", "file_sha256", "line_number", "run_id", "contract_version", "overlap",
)  # fmt: skip
"""Columns that every shared table bears besides its contract's: where a row comes from, and who else gives it."""


class Frozen(BaseModel):
    """Base of what crosses the border to and from the policy engine: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Subject(Frozen):
    """Who asks: an account or machine, and the organisation (SIREN) it speaks for."""

    id: str = "public"
    organisation: str | None = Field(None, description="SIREN; nothing for somebody who speaks for nobody")
    roles: tuple[str, ...] = ()
    assurance: Literal["none", "low", "substantial", "high"] = "none"


class Target(Frozen):
    """What is asked for: a dataset, or one provider's part of it.

    The policy reads classification, steward and columns from its own facts, never from the caller.
    """

    dataset: str
    member_id: str | None = Field(None, description="id of the one provider whose rows are asked for")


class Context(Frozen):
    """For what, when and through which door."""

    channel: Channel = "feed"
    purpose: str | None = Field(None, description="DPV code, such as dpv:ResearchAndDevelopment")
    legal_basis: str | None = None
    agreement_id: str | None = None
    instant: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


class DecisionRequest(Frozen):
    """One question to the policy engine; never holds a value of a row."""

    subject: Subject = Subject()
    action: Action = "read"
    target: Target
    context: Context = Field(default_factory=Context)
    hands_over: bool = Field(True, exclude=True)
    """Whether something may be handed over on the answer; then the journal has an entry of it."""

    def to_input(self) -> dict[str, Any]:
        """The ``input`` document of OPA; what is not said is left out, so that the policy can tell."""
        return self.model_dump(mode="json", exclude_none=True)

    def question_key(self) -> str:
        """The question without its instant, as text: equal for equal questions."""
        return self.model_dump_json(exclude={"context": {"instant"}}, exclude_none=True)


class Mask(Frozen):
    """What one column shows, and for whose rows it shows nothing at all."""

    mask: MaskName
    length: int | None = Field(None, ge=0, description="characters kept by truncate")
    to: Generalisation | None = None
    step: float | None = Field(None, gt=0, description="width of the classes of a number, in the column's unit")
    null_for: tuple[str, ...] = Field((), description="ids of members that keep this column back for their rows")


class Duty(Frozen):
    """An obligation that comes with the rows."""

    code: str
    days: int | None = Field(None, gt=0, description="of delete_after: days after reception")


class Reason(Frozen):
    """One rule that made the answer, in both languages; ``docs/reasons/<code>.md`` says more."""

    code: str
    rule: str
    text_fr: str
    text_en: str
    change_fr: str = ""
    change_en: str = ""

    def text(self, language: str) -> str:
        """The sentence in French (``fr``) or, for anything else, in English."""
        return self.text_fr if language == "fr" else self.text_en

    def change(self, language: str) -> str:
        """What would change the answer, in French (``fr``) or, for anything else, in English."""
        return self.change_fr if language == "fr" else self.change_en


class Decision(Frozen):
    """The answer: allow, row filter, masks, duties, reasons, the policy that decided and how long it holds.

    ``row_filter`` is a UCAST tree: ``{}`` lets every row through, ``None`` lets none. A column that
    ``column_masks`` does not name is hidden.
    """

    allow: bool
    row_filter: Mapping[str, Any] | None = None
    column_masks: Mapping[str, Mask] = Field(default_factory=dict)
    duties: tuple[Duty, ...] = ()
    reasons: tuple[Reason, ...]
    policy_version: str | None = None
    valid_until: AwareDatetime
    agreement_id: str | None = Field(None, description="the agreement it rests on, for the journal and for masks")
    engine_decision_id: str | None = Field(None, description="the engine's own id of its answer, as in its log")

    @property
    def codes(self) -> tuple[str, ...]:
        """Reason codes, in order."""
        return tuple(reason.code for reason in self.reasons)

    def shows(self, column: str) -> bool:
        """Whether a column leaves at all, in whatever shape."""
        return self.allow and column in self.column_masks


_ENGINE_REASONS = {
    "policy_engine_unavailable": (
        "Le moteur de décision ne répond pas ; dans le doute, rien ne sort.",
        "The policy engine does not answer; in doubt, nothing leaves.",
    ),
    "policy_engine_outdated": (
        "Le moteur de décision répond avec des règles plus anciennes que celles en vigueur ; rien ne sort.",
        "The policy engine answers with rules older than those in force; nothing leaves.",
    ),
    "policy_engine_other_time": (
        "L'horloge du moteur de décision et celle de la plateforme ne sont pas d'accord : nul ne sait si la convention "
        "est en vigueur ; dans le doute, rien ne sort.",
        "The clocks of the policy engine and of the platform do not agree: nobody knows whether the agreement is in "
        "force; in doubt, nothing leaves.",
    ),
    "policy_answer_malformed": (
        "La réponse du moteur de décision n'est pas lisible ; dans le doute, rien ne sort.",
        "The answer of the policy engine cannot be read; in doubt, nothing leaves.",
    ),
}
ENGINE_REASON_CODES = tuple(_ENGINE_REASONS)


def denial_without_engine(code: str, instant: datetime, told_as: str | None = None) -> Decision:
    """The answer given when the engine gave none that counts: deny, and ask again at once.

    ``told_as`` is the engine's id of an answer that does not count.

    Raises:
        KeyError: the code is not one of ``ENGINE_REASON_CODES``.
    """
    french, english = _ENGINE_REASONS[code]
    reason = Reason(
        code=code,
        rule="governance.decisions.opa",
        text_fr=french,
        text_en=english,
        change_fr="Réessayez dans un instant ; si cela dure, prévenez la fédération.",
        change_en="Try again in a moment; if it lasts, tell the federation.",
    )
    until = instant + timedelta(seconds=1)
    return Decision(allow=False, reasons=(reason,), valid_until=until, engine_decision_id=told_as)
