"""Words for the identifiers that a dataset bears, in both languages."""

from functools import cache
from pathlib import Path
from typing import TypedDict

import yaml


class Words(TypedDict):
    """The same in French and English."""

    fr: str
    en: str


@cache
def all_words() -> dict[str, Words]:
    """Return identifier to words."""
    bases = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    return {base + name: words for base, names in bases.items() for name, words in names.items()}


def word_for(identifier: str, language: str) -> str:
    """Return what a person reads for an identifier; the identifier itself where nothing better is known."""
    words = all_words().get(identifier)
    return (words["fr"] if language == "fr" else words["en"]) if words else identifier
