"""For each column of a contract the best header of a file, with a score and why; never applied without a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import networkx
import polars as pl

from governance.contracts.model import Column, Contract
from governance.federation import Formats
from governance.intake.header import fold
from governance.mapping.naming import Told, compare_names, theme_of, weights_of
from governance.mapping.reasons import Reason
from governance.mapping.values import fit, is_telling, looks_of_another_kind, sampled

SURE = 0.75
"""Score from which a proposal is called sure, if no other comes near."""
SHOWN = 0.3
"""Score under which nothing is proposed."""
LOOKED_AT = 0.2
"""Score of a header's words from which its values are looked at too."""
CONFORMING = 0.9
"""Share of values (0 to 1) that must fit where nothing but them speaks for a match."""
MARGIN = 0.12
"""How far the next best header or column must stay behind a sure proposal."""
DOUBTFUL = SURE - 0.01
"""Highest score of a proposal that something speaks against: it may come first, and a person must say so."""
Verdict = Literal["sure", "verify", "none"]


@dataclass(frozen=True)
class Match:
    """A header proposed for a column; ``header`` is null where none is. ``formats`` is how its values are written."""

    column: str
    header: str | None = None
    score: float = 0.0
    verdict: Verdict = "none"
    reasons: tuple[Reason, ...] = ()
    formats: Formats = Formats()


@dataclass(frozen=True)
class _Pair:
    score: float
    reasons: tuple[Reason, ...]
    formats: Formats = Formats()


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


def _judged(pair: _Pair, rivals: Sequence[float], repeated: bool) -> _Pair:
    """Bring a pair that something speaks against under the score of a sure one."""
    reasons = pair.reasons
    if repeated or max(rivals, default=0.0) > pair.score - MARGIN:
        reasons = (*reasons, Reason("rival"))
    doubts = {"rival", "misfit", "left", "description"} & {reason.code for reason in reasons}
    score = min(pair.score, DOUBTFUL) if doubts else pair.score
    return _Pair(round(score, 2), reasons, pair.formats)


def _by_values_alone(
    columns: Sequence[Column], texts: Mapping[int, Sequence[str]], contract: Contract
) -> dict[tuple[str, int], _Pair]:
    """Return the pairs of a column and a header, both left over, whose values fit nothing else."""
    fitting: dict[tuple[str, int], _Pair] = {}
    for column in columns:
        for place, values in texts.items():
            share, formats = fit(values, column, contract)
            if share >= CONFORMING:
                fitting[column.name, place] = _Pair(SHOWN, (Reason("values", round(share * 100)),), formats)
    often = Counter(part for pair in fitting for part in pair)
    return {pair: found for pair, found in fitting.items() if all(often[part] == 1 for part in pair)}


def propose(headers: Sequence[str], rows: pl.DataFrame | None, contract: Contract) -> list[Match]:
    """Return a match for each column of the contract, in its order; ``sure`` is a score of ``SURE`` or more.

    ``rows`` has a String column a header, named ``0``, ``1`` and so on, as readers give it; without it the headers
    alone are judged.
    """
    theme = theme_of(contract)
    weights = weights_of(contract, theme)
    texts = [sampled(rows[str(place)]) if rows is not None else [] for place in range(len(headers))]
    pairs: dict[tuple[str, int], _Pair] = {}
    for column in contract.columns:
        told = Told.of(column, theme)
        for place, header in enumerate(headers):
            named = compare_names(header, column, told, weights, theme)
            pair = _Pair(named.score, named.reasons)
            if rows is not None and pair.score >= LOOKED_AT:
                pair = _with_values(pair, texts[place], column, contract)
            if pair.score >= SHOWN:
                pairs[column.name, place] = pair
    chosen = _assign({key: pair.score for key, pair in pairs.items()})
    left = {place: values for place, values in enumerate(texts) if values and place not in chosen.values()}
    alone = [column for column in contract.columns if column.name not in chosen and is_telling(column, contract)]
    by_values = _by_values_alone(alone, left, contract)
    chosen |= dict(by_values.keys())
    pairs |= by_values
    return [_match(column, headers, pairs, chosen) for column in contract.columns]


def _match(
    column: Column, headers: Sequence[str], pairs: Mapping[tuple[str, int], _Pair], chosen: Mapping[str, int]
) -> Match:
    at = chosen.get(column.name)
    if at is None:
        return Match(column.name)
    pair, folded = pairs[column.name, at], [fold(header) for header in headers]
    rivals = [other.score for (name, place), other in pairs.items() if (name == column.name) != (place == at)]
    pair = _judged(pair, rivals, folded.count(folded[at]) > 1)
    verdict: Verdict = "sure" if pair.score >= SURE else "verify"
    return Match(column.name, headers[at], pair.score, verdict, pair.reasons, pair.formats)


def accepted(
    matches: Sequence[Match],
    said: Mapping[str, str | None],
    headers: Sequence[str],
    rows: pl.DataFrame,
    contract: Contract,
) -> list[Match]:
    """Return the sure matches and those that a person named, in the contract's order.

    ``said`` is column → header, or null for the header that is proposed. A header that a person gives to a column is
    no longer any other's by itself.

    Raises:
        KeyError: with the column or header that is not there, or the column for which nothing is proposed.
    """
    proposed = {match.column: match for match in matches}
    taken: dict[str, str] = {}
    for name, header in said.items():
        header = header if header is not None else proposed[contract.column(name).name].header
        if header is None or header not in headers:
            raise KeyError(header or name)
        taken[name] = header
    chosen = []
    for match in matches:
        if match.column in taken:
            header = taken[match.column]
            texts = sampled(rows[str(headers.index(header))])
            formats = fit(texts, contract.column(match.column), contract)[1] if texts else Formats()
            score = match.score if header == match.header else 0.0
            chosen.append(Match(match.column, header, score, match.verdict, (Reason("person"),), formats))
        elif match.verdict == "sure" and match.header not in taken.values():
            chosen.append(match)
    return chosen
