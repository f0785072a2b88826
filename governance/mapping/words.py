"""From a header to what it speaks of: words without accents or plural, then concepts of ``concepts.yaml``."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from governance.yaml_text import parse_yaml

_DECLARED: dict[str, Any] = parse_yaml((Path(__file__).parent / "concepts.yaml").read_text(encoding="utf-8"))
_JOINED = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ANSWERS = re.compile(r"\b(oui|o|vrai|true|yes|1)\s*(/|\bou\b)\s*(non|n|faux|false|no|0)\b", re.IGNORECASE)
"""Answers to choose from, behind a question: ``(oui/non)``, ``O/N``."""
_SIGNS: dict[str, str] = _DECLARED["signs"]
_PARTICIPLE = re.compile("é(?:e?s?)$", re.IGNORECASE)
_TYPING_ERROR = 88
"""Least likeness (0 to 100) at which a word is taken for a misspelt known one."""
_LEAST_LETTERS = 6
"""Shorter words are too near to one another to be corrected."""
_LEAST_STEM = 5
"""Letters that two words must share from the first on to be of one stem."""
_LEAST_CUT = 3
"""Letters of the shortest abbreviation."""
_LEAST_GUESS = 4
"""Letters of the shortest word that is taken for the beginning of a known one."""
_SHAPEFILE_NAME = 10
"""Letters that a Shapefile (dBASE III) leaves of a field's name."""
_MOST_PIECES = 4
"""Words that may be written as one (``nomdubeneficiaire``)."""


@dataclass(frozen=True)
class Meaning:
    """What a text speaks of: concepts known, words that are none, and concepts that are only guessed at."""

    concepts: frozenset[str]
    words: frozenset[str]
    guessed: frozenset[str] = frozenset()
    """Those of the concepts that a word cut short stands for, as ``benefic``."""
    implied: frozenset[str] = frozenset()
    """Those that nothing says and that go without saying: the amount of "Subvention", the name of "Association"."""
    asides: frozenset[str] = frozenset()
    """What is only said in a clause or note that follows: ``qui produit`` in "nom de la collectivité qui produit"."""
    said: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Concept or word → the words of the text that say it."""

    @property
    def head(self) -> str:
        """The kind of thing that is spoken of: what is said first that is no party, no label and no unknown word."""
        plain = [sign for sign in self.said if sign in self.concepts and sign not in _ASIDE_OF_HEADS]
        return plain[0] if plain else ""

    @property
    def all(self) -> frozenset[str]:
        """Concepts and words together; a word never bears a concept's sign."""
        return self.concepts | self.words


def _singular(word: str) -> str:
    """Return a folded word without the marks of plural and of a feminine participle (``attribuées``, ``attribué``)."""
    word = word[:-1] if len(word) > 3 and word.endswith(("s", "x")) else word
    return word[:-1] if len(word) > 4 and word.endswith("ee") else word


def _parted(text: str) -> list[str]:
    """Return the words of a text as spaces, signs and capitals part them; answers to choose from are none."""
    text = _ANSWERS.sub(" ", unicodedata.normalize("NFC", _mended(text)))
    for sign, words in _SIGNS.items():
        text = text.replace(sign, f" {words} ")
    return re.findall(r"[^\W_]+", _JOINED.sub(" ", text))


def _mended(text: str) -> str:
    """Return a text whose UTF-8 was read in another encoding (``BÃ©nÃ©f.``) as it was meant, without lost letters."""
    text = text.replace("\N{REPLACEMENT CHARACTER}", "")
    if "Ã" in text or "Â" in text:
        for encoding in ("cp1252", "latin-1"):
            try:
                return text.encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
    return text


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    return _singular("".join(sign for sign in plain if not unicodedata.combining(sign)).casefold())


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a header (``nomBeneficiaire``, ``NOM_BENEF``), folded and singular, in order."""
    return tuple(map(_folded, _parted(text)))


_NEUTRAL = frozenset(word for text in _DECLARED["neutral"] for word in words_of(str(text)))
_CLAUSE = frozenset(word for text in _DECLARED["clause"] for word in words_of(str(text)))
ALONE = {f"@{name}": f"@{each['alone']}" for name, each in _DECLARED["concepts"].items() if "alone" in each}
PERHAPS = {f"@{name}": f"@{each['perhaps']}" for name, each in _DECLARED["concepts"].items() if "perhaps" in each}
NEAR = frozenset(frozenset(f"@{name}" for name in pair) for pair in _DECLARED["near"])
APART = frozenset(f"@{name}" for name, each in _DECLARED["concepts"].items() if each.get("apart"))
MEASURED = frozenset(f"@{name}" for name, each in _DECLARED["concepts"].items() if each.get("apart") == "measured")


_ASIDE_OF_HEADS = ALONE.keys() | {f"@{name}" for name in _DECLARED["labels"]}


def _without_neutral(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _NEUTRAL)


_PHRASES = {
    _without_neutral(words_of(str(phrase))): f"@{name}"
    for name, each in _DECLARED["concepts"].items()
    for phrase in (*each["words"], *each.get("doubtful", ()))
}
_DOUBTFUL = frozenset(
    words_of(str(phrase)) for each in _DECLARED["concepts"].values() for phrase in each.get("doubtful", ())
)
_ONLY = {
    word: f"@{name}"
    for name, each in _DECLARED["concepts"].items()
    for text in each.get("only", ())
    for word in words_of(str(text))
}
_ENDING = frozenset(map(str, _DECLARED["ending"]))
PARTIES = frozenset(sign for sign, meant in ALONE.items() if meant == "@name")
UNDERSTOOD = tuple(f"@{name}" for name in _DECLARED["understood"])
_VOCABULARY = frozenset(word for phrase in _PHRASES for word in phrase if len(word) > 1) | {
    word for word in _NEUTRAL if len(word) > 1
}
_LONGEST = max(map(len, _PHRASES))
_SINGLE = [phrase[0] for phrase in _PHRASES if len(phrase) == 1 and len(phrase[0]) >= _LEAST_LETTERS]


_VALUES = {_folded(str(word)): name for name, words in _DECLARED["values"].items() for word in words}


def value_words(text: str) -> frozenset[str]:
    """Return what a cell says, by the words that lists of values use: ``En espèces`` → ``numeraire``."""
    return frozenset(_VALUES.get(word, word) for word in _without_neutral(words_of(text)))


def is_misspelt(one: str, other: str) -> bool:
    """Tell whether two words are one but for a typing error; digits are never one."""
    long_enough = min(len(one), len(other)) >= _LEAST_LETTERS and not re.search(r"\d", one + other)
    if not long_enough:
        return False
    is_swapped = sorted(one) == sorted(other) and OSA.distance(one, other) == 1
    return is_swapped or fuzz.ratio(one, other) >= _TYPING_ERROR


@lru_cache(maxsize=8192)
def _unglued(word: str) -> tuple[str, ...]:
    """Return the known words that one is made of (``MONTANTVOTE``), the fewest; itself where a rest would be left."""
    folded = _folded(word)
    if len(folded) < _LEAST_LETTERS or len(word) < len(folded) or _known(folded) != (folded, False):
        return (word,)
    if folded in _VOCABULARY:
        return (word,)
    reached: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            before = reached.get(start)
            if before is None or len(before) == _MOST_PIECES or _folded(word[start:end]) not in _VOCABULARY:
                continue
            if end not in reached or len(before) + 1 < len(reached[end]):
                reached[end] = (*before, word[start:end])
    whole = reached.get(len(word))
    return whole or (_cut_by_shapefile(word, reached) if len(word) == _SHAPEFILE_NAME else (word,))


def _cut_by_shapefile(word: str, reached: Mapping[int, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the known words that a name of ten letters is made of, the last cut short (``NOMBENEFIC``)."""
    for start in sorted(reached, reverse=True):
        rest = _folded(word[start:])
        if start and len(rest) >= _LEAST_GUESS and any(known.startswith(rest) for known in _SINGLE):
            return (*reached[start], word[start:])
    return (word,)


def _spelt(text: str) -> list[str]:
    """Return the words of a text as they stand in it, in order, those parted too that are written as one."""
    return [piece for word in _parted(text) for piece in _unglued(word)]


def _read(text: str) -> tuple[str, ...]:
    """Return the words of a header, folded; a last "le", as in "Voté le", says when."""
    words = tuple(map(_folded, _spelt(text)))
    return (*words[:-1], "date") if len(words) > 1 and words[-1] in _ENDING else words


@lru_cache(maxsize=65536)
def kinship(one: str, other: str) -> float:
    """Return how near two signs are, 0 to 1: the same, a typing error, near concepts, one stem, an abbreviation."""
    if one == other:
        return 1.0
    if one.startswith("@") or other.startswith("@"):
        return 0.75 if frozenset((one, other)) in NEAR else 0.0
    if is_misspelt(one, other):
        return 0.9
    return 0.7 if _is_derived(one, other) else 0.0


def _is_derived(one: str, other: str) -> bool:
    """Tell whether two words have a stem in common, or one is the other cut short."""
    short, long = sorted((one, other), key=len)
    shared = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    is_cut = shared == len(short) >= _LEAST_CUT
    return not re.search(r"\d", one + other) and (is_cut or (shared >= _LEAST_STEM and shared >= 0.6 * len(long)))


def _known(word: str) -> tuple[str, bool]:
    """Return the known word that a word stands for, or itself, and whether that is only a guess."""
    if len(word) < _LEAST_GUESS or (word,) in _PHRASES:
        return word, False
    found = process.extractOne(word, _SINGLE, scorer=fuzz.ratio, score_cutoff=_TYPING_ERROR)
    if found and is_misspelt(word, found[0]):
        return found[0], False
    whole = {_PHRASES[single,]: single for single in _SINGLE if single.startswith(word)}
    if len(whole) == 1:
        return next(iter(whole.values())), True
    return _without_mark(word), _without_mark(word) != word


def _without_mark(word: str) -> str:
    """Return a known word without the letter that marks one of several columns of it (``SUBVF``, ``SUBVI``)."""
    return word[:-1] if len(word) > _LEAST_GUESS and (word[:-1],) in _PHRASES else word


@lru_cache(maxsize=8192)
def meaning_of(text: str) -> Meaning:
    """Return the concepts and the other words of a header; the longest known phrase wins."""
    every, before_note = _read(text), len(_spelt(text.split("(")[0]))
    clause = next((n for n, word in enumerate(every) if n and word in _CLAUSE), len(every))
    is_said_by_clause = clause < len(every) and not _without_neutral(every[clause:])
    clause = min(clause, before_note or clause)
    main = len(_without_neutral(every[:clause]))
    written = [word for word, folded in zip(_spelt(text), every, strict=True) if folded not in _NEUTRAL]
    if all(word.isdigit() for word in written):
        return _of_neutral(text, every)
    known = [
        # A participle is a whole word: "payé" is not "payeur" cut short.
        (word, False) if _PARTICIPLE.search(as_written) else _known(word)
        for word, as_written in zip(_without_neutral(every), written, strict=True)
    ]
    words = tuple(word for word, _ in known)
    concepts, others, guessed, said, place = set(), set(), set(), {}, 0
    asides: set[str] = set()
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            concept = _PHRASES.get(words[place : place + length])
            if concept:
                concepts.add(concept)
                asides |= {concept} if place >= main and concept not in said else set()
                said[concept] = " ".join(written[place : place + length])
                is_guessed = any(is_guess for _, is_guess in known[place : place + length])
                guessed |= {concept} if is_guessed or words[place : place + length] in _DOUBTFUL else set()
                place += length
                break
        else:
            others.add(words[place])
            asides |= {words[place]} if place >= main and words[place] not in said else set()
            said[words[place]] = written[place]
            place += 1
    # "Élus ayant voté" says of whom by words that are left out elsewhere: what it says is not all that it means.
    guessed |= concepts if is_said_by_clause else set()
    implied = _implied(concepts)
    if len(concepts) == 1 and all(word.isdigit() for word in others):
        guesses = {PERHAPS[concept] for concept in concepts if concept in PERHAPS}
        guessed |= guesses
        concepts |= guesses
        said |= dict.fromkeys(guesses, " ".join(written))
    return Meaning(
        frozenset(concepts | implied),
        frozenset(others),
        frozenset(guessed),
        frozenset(implied),
        frozenset(asides),
        said,
    )


def _implied(concepts: set[str]) -> set[str]:
    """Return what goes without saying where only a party or the grant is spoken of: its name, its amount."""
    of_parties = concepts & PARTIES
    spoken_of = of_parties or concepts & ALONE.keys()
    return {ALONE[one] for one in spoken_of} if concepts and concepts <= (ALONE.keys() | PARTIES) else set()


def _of_neutral(text: str, words: tuple[str, ...]) -> Meaning:
    """Return what a header may mean that says nothing but "attribué" or "total": a guess."""
    concepts = frozenset(_ONLY[word] for word in words if word in _ONLY)
    years = frozenset(word for word in words if word.isdigit())
    said = dict.fromkeys(concepts, text) | {year: year for year in years}
    return Meaning(concepts, years, guessed=concepts, said=said)
