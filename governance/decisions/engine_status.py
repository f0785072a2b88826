"""Which policy is in force, whether the engine answers by it, and what it refused."""

from typing import Literal

from governance.decisions.bundle import revisions_of
from governance.decisions.engine_records import BundleState, EngineRecords
from governance.decisions.model import Frozen
from governance.decisions.policy_client import PolicyClient
from governance.decisions.revisions import Activation
from governance.settings import Settings
from governance.state.database import open_database

Verdict = Literal["active", "refusing", "behind", "closed", "silent", "nothing"]
ONE_COMMAND = "command"
"""Name of an engine that lives as long as one command; nobody waits for what it says."""

_WORDS: dict[Verdict, tuple[str, str]] = {
    "active": (
        "Le moteur de décision applique la version en vigueur.",
        "The policy engine decides by the version in force.",
    ),
    "refusing": (
        "Le moteur de décision applique la version en vigueur, et refuse le paquet qu'on lui présente.",
        "The policy engine decides by the version in force, and refuses the bundle that it is offered.",
    ),
    "behind": (
        "Le moteur de décision répond avec une autre version que celle en vigueur : rien ne sort.",
        "The policy engine answers with another version than the one in force: nothing leaves.",
    ),
    "closed": (
        "Le moteur de décision n'a pas encore de règles : rien ne sort.",
        "The policy engine has no policies yet: nothing leaves.",
    ),
    "silent": (
        "Le moteur de décision ne répond pas : rien ne sort.",
        "The policy engine does not answer: nothing leaves.",
    ),
    "nothing": (
        "Aucune version n'a encore été mise en vigueur : rien ne sort.",
        "No version was put in force yet: nothing leaves.",
    ),
}


class PolicyStatus(Frozen):
    """Where policy and engine stand now; ``answers_with`` was asked, ``bundles`` is what the engines last reported."""

    verdict: Verdict
    text_fr: str
    text_en: str
    in_force: Activation | None
    answers_with: str | None
    bundles: tuple[BundleState, ...]

    @property
    def is_well(self) -> bool:
        """Whether the version in force is applied and no engine refuses what it is offered."""
        return self.verdict == "active"


def policy_status(settings: Settings, records: EngineRecords | None = None) -> PolicyStatus:
    """Ask the engine, and read what the engines reported."""
    records = records or EngineRecords(open_database(settings.database_address))
    known = revisions_of(settings).all()
    in_force = known[-1] if known else None
    client = PolicyClient.from_settings(settings)
    try:
        answers_with = client.revision()
        is_alive = answers_with is not None or client.is_alive()
    finally:
        client.close_connection()
    bundles = tuple(state for state in records.states() if state.engine != ONE_COMMAND)
    verdict = _verdict(in_force, answers_with, is_alive)
    if verdict == "active" and any(state.fault for state in bundles):
        verdict = "refusing"
    return PolicyStatus(
        verdict=verdict,
        text_fr=_WORDS[verdict][0],
        text_en=_WORDS[verdict][1],
        in_force=in_force,
        answers_with=answers_with,
        bundles=bundles,
    )


def _verdict(in_force: Activation | None, answers_with: str | None, is_alive: bool) -> Verdict:
    if in_force is None:
        return "nothing"
    if answers_with is None:
        return "closed" if is_alive else "silent"
    return "active" if answers_with == in_force.revision else "behind"
