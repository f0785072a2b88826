"""From a header to what it speaks of: words without accents or plural, then concepts of ``concepts.yaml``."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from governance.yaml_text import parse_yaml

_DECLARED: dict[str, Any] = parse_yaml((Path(__file__).parent / "concepts.yaml").read_text(encoding="utf-8"))
_JOINED = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TYPING_ERROR = 88
"""Least likeness (0 to 100) at which a word is taken for a misspelt known one."""
_LEAST_LETTERS = 6
"""Shorter words are too near to one another to be corrected."""


@dataclass(frozen=True)
class Meaning:
    """What a text speaks of: concepts known, and words that are none."""

    concepts: frozenset[str]
    words: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Concepts and words together; a word never bears a concept's sign."""
        return self.concepts | self.words


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith(("s", "x")) else word


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a header (``nomBeneficiaire``, ``NOM_BENEF``), folded and singular, in order."""
    plain = unicodedata.normalize("NFKD", _JOINED.sub(" ", unicodedata.normalize("NFC", text)))
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()
    return tuple(_singular(word) for word in re.findall(r"[^\W_]+", bare))


_NEUTRAL = frozenset(word for text in _DECLARED["neutral"] for word in words_of(str(text)))
ENTITIES = frozenset(f"@{name}" for name, each in _DECLARED["concepts"].items() if each.get("entity"))
APART = frozenset(f"@{name}" for name, each in _DECLARED["concepts"].items() if each.get("apart"))


def _without_neutral(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _NEUTRAL)


_PHRASES = {
    _without_neutral(words_of(str(phrase))): f"@{name}"
    for name, each in _DECLARED["concepts"].items()
    for phrase in each["words"]
}
_LONGEST = max(map(len, _PHRASES))
_SINGLE = [phrase[0] for phrase in _PHRASES if len(phrase) == 1 and len(phrase[0]) >= _LEAST_LETTERS]


def _corrected(word: str) -> str:
    if len(word) < _LEAST_LETTERS or (word,) in _PHRASES:
        return word
    found = process.extractOne(word, _SINGLE, scorer=fuzz.ratio, score_cutoff=_TYPING_ERROR)
    return found[0] if found else word


@lru_cache(maxsize=8192)
def meaning_of(text: str) -> Meaning:
    """Return the concepts and the other words of a header; the longest known phrase wins."""
    words = tuple(_corrected(word) for word in _without_neutral(words_of(text)))
    concepts, others, place = set(), set(), 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            concept = _PHRASES.get(words[place : place + length])
            if concept:
                concepts.add(concept)
                place += length
                break
        else:
            others.add(words[place])
            place += 1
    if concepts and concepts <= ENTITIES and not others:
        concepts.add("@name")
    return Meaning(frozenset(concepts), frozenset(others))
