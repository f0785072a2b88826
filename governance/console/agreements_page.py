"""Who was promised what and until when: each agreement as declared, how it stands today, who decided its steps."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

from governance.api.decision_words import duty_words, filter_words, mask_words, purpose_words
from governance.api.feeds import Words
from governance.console.agreement_bars import Bars, draw_bars
from governance.console.shown import Shown
from governance.console.source_state import title_of
from governance.contracts.model import ContractError
from governance.decisions.agreements import Agreement, Condition, State, load_agreements
from governance.decisions.changes import changes_declared
from governance.federation import DeclarationError
from governance.legal_time import LEGAL_TIME
from governance.pipeline.unusable import Unusable, unusable
from governance.platform import Platform

ENDS_SOON_DAYS = 60
Standing = Literal["in_force", "ends_soon", "to_come", "ended", "open", "suspended"]
"""How an agreement stands on a day; ``open`` is one that is not signed yet."""

_TREE_OPERATORS = {"not_in": "in", "not_startswith": "startswith", "not_contains": "contains"}
STATES: Mapping[State, Words] = {
    "requested": Words(fr="demandée", en="requested"),
    "offered": Words(fr="proposée", en="offered"),
    "agreed": Words(fr="convenue", en="agreed"),
    "finalized": Words(fr="signée", en="signed"),
    "suspended": Words(fr="suspendue", en="suspended"),
    "expired": Words(fr="expirée", en="expired"),
    "revoked": Words(fr="révoquée", en="revoked"),
    "renounced": Words(fr="abandonnée", en="renounced"),
    "refused": Words(fr="refusée", en="refused"),
}


class Party(Shown):
    """One side; ``id`` is absent where the declarations know no such SIREN."""

    id: str | None
    name: str


class Step(Shown):
    """One step of its life, and who decided it."""

    state: Words
    day: date
    by: Party
    note: str


class AgreementLine(Shown):
    """One agreement, told."""

    id: str
    title: str
    example: bool
    state: Words
    """Of today: one that is signed and past its last day is expired."""
    standing: Standing
    is_in_force_as_declared: bool
    """Whether the engine decides by what the declaration says now."""
    assigner: Party
    assignee: Party
    dataset: str
    dataset_title: Words
    purposes: tuple[tuple[str, Words], ...]
    valid_from: date
    valid_until: date
    days_left: int
    """Days that remain, today included; zero or less once it is over."""
    rows: Words
    columns: tuple[tuple[str, Words], ...]
    duties: tuple[Words, ...]
    steps: tuple[Step, ...]


class AgreementsPage(Shown):
    """Every agreement: what asks for a decision first, then by end."""

    today: date
    agreements: tuple[AgreementLine, ...]
    bars: Bars | None
    gone: tuple[str, ...] = ()
    """Ids that are declared no more and still in force."""
    unusable: Unusable | None = None
    """Why the declarations cannot be read now; what is in force stays in force."""

    def count(self, *standings: Standing) -> int:
        """How many stand so."""
        return sum(1 for one in self.agreements if one.standing in standings)


def agreements_page(platform: Platform, today: date | None = None) -> AgreementsPage:
    """Return every declared agreement as it stands on a day, in French legal time."""
    day = today or datetime.now(UTC).astimezone(LEGAL_TIME).date()
    try:
        declared = load_agreements(platform.settings.federation_dir)
        changes = changes_declared(platform.settings).get("agreements", {})
    except (DeclarationError, ContractError) as error:
        return AgreementsPage(today=day, agreements=(), bars=None, unusable=unusable(platform.settings, error))
    elsewise = {*changes.get("added", ()), *changes.get("changed", ())}
    told = (_line(platform, one, day, is_in_force=one.id not in elsewise) for one in declared.values())
    ordered = tuple(sorted(told, key=lambda line: (_ORDER.index(line.standing), line.valid_until, line.id)))
    spans = [(one.id, one.title, one.valid_from, _last_day(declared[one.id]), one.standing) for one in ordered]
    gone = tuple(changes.get("removed", ()))
    return AgreementsPage(today=day, agreements=ordered, bars=draw_bars(spans, day), gone=gone)


_ORDER: tuple[Standing, ...] = ("ends_soon", "open", "suspended", "to_come", "in_force", "ended")


def _line(platform: Platform, one: Agreement, day: date, *, is_in_force: bool) -> AgreementLine:
    standing = standing_on(one, day)
    columns = {name: mask_words(mask) for name, mask in one.columns.items()}
    is_expired = standing == "ended" and one.state == "finalized"
    return AgreementLine(
        id=one.id,
        title=one.title,
        example=one.example,
        state=STATES["expired" if is_expired else one.state],
        standing=standing,
        is_in_force_as_declared=is_in_force,
        assigner=_party(platform, one.assigner),
        assignee=_party(platform, one.assignee),
        dataset=one.target,
        dataset_title=title_of(platform, one.target),
        purposes=tuple((code, purpose_words(code)) for code in one.purposes),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        days_left=(one.valid_until - day).days + 1,
        rows=filter_words(_tree(one.row_filter)),
        columns=tuple(columns.items()),
        duties=tuple(duty_words(duty) for duty in one.duties),
        steps=tuple(
            Step(state=STATES[step.state], day=step.day, by=_party(platform, step.by), note=step.note)
            for step in one.history
        ),
    )


def standing_on(one: Agreement, day: date) -> Standing:
    """Return how an agreement stands on a day."""
    if one.state == "suspended":
        return "suspended"
    if one.state in ("requested", "offered", "agreed"):
        return "open"
    if one.state != "finalized" or day > one.valid_until:
        return "ended"
    if day < one.valid_from:
        return "to_come"
    return "ends_soon" if (one.valid_until - day).days < ENDS_SOON_DAYS else "in_force"


def _last_day(one: Agreement) -> date:
    """The last day on which it held or will hold; one that was never signed is drawn as long as it was asked for."""
    steps = [step.day for step in one.history if step.state == one.state]
    is_cut_short = one.state in ("revoked", "renounced", "refused") and bool(steps)
    return max(one.valid_from, min(one.valid_until, steps[-1])) if is_cut_short else one.valid_until


def _party(platform: Platform, siren: str) -> Party:
    who = platform.federation.by_siren.get(siren)
    return Party(id=who.id, name=who.name) if who is not None else Party(id=None, name=f"SIREN {siren}")


def _tree(conditions: Iterable[Condition]) -> dict[str, Any]:
    """Conditions as the engine writes a row filter, so that both are told in the same words."""
    parts = []
    for one in conditions:
        operator = _TREE_OPERATORS.get(one.operator, one.operator)
        part = {"type": "field", "operator": operator, "field": f"row.{one.column}", "value": one.value}
        is_negated = operator != one.operator
        parts.append({"type": "compound", "operator": "not", "value": [part]} if is_negated else part)
    return {"type": "compound", "operator": "and", "value": parts} if parts else {}
