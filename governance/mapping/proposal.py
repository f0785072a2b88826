"""For each column of a contract the best header of a file, with a score and why; never applied without a person."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import networkx
import polars as pl
from rapidfuzz import fuzz

from governance.contracts.model import Column, Contract
from governance.federation import Formats
from governance.intake.header import fold
from governance.mapping.values import fit, is_telling, looks_of_another_kind, sampled
from governance.mapping.words import APART, Meaning, meaning_of

SURE = 0.75
"""Score from which a proposal is called sure, if no other comes near."""
SHOWN = 0.3
"""Score under which nothing is proposed."""
MARGIN = 0.12
"""How far the next best header or column must stay behind a sure proposal."""
REASONS = {
    "same": ("même nom", "same name"),
    "words": ("mêmes mots ou synonymes", "same words or synonyms"),
    "spelling": ("orthographe proche", "near spelling"),
    "values": ("valeurs conformes : {share} %", "values fit: {share} %"),
    "misfit": ("valeurs peu conformes : {share} %", "few values fit: {share} %"),
    "rival": ("une autre colonne convient presque autant", "another column fits nearly as well"),
    "empty": ("aucune valeur à examiner", "no value to look at"),
}


@dataclass(frozen=True)
class Reason:
    """One piece of evidence; ``share`` is a percentage of the sampled values."""

    code: str
    share: int | None = None

    def text(self, language: str) -> str:
        """Return it in words."""
        return REASONS[self.code][language == "en"].format(share=self.share)


@dataclass(frozen=True)
class Match:
    """A header proposed for a column; ``header`` is null where none is. ``formats`` is how its values are written."""

    column: str
    header: str | None = None
    score: float = 0.0
    verdict: Literal["sure", "verify", "none"] = "none"
    reasons: tuple[Reason, ...] = ()
    formats: Formats = Formats()


@dataclass(frozen=True)
class _Pair:
    score: float
    reasons: tuple[Reason, ...]
    formats: Formats = Formats()


def _weights(contract: Contract) -> Mapping[str, float]:
    """A concept that many columns or the title of the dataset bear tells little."""
    told = [_readings(column) for column in contract.columns]
    theme = meaning_of(f"{contract.id} {contract.title}").words
    counted: dict[str, int] = {}
    for readings in told:
        for sign in frozenset().union(*(reading.all for reading in readings)):
            counted[sign] = counted.get(sign, 0) + 1
    total = len(told)
    weights = {sign: 0.35 + math.log1p(total / count) / math.log1p(total) for sign, count in counted.items()}
    return weights | dict.fromkeys(theme, 0.1)


def _readings(column: Column) -> list[Meaning]:
    texts = (column.name, column.title, column.title_en)
    return [meaning for text in texts if text and (meaning := meaning_of(text)).all]


def _likeness(header: Meaning, column: Meaning, allowed: frozenset[str], weights: Mapping[str, float]) -> float:
    """Return the harmonic mean of what the two share, by weight; words of the description are no strangers."""

    def weigh(signs: frozenset[str]) -> float:
        return sum(weights.get(sign, 0.8) for sign in signs)

    shared = weigh(header.all & column.all)
    if not shared or (header.concepts & APART) - column.concepts:
        return 0.0
    strangers = sum(weights.get(s, 0.8) * (0.3 if s in allowed else 1) for s in header.all - column.all)
    precision, recall = shared / (shared + strangers), shared / weigh(column.all)
    return 2 * precision * recall / (precision + recall)


def _named(header: str, column: Column, weights: Mapping[str, float]) -> _Pair:
    folded = fold(header)
    if folded in {fold(column.name), fold(column.title)}:
        return _Pair(1.0, (Reason("same"),))
    allowed = meaning_of(column.description).all
    by_words = max((_likeness(meaning_of(header), each, allowed, weights) for each in _readings(column)), default=0.0)
    by_spelling = fuzz.ratio(folded, fold(column.name)) / 100
    if by_spelling >= 0.9 and by_spelling > by_words and not meaning_of(header).concepts & APART:
        return _Pair(by_spelling * 0.95, (Reason("spelling"),))
    return _Pair(by_words, (Reason("words"),) if by_words else ())


def _with_values(named: _Pair, texts: Sequence[str], column: Column, contract: Contract) -> _Pair:
    if not named.score:
        return named
    if not texts:
        return _Pair(named.score * 0.95, (*named.reasons, Reason("empty")))
    share, formats = fit(texts, column, contract)
    if looks_of_another_kind(texts, column, contract):
        share = 0.0
    percent = Reason("values" if share >= 0.5 else "misfit", round(share * 100))
    bonus = 0.15 * share * (1 - named.score) if is_telling(column, contract) else 0.0
    is_same = named.reasons[0].code == "same"
    factor = 1.0 if is_same else 0.55 + 0.45 * min(1.0, share / 0.8)
    return _Pair(named.score * factor + bonus, (*named.reasons, percent), formats)


def _assign(scores: Mapping[tuple[str, int], float]) -> dict[str, int]:
    """Return the assignment with the greatest sum; each column and each header at most once."""
    graph = networkx.Graph()
    for (column, place), score in scores.items():
        graph.add_edge(("column", column), ("header", place), weight=score**2)
    found: dict[str, int] = {}
    for pair in networkx.max_weight_matching(graph):
        (_, column), (_, place) = sorted(pair, key=lambda node: node[0] != "column")
        found[column] = place
    return found


def _verdict(
    pair: _Pair, rivals: Sequence[float], repeated: bool
) -> tuple[Literal["sure", "verify"], tuple[Reason, ...]]:
    if repeated or max(rivals, default=0.0) > pair.score - MARGIN:
        return "verify", (*pair.reasons, Reason("rival"))
    misfits = any(reason.code == "misfit" for reason in pair.reasons)
    return ("sure" if pair.score >= SURE and not misfits else "verify"), pair.reasons


def propose(headers: Sequence[str], rows: pl.DataFrame | None, contract: Contract) -> list[Match]:
    """Return a match for each column of the contract, in its order.

    ``rows`` has a String column a header, named ``0``, ``1`` and so on, as readers give it; without it the headers
    alone are judged.
    """
    weights = _weights(contract)
    texts = [sampled(rows[str(place)]) if rows is not None else [] for place in range(len(headers))]
    pairs: dict[tuple[str, int], _Pair] = {}
    for column in contract.columns:
        for place, header in enumerate(headers):
            pair = _named(header, column, weights)
            pair = pair if rows is None else _with_values(pair, texts[place], column, contract)
            if pair.score >= SHOWN:
                pairs[column.name, place] = pair
    chosen = _assign({key: pair.score for key, pair in pairs.items()})
    folded = [fold(header) for header in headers]
    matches = []
    for column in contract.columns:
        at = chosen.get(column.name)
        if at is None:
            matches.append(Match(column.name))
            continue
        pair = pairs[column.name, at]
        rivals = [other.score for (name, place), other in pairs.items() if (name == column.name) != (place == at)]
        verdict, reasons = _verdict(pair, rivals, folded.count(folded[at]) > 1)
        matches.append(Match(column.name, headers[at], round(pair.score, 2), verdict, reasons, pair.formats))
    return matches
