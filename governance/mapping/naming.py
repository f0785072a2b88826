"""How well a header names a column of a contract: by spelling, words, synonyms, and what its description says."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.contracts.model import Column, Contract
from governance.intake.header import fold
from governance.mapping.reasons import Reason
from governance.mapping.words import (
    ALONE,
    APART,
    MEASURED,
    PARTIES,
    UNDERSTOOD,
    Meaning,
    is_misspelt,
    kinship,
    meaning_of,
)

SPELLING = 0.87
"""Score of a header that is the column's name but for a typing error."""
DESCRIBED = 0.6
"""Highest score of a header that only the column's description speaks of."""
SUPPORT = 0.4
"""What a word of the description counts for, beside one of the column's names."""
ASIDE = 0.3
"""What a word of an explaining clause counts for, beside one that stands before it."""
LEFT_OUT = 0.8
"""What it counts for that a bare name or number is understood to be the column's party's."""
OWNED = frozenset({"@name", "@identifier", "@siret", "@siren", "@rna"})
"""What must be somebody's: a name or number that does not say whose is understood to be the likeliest party's."""
OTHER_KIND = 0.75
"""What is left of the score of a header whose first noun the column does not bear: "Date de notification" is a date."""
KINDS = {
    "date": {"@date"}, "datetime": {"@date"}, "number": {"@amount", "@count", "@money"}, "integer": {"@count"},
    "boolean": {"@presence"}, "uri": {"@website"}, "email": {"@email"},
}  # fmt: skip
"""What goes without saying of a column by its type or format: "Date d'installation" is a day's "Installation"."""
THEME = 0.1
"""What a word of the dataset's title counts for."""
LABELS = frozenset({"@name", "@label"})
NO_NAMES = frozenset({"@phone", "@email", "@website", "@siret", "@siren", "@rna", "@date", "@postcode", "@insee"})
"""What is no name: "Nom du site" is not its telephone."""
MERE_KINDS = frozenset(
    {"@date", "@number", "@identifier", "@code", "@type", "@kind", "@name", "@label", "@reference", "@count", "@amount"}
)
"""Kinds of things, of which a header must say more to be told apart: "Date de naissance" is not any date."""
OF_A_KIND = 0.7
"""What is left of the score of a header that has nothing but its kind in common with the column."""
EXPLAINED = 0.9
"""How near (0 to 1) a word of a header must come to one of the column to be accounted for."""


@dataclass(frozen=True)
class Named:
    """How well a header names a column (0 to 1), and why."""

    score: float
    reasons: tuple[Reason, ...] = ()


def weights_of(contract: Contract, theme: frozenset[str]) -> Mapping[str, float]:
    """Return what each sign counts for: one that many columns or the dataset's title bear tells little."""
    counted = Counter(sign for column in contract.columns for sign in Told.of(column, theme).named)
    total = len(contract.columns)
    weights = {sign: 0.35 + math.log1p(total / count) / math.log1p(total) for sign, count in counted.items()}
    return weights | dict.fromkeys(theme, THEME)


def theme_of(contract: Contract) -> frozenset[str]:
    """Return what the whole dataset speaks of: said of one column it adds nothing."""
    named = meaning_of(f"{contract.id} {contract.title}")
    return named.words | (named.concepts & ALONE.keys())


def understood_of(contract: Contract, theme: frozenset[str]) -> str:
    """Return whose a bare name or number is in such a file, as ``@beneficiary``; empty where nobody's."""
    named = frozenset(sign for column in contract.columns for sign in Told.of(column, theme).named) - theme
    return next((whose for whose in UNDERSTOOD if whose in named), "")


@dataclass(frozen=True)
class Subject:
    """What a contract speaks of: its theme, what each sign counts for, whose a bare name or number is."""

    theme: frozenset[str]
    weights: Mapping[str, float]
    understood: str

    @classmethod
    def of(cls, contract: Contract) -> "Subject":
        """Read a contract's id, title and columns."""
        told = [Told.of(column, frozenset()) for column in contract.columns]
        alone = {sign for each in told for reading in each.readings for sign in reading.all if len(reading.all) == 1}
        theme = theme_of(contract) - alone
        return cls(theme, weights_of(contract, theme), understood_of(contract, theme))


@dataclass(frozen=True)
class Told:
    """What a contract says of a column: each of its names read alone, all of them together, its description."""

    readings: tuple[Meaning, ...]
    named: frozenset[str]
    described: frozenset[str]
    kinds: frozenset[str]
    is_text: bool

    @classmethod
    def of(cls, column: Column, theme: frozenset[str]) -> "Told":
        """Read a column's name, titles and description."""
        texts = (column.name, column.title, column.title_en)
        every = [meaning for text in texts if text and (meaning := meaning_of(text)).all]
        # A name that leaves out whose it is hides what sets the column apart: "SIRET" may be anybody's.
        whose = ALONE.keys() - theme
        readings = tuple(one for one in every if not any((other.all - one.all) & whose for other in every))
        named = frozenset().union(*(reading.all for reading in readings))
        kinds = frozenset(KINDS.get(column.type, ())) | frozenset(KINDS.get(column.format, ()))
        return cls(readings, named, meaning_of(column.description).all, kinds, column.type == "string")


def _nearest(sign: str, others: frozenset[str]) -> float:
    return max((kinship(sign, other) for other in others), default=0.0)


def _likeness(header: Meaning, column: Told, weights: Mapping[str, float], left_out: frozenset[str]) -> float:
    """Return the harmonic mean of what the two share, by weight; words of the description count for less.

    ``left_out`` counts in part as said by a header that leaves it out.
    """

    def weigh(signs: Iterable[str]) -> float:
        return sum(weights.get(sign, 0.8) for sign in signs)

    def met(sign: str) -> float:
        said = max(_nearest(sign, header.all - header.asides), ASIDE * _nearest(sign, header.asides))
        return max(said, LEFT_OUT) if sign in left_out else said

    kin = {sign: _nearest(sign, column.named) for sign in header.all}
    if _says_another_thing(header, column) or not any(kin.values()):
        return 0.0
    told = {
        sign: 1.0 if sign in column.kinds else max(near, SUPPORT * _nearest(sign, column.described))
        for sign, near in kin.items()
    }
    share = {sign: weights.get(sign, 0.8) * (ASIDE if sign in header.asides else 1) for sign in told}
    precision = sum(share[sign] * near for sign, near in told.items()) / sum(share.values())
    recall = max(
        sum(weights.get(sign, 0.8) * met(sign) for sign in reading.all) / weigh(reading.all)
        for reading in column.readings
    )
    shared = {sign for sign, near in kin.items() if near} - header.asides
    unsaid = {sign for sign, near in told.items() if not near and weights.get(sign, 0.8) > THEME}
    is_of_a_kind = shared <= MERE_KINDS and unsaid - header.asides
    recall *= OF_A_KIND if is_of_a_kind else 1
    return _of_its_kind(header, column) * 2 * precision * recall / (precision + recall) if recall else 0.0


def _of_its_kind(header: Meaning, column: Told) -> float:
    """Return 1, or less where the first noun of a header is a kind of thing that the column is not."""
    if not header.head:
        is_named = header.concepts - header.implied & LABELS and not column.named & LABELS
        return OTHER_KIND if is_named and column.named & NO_NAMES else 1.0
    is_near = _nearest(header.head, column.named) >= (0.1 if column.is_text else EXPLAINED)
    return 1.0 if is_near or header.head in column.kinds else OTHER_KIND


def _says_less(header: Meaning, column: Told, theme: frozenset[str]) -> bool:
    """Tell whether each name of the column says something that the header does not: "Bâtiment" is no identifier yet."""
    known = header.all | theme
    return all(any(_nearest(sign, known) < EXPLAINED for sign in reading.all) for reading in column.readings)


def _says_another_thing(header: Meaning, column: Told) -> bool:
    """Tell whether a header says what the column is not: asked for, refused; a text may be asked for."""
    apart = (header.concepts & APART) - column.named
    is_said_of_text = column.is_text and header.head in column.named
    return bool(apart - MEASURED if is_said_of_text else apart)


def _by_description(header: Meaning, column: Told, weights: Mapping[str, float]) -> float:
    """Return how much of a header the column's description speaks of; never enough to be sure."""
    described = column.described
    if header.concepts & APART:
        return 0.0
    whole = sum(weights.get(sign, 0.8) for sign in header.all)
    told = sum(weights.get(sign, 0.8) * _nearest(sign, described) for sign in header.all)
    return _of_its_kind(header, column) * DESCRIBED * told / whole if whole else 0.0


def _left_over(meaning: Meaning, column: Told, theme: frozenset[str]) -> list[str]:
    """Return the words of a header that neither the column's names nor the dataset account for.

    "Montant payé" is not known to be "montant", whatever else speaks for it: only a person can say.
    """
    told = column.named | theme | column.kinds
    return [
        words for sign, words in meaning.said.items() if sign in meaning.guessed or _nearest(sign, told) < EXPLAINED
    ]


def _is_typing_error(header: str, name: str) -> bool:
    """Tell whether a header is the name but for a slip; another word before (``nom``) or behind (``id``) is none."""
    is_longer = header.startswith(name) or name.startswith(header)
    is_one = header[:3] == name[:3] and is_misspelt(header, name)
    return is_one and not (is_longer and abs(len(header) - len(name)) > 1)


def _left_out(header: Meaning, column: Told, subject: Subject) -> str:
    """Return whose the header leaves out to be, where it is understood to be the column's: ``@beneficiary``."""
    says_whose = {party for party in PARTIES - subject.theme if _nearest(party, header.concepts)}
    is_bare = header.concepts & OWNED and not says_whose and subject.understood in column.named
    return subject.understood if is_bare else ""


def compare_names(header: str, column: Column, told: Told, subject: Subject) -> Named:
    """Return how well a header names a column of the contract that ``subject`` is of, and why."""
    folded, theme, weights = fold(header), subject.theme, subject.weights
    if folded in {fold(column.name), fold(column.title)}:
        return Named(1.0, (Reason("same"),))
    meaning = meaning_of(header)
    whose = _left_out(meaning, told, subject)
    is_bare = not meaning.concepts & (MERE_KINDS | NO_NAMES) and "@name" in told.named - meaning.all
    left_out = frozenset({whose} if whose else ()) | ({"@name"} if is_bare else frozenset())
    by_words = _likeness(meaning, told, weights, left_out)
    known = frozenset(sign for sign in meaning.concepts if _nearest(sign, told.named | theme) >= EXPLAINED)
    # A word that means something else is no slip: "NOM_COM_BENEFICIAIRE" is near, and a town.
    if _is_typing_error(folded, fold(column.name)) and known == meaning.concepts:
        return Named(max(by_words, SPELLING), (Reason("spelling"),))
    by_description = _by_description(meaning, told, weights)
    if by_description > by_words:
        return Named(by_description, (Reason("description"),))
    if not by_words:
        return Named(0.0)
    left = _left_over(meaning, told, theme)
    goes_without_saying = column.type not in ("string", "any") and meaning.implied & told.named
    doubts = (
        *((Reason("whose"),) if whose else ()),
        *((Reason("left", words=", ".join(left)),) if left else ()),
        *((Reason("implied"),) if goes_without_saying else ()),
        *((Reason("less"),) if _says_less(meaning, told, theme) else ()),
    )
    return Named(by_words, (Reason("words"), *doubts))
