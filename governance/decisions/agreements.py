"""Agreements as declared in ``federation/agreements/<id>.yaml``, read into frozen models and checked.

The words are those of ODRL (assigner, assignee, target, action, duty) and of the Data Privacy Vocabulary
(purpose, legal basis). Expiry is not a state that somebody must set: it is compared at each decision.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from governance.contracts.model import Contract
from governance.decisions.model import PROVENANCE_COLUMNS, Action, Channel, Duty, Frozen, Mask
from governance.decisions.ucast import MAX_EXACT_INTEGER, is_comparable
from governance.declaration import Identifier
from governance.declared_place import Place, Wrong, wrong_field
from governance.federation import DeclarationError, load_named
from governance.legal_time import LEGAL_TIME

State = Literal[
    "requested", "offered", "agreed", "finalized", "suspended", "expired", "revoked", "renounced", "refused",
]  # fmt: skip
Operator = Literal[
    "eq", "ne", "in", "not_in", "lt", "le", "gt", "ge",
    "startswith", "endswith", "contains", "not_startswith", "not_contains",
]  # fmt: skip
Scalar = str | int | float | bool | None
MAX_CONDITIONS = 8
_TEXT_OPERATORS = {"startswith", "endswith", "contains", "not_startswith", "not_contains"}
_RANGE_OPERATORS = {"lt", "le", "gt", "ge"}


class Condition(Frozen):
    """One comparison that a row must satisfy; all conditions of an agreement hold together."""

    column: str
    operator: Operator
    value: Annotated[Any, Field(description="a scalar; for in and not_in a list of scalars")]

    @model_validator(mode="after")
    def _value_fits_operator(self) -> "Condition":
        many = self.operator in {"in", "not_in"}
        if many != isinstance(self.value, list | tuple):
            kind = "takes_a_list" if many else "takes_one_value"
            raise wrong_field(kind, f"{{operator}} takes {'a list' if many else 'one value'}", operator=self.operator)
        if self.operator in _TEXT_OPERATORS and not isinstance(self.value, str):
            raise wrong_field("takes_a_text", "{operator} takes a text", operator=self.operator)
        if self.operator in _RANGE_OPERATORS and (self.value is None or isinstance(self.value, bool)):
            raise wrong_field("takes_an_order", "{operator} takes a number or a text", operator=self.operator)
        for value in self.values:
            _require_exact(value)
        return self

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The value, or the values of a list."""
        return tuple(self.value) if isinstance(self.value, list | tuple) else (self.value,)


def _require_exact(value: Any) -> None:
    """Refuse what would not survive the compile API, which writes numbers as 64-bit floats."""
    if not isinstance(value, str | int | float | bool | None):
        raise ValueError(f"{value!r} is not a text, a number, true, false or null (quote dates)")
    if isinstance(value, int) and abs(value) > MAX_EXACT_INTEGER:
        raise ValueError(f"{value} is beyond the integers that JSON carries exactly")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a filter compares with finite numbers only")


class StateChange(Frozen):
    """One step in the life of an agreement."""

    state: State
    day: date
    by: str = Field(description="SIREN of whoever decided")
    note: str = ""


class Quota(Frozen):
    """How many requests may be made under an agreement within how many seconds."""

    requests: int = Field(ge=1)
    seconds: int = Field(60, ge=1, le=86_400)


class Agreement(Frozen):
    """One agreement between an assigner and an assignee about one dataset."""

    id: Identifier
    title: str
    example: bool = Field(False, description="invented for the example federation, and shown as such")
    state: State
    assigner: str = Field(description="SIREN of the dataset's steward or of one of its providers")
    assignee: str = Field(description="SIREN")
    target: Identifier
    actions: tuple[Action, ...] = Field(min_length=1)
    purposes: tuple[str, ...] = Field(min_length=1, description="DPV codes")
    channels: tuple[Channel, ...] = ("feed", "preview", "export")
    legal_basis: str | None = Field(None, description="code of GDPR article 6, such as eu-gdpr:A6-1-e")
    valid_from: date = Field(description="first day, French legal time")
    valid_until: date = Field(description="last day, included, French legal time")
    row_filter: tuple[Condition, ...] = Field((), max_length=MAX_CONDITIONS)
    columns: Mapping[str, Mask] = Field(min_length=1, description="a column not named is hidden")
    duties: tuple[Duty, ...] = ()
    quota: Quota | None = Field(None, description="how often its feeds may be read; by default the installation's")
    history: tuple[StateChange, ...] = ()

    @field_validator("columns", mode="before")
    @classmethod
    def _expand_shorthand(cls, columns: Any) -> Any:
        """``column: show`` stands for ``column: {mask: show}``; a bare YAML null is the mask of that name."""
        if not isinstance(columns, Mapping):
            return columns
        full = {name: "null" if mask is None else mask for name, mask in columns.items()}
        return {name: {"mask": mask} if isinstance(mask, str) else mask for name, mask in full.items()}

    @model_validator(mode="after")
    def _is_consistent(self) -> "Agreement":
        if self.valid_until < self.valid_from:
            raise wrong_field("ends_before_it_begins", "valid_until lies before valid_from", "valid_until")
        if self.history and self.history[-1].state != self.state:
            said = "state {state} differs from the last of its history, {last}"
            raise wrong_field("not_in_history", said, "state", state=self.state, last=self.history[-1].state)
        for name, mask in self.columns.items():
            if (mask.mask == "truncate") != (mask.length is not None):
                said = "columns.{column}: truncate, and only truncate, takes a length"
                raise wrong_field("truncate_takes_length", said, "columns", name, column=name)
            if (mask.mask == "generalise") != (mask.to is not None) or (mask.to == "step") != (mask.step is not None):
                said = "columns.{column}: generalise takes 'to', and to: step takes 'step'"
                raise wrong_field("generalise_takes_to", said, "columns", name, column=name)
        return self

    @property
    def begins_at(self) -> datetime:
        """First instant of the first day, in UTC."""
        return datetime.combine(self.valid_from, time(), LEGAL_TIME).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """First instant after the last day, in UTC."""
        return datetime.combine(self.valid_until + timedelta(days=1), time(), LEGAL_TIME).astimezone(UTC)


def place_of(agreement_id: str, *field: str) -> Place:
    """Return where a field of an agreement stands."""
    return Place(Path("agreements") / f"{agreement_id}.yaml", field)


def check_against_contract(agreement: Agreement, contract: Contract) -> None:
    """Check that the agreement speaks of columns and types that the contract has.

    Raises:
        DeclarationError: with the agreement, the column and the reason.
    """
    known = {column.name: column.type for column in contract.columns} | dict.fromkeys(PROVENANCE_COLUMNS, "string")
    for name in (*agreement.columns, *(condition.column for condition in agreement.row_filter)):
        if name not in known:
            field = ("columns", name) if name in agreement.columns else ("row_filter",)
            french = f"Le jeu « {contract.id} » n'a pas de colonne « {name} »."
            wrong = Wrong(place_of(agreement.id, *field), french=french)
            raise DeclarationError(f"agreement {agreement.id}: {contract.id} has no column {name!r}", wrong)
    for condition in agreement.row_filter:
        for value in condition.values:
            if not is_comparable(known[condition.column], value):
                french = f"« {value} » n'est pas une valeur possible de la colonne « {condition.column} »."
                raise DeclarationError(
                    f"agreement {agreement.id}: {condition.column} is a {known[condition.column]}, not like {value!r}",
                    Wrong(place_of(agreement.id, "row_filter"), french=french),
                )


def load_agreement(path: Path) -> Agreement:
    """Read one agreement's file.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    return load_named(Agreement, path)


def load_agreements(root: Path) -> dict[str, Agreement]:
    """Read ``agreements/*.yaml`` under a federation's folder, keyed by id.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    return {path.stem: load_agreement(path) for path in sorted((root / "agreements").glob("*.yaml"))}
