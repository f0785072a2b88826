"""The status of the policy engine as lines of text: what ``archipel policy status`` and ``make status`` print."""

from datetime import datetime
from typing import Literal

from governance.decisions.engine_status import PolicyStatus
from governance.legal_time import LEGAL_TIME

_WORDS = {
    "fr": ("en vigueur", "depuis le", "le moteur répond", "moteur", "active depuis le", "refusé", "rien"),
    "en": ("in force", "since", "the engine answers", "engine", "active since", "refused", "nothing"),
}


def _instant(at: datetime | None) -> str:
    return at.astimezone(LEGAL_TIME).strftime("%Y-%m-%d %H:%M:%S") if at else "?"


def status_lines(status: PolicyStatus, language: Literal["fr", "en"]) -> list[str]:
    """Return a sentence, the versions, and a line for each bundle of each engine."""
    in_force, since, answers, engine, active, refused, nothing = _WORDS[language]
    lines = [status.text_fr if language == "fr" else status.text_en]
    if status.in_force:
        lines.append(f"  {in_force}: {status.in_force.revision} {since} {_instant(status.in_force.at)}")
    if status.verdict == "behind":
        lines.append(f"  {answers}: {status.answers_with}")
    for state in status.bundles:
        what = f"{state.revision} {active} {_instant(state.active_since)}" if state.revision else nothing
        lines.append(f"  {engine} {state.engine}, {state.bundle}: {what}")
        if state.fault:
            lines.append(f"    {refused}: {state.fault}")
    return lines
