"""Loads ``messages.yaml``: what each rule says to a clerk, in French and English."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from governance.contracts.model import Severity
from governance.yaml_text import parse_yaml


class Message(BaseModel):
    """What a rule is called and says, in French and English, and its severity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title_fr: str
    title_en: str
    fr: str
    en: str
    remedy_fr: str
    remedy_en: str
    severity: Severity = "blocks"

    def title(self, language: str) -> str:
        """Return what the rule is called on a page, in French unless English is asked for."""
        return self.title_en if language == "en" else self.title_fr


_TEXTS: dict[str, Any] = parse_yaml((Path(__file__).parent / "messages.yaml").read_text(encoding="utf-8"))


def _in(language: str, section: str) -> dict[str, str]:
    return {name: texts[language] for name, texts in _TEXTS[section].items()}


MESSAGES = {rule: Message.model_validate(texts) for rule, texts in _TEXTS["rules"].items()}
TYPES_FR, TYPES_EN = _in("fr", "types"), _in("en", "types")
LANGUAGES = ("fr", "en")
WRITE: dict[str, str] = _TEXTS["write"]
"""The remedy where the right writing is known, by language."""
WRITE_MERGED: dict[str, str] = _TEXTS["write_merged"]
"""The same for the code of a commune that is no more."""
WORDS = {"fr": _in("fr", "words"), "en": _in("en", "words")}
"""Words of the report page and of ``archipel check``, by language."""
