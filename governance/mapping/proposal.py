"""For each column of a contract the best header of a file, with a score and why; never applied without a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import networkx
import polars as pl

from governance.contracts.model import Column, Contract
from governance.federation import Formats, Organisation
from governance.intake.header import fold
from governance.mapping.coordinates import find_point
from governance.mapping.match import DOUBTFUL, SURE, Match, Verdict
from governance.mapping.naming import Subject, Told, compare_names
from governance.mapping.parsed import propose_parsed
from governance.mapping.reasons import Reason
from governance.mapping.values import CONFORMING, fit, is_telling, looks_of_another_kind, sampled

SHOWN = 0.15
"""Score under which nothing is proposed."""
BY_VALUES = 0.3
"""Score of a header that nothing but its values speak for."""
NAMESAKE = 0.3
"""What it counts for, while headers are given out, to bear the very name: no other column may take that header."""
POINT = 0.5
"""Score of a latitude and a longitude in one cell, which only a person can confirm."""
LOOKED_AT = 0.15
"""Score of a header's words from which its values are looked at too."""
MARGIN = 0.12
"""How far the next best header or column must stay behind a sure proposal."""


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
    """Return the assignment with the greatest sum; each column and each header at most once.

    Whole numbers, so that the order of a sum decides nothing; among equals the earlier header goes to the earlier
    column.
    """
    graph, order = networkx.Graph(), {column: n for n, column in enumerate(dict.fromkeys(name for name, _ in scores))}
    for (column, place), score in scores.items():
        weight = round(score**2 * 1e6) * 10**6 - place * (len(order) - order[column])
        graph.add_edge(("column", column), ("header", place), weight=weight)
    found: dict[str, int] = {}
    for pair in networkx.max_weight_matching(graph):
        (_, column), (_, place) = sorted(pair, key=lambda node: node[0] != "column")
        found[column] = place
    return found


def _doubted(pair: _Pair) -> _Pair:
    """Bring a pair that something speaks against under the score of a sure one."""
    codes = {reason.code for reason in pair.reasons}
    doubts = {"rival", "misfit", "left", "description", "whose", "less"} & codes
    is_unsaid = "implied" in codes and "values" not in codes
    return replace(pair, score=min(pair.score, DOUBTFUL)) if doubts or is_unsaid else pair


def _judged(pair: _Pair, rivals: Sequence[float], repeated: bool) -> _Pair:
    """Doubt a pair too that another header or column comes near."""
    if repeated or max(rivals, default=0.0) > pair.score - MARGIN:
        pair = _doubted(replace(pair, reasons=(*pair.reasons, Reason("rival"))))
    return replace(pair, score=round(pair.score, 2))


def _by_values_alone(
    columns: Sequence[Column], texts: Mapping[int, Sequence[str]], contract: Contract
) -> dict[tuple[str, int], _Pair]:
    """Return the pairs of a column and a header, both left over, whose values fit nothing else."""
    fitting: dict[tuple[str, int], _Pair] = {}
    for column in columns:
        for place, values in texts.items():
            share, formats = fit(values, column, contract)
            if share >= CONFORMING:
                fitting[column.name, place] = _Pair(BY_VALUES, (Reason("values", round(share * 100)),), formats)
    often = Counter(part for pair in fitting for part in pair)
    return {pair: found for pair, found in fitting.items() if all(often[part] == 1 for part in pair)}


def _by_point(columns: Sequence[Column], texts: Mapping[int, Sequence[str]]) -> dict[tuple[str, int], _Pair]:
    """Return the latitude and the longitude, both left over, with the one header whose cells hold both."""
    point = find_point(columns, texts)
    if point is None:
        return {}
    reasons = (Reason("point", round(point.share * 100)),)
    return {(name, point.place): _Pair(POINT, reasons, formats) for name, formats in point.formats.items()}


def propose(
    headers: Sequence[str],
    rows: pl.DataFrame | None,
    contract: Contract,
    member: Organisation | None = None,
    communes: Mapping[str, str] = MappingProxyType({}),
) -> list[Match]:
    """Return a match for each column of the contract, in its order; ``sure`` is a score of ``SURE`` or more.

    ``rows`` has a String column a header, named ``0``, ``1`` and so on, as readers give it; without it the headers
    alone are judged. What ``member`` declares of itself stands for columns that the file does not have;
    ``communes`` are the federation's, name → INSEE code.
    """
    subject = Subject.of(contract)
    texts = [sampled(rows[str(place)]) if rows is not None else [] for place in range(len(headers))]
    pairs: dict[tuple[str, int], _Pair] = {}
    for column in contract.columns:
        told = Told.of(column, subject.theme)
        for place, header in enumerate(headers):
            named = compare_names(header, column, told, subject)
            pair = _Pair(named.score, named.reasons)
            if rows is not None and pair.score >= LOOKED_AT:
                pair = _with_values(pair, texts[place], column, contract)
            if pair.score >= SHOWN:
                pairs[column.name, place] = pair
    chosen = _assign(
        {key: pair.score + (NAMESAKE if pair.reasons[0].code == "same" else 0) for key, pair in pairs.items()}
    )
    pairs = {key: _doubted(pair) for key, pair in pairs.items()}
    left = {place: values for place, values in enumerate(texts) if values and place not in chosen.values()}
    alone = [column for column in contract.columns if column.name not in chosen and is_telling(column, contract)]
    by_values = _by_point(alone, left)
    parted = {part for pair in by_values for part in pair}
    rest = [column for column in alone if column.name not in parted]
    others = {place: values for place, values in left.items() if place not in parted}
    by_values |= _by_values_alone(rest, others, contract)
    chosen |= dict(by_values.keys())
    pairs |= by_values
    matches = [_match(column, headers, pairs, chosen) for column in contract.columns]
    return propose_parsed(matches, headers, rows, contract, member, communes)


def _match(
    column: Column, headers: Sequence[str], pairs: Mapping[tuple[str, int], _Pair], chosen: Mapping[str, int]
) -> Match:
    at = chosen.get(column.name)
    if at is None:
        return Match(column.name)
    pair, folded = pairs[column.name, at], [fold(header) for header in headers]
    rivals = [other.score for (name, place), other in pairs.items() if (name == column.name) != (place == at)]
    if pair.reasons[0].code == "point":  # the other coordinate is no rival for the cell that holds both
        rivals = []
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
    taken: dict[str, str | None] = {}
    for name, header in said.items():
        found = proposed[contract.column(name).name]
        if header is None and not found.origin or header is not None and header not in headers:
            raise KeyError(header or name)
        taken[name] = found.header if header is None else header
    chosen = []
    for match in matches:
        if match.column in taken:
            header = taken[match.column]
            if header is None or header == match.header:
                chosen.append(replace(match, reasons=(Reason("person"),)))
                continue
            texts = sampled(rows[str(headers.index(header))])
            formats = fit(texts, contract.column(match.column), contract)[1] if texts else Formats()
            chosen.append(Match(match.column, header, 0.0, match.verdict, (Reason("person"),), formats))
        elif match.verdict == "sure" and match.header not in taken.values():
            chosen.append(match)
    return chosen
