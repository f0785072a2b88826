"""Why can X (not) read Y for Z? Any request, past or hypothetical, with every rule and the one that won."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

from governance.api.decision_words import filter_words
from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.console.shown import Shown
from governance.decisions.agreements import load_agreements
from governance.decisions.explain import ConsideredRule, Explanation, explain
from governance.decisions.model import Action, Channel, Context, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.legal_time import read_instant

ANONYMOUS = "public"


class Choice(Shown):
    """One value of a list of the form."""

    value: str
    label: Words


class Question(Shown):
    """What the form holds, as typed; a form that fails comes back with it."""

    organisation: str = ANONYMOUS
    dataset: str = ""
    action: str = "read"
    channel: str = "feed"
    purpose: str = ""
    instant: str = ""


class FormFault(Shown):
    """One field to mend."""

    field: str
    message: Words


class WhyPage(Shown):
    """The form, and the answer once a dataset was chosen."""

    question: Question
    organisations: tuple[Choice, ...]
    datasets: tuple[Choice, ...]
    actions: tuple[str, ...]
    channels: tuple[str, ...]
    purposes: tuple[str, ...]
    faults: tuple[FormFault, ...] = ()
    explanation: Explanation | None = None
    rows: Words | None = None
    """The row filter of the answer, in words."""

    @property
    def applying(self) -> tuple[ConsideredRule, ...]:
        """Rules that decide or apply, in the order of the explanation."""
        rules = self.explanation.rules if self.explanation else ()
        return tuple(rule for rule in rules if rule.is_decisive or rule.verdict == "matched")

    @property
    def others(self) -> tuple[ConsideredRule, ...]:
        """Rules that say nothing in this case."""
        rules = self.explanation.rules if self.explanation else ()
        return tuple(rule for rule in rules if rule not in self.applying)


def read_question(parameters: Mapping[str, str]) -> Question:
    """Return the form as it was sent; what is not of the form is left aside."""
    known = {name: parameters[name].strip()[:120] for name in Question.model_fields if name in parameters}
    return Question(**known)


def _instant(text: str) -> datetime:
    """An instant of the form; nothing is now.

    Raises:
        ValueError: no such instant.
    """
    return read_instant(text) if text else datetime.now(UTC)


def _faults(gate: Gate, question: Question) -> tuple[FormFault, ...]:
    federation = gate.platform.federation
    faults = []
    if question.organisation != ANONYMOUS and question.organisation not in federation.organisations:
        message = Words(fr="Choisissez un organisme de la liste.", en="Choose an organisation of the list.")
        faults.append(FormFault(field="organisation", message=message))
    if question.action not in get_args(Action):
        faults.append(FormFault(field="action", message=Words(fr="Choisissez une action.", en="Choose an action.")))
    if question.channel not in get_args(Channel):
        faults.append(FormFault(field="channel", message=Words(fr="Choisissez un canal.", en="Choose a channel.")))
    try:
        _instant(question.instant)
    except ValueError:
        message = Words(fr="Écrivez la date ainsi : 2026-01-31T12:00.", en="Write the date so: 2026-01-31T12:00.")
        faults.append(FormFault(field="instant", message=message))
    return tuple(faults)


def _request(gate: Gate, question: Question) -> DecisionRequest:
    who = gate.platform.federation.organisations.get(question.organisation)
    return DecisionRequest.model_validate(
        {
            "subject": Subject(id=f"hypothetical:{who.id}", organisation=who.siren) if who else Subject(),
            "action": question.action,
            "target": Target(dataset=question.dataset),
            "context": Context.model_validate(
                {
                    "channel": question.channel,
                    "purpose": question.purpose or None,
                    "instant": _instant(question.instant),
                }
            ),
        }
    )


def why_page(gate: Gate, question: Question) -> WhyPage:
    """Return the form with its answer; nothing is read or recorded, since nothing is handed over."""
    platform = gate.platform
    everybody = Choice(value=ANONYMOUS, label=Words(fr="Tout le monde (sans jeton)", en="Everybody (no token)"))
    known = platform.federation.organisations.values()
    organisations = (Choice(value=who.id, label=Words.same(who.name)) for who in known)
    agreements = load_agreements(platform.settings.federation_dir).values()
    faults = _faults(gate, question)
    explanation = None
    if question.dataset and not faults and isinstance(platform.pdp, OpaDecisionPoint):
        explanation = explain(platform.pdp, _request(gate, question))
    return WhyPage(
        question=question,
        organisations=(everybody, *organisations),
        datasets=tuple(
            Choice(value=one.id, label=Words(fr=one.title, en=one.title_en or one.title))
            for one in platform.contracts.values()
        ),
        actions=get_args(Action),
        channels=get_args(Channel),
        purposes=tuple(sorted({purpose for agreement in agreements for purpose in agreement.purposes})),
        faults=faults,
        explanation=explanation,
        rows=filter_words(explanation.decision.row_filter) if explanation else None,
    )
