"""Columns that no one header gives as it stands: made of several cells, of a part of one, of codes, or of no cell.

Nothing here is ever sure: values say that a parser reads them, not that it reads them as they were meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import polars as pl

from governance.contracts.model import Column, Contract
from governance.federation import ColumnFormats, Member, Organisation
from governance.intake.formats import UNREADABLE, effective, rewriting_of
from governance.intake.parsers import is_marked, join_cells
from governance.mapping.addresses import find_addresses
from governance.mapping.coded import code_values
from governance.mapping.communes import find_commune_codes
from governance.mapping.match import DOUBTFUL, FAINT, Match
from governance.mapping.reasons import Reason
from governance.mapping.values import CONFORMING, SAMPLE, fit, sampled
from governance.mapping.words import meaning_of

MADE = 0.5
"""Score of what is made of several cells, of a part of one or of none: only a person can confirm it."""
PARTED_BY = (" ", ",", ";", "/", "-", "|")
_DAY, _MONTH, _YEAR = frozenset({"@day"}), frozenset({"@month"}), frozenset({"@year"})
_LAST, _FIRST = frozenset({"@name"}), frozenset({"@first_name"})
_PEOPLE = frozenset({"@name", "@beneficiary", "@author", "@owner", "@manager", "@label"})
"""What the name of a person may be said with; an authority or a facility has no first name."""
_NUMBER, _STREET = frozenset({"@number"}), frozenset({"@street"})
_PARTIES = frozenset({"@authority", "@grantor"})


def propose_parsed(
    matches: Sequence[Match],
    headers: Sequence[str],
    rows: pl.DataFrame | None,
    contract: Contract,
    member: Organisation | None,
    communes: Mapping[str, str],
) -> list[Match]:
    """Return the matches with what parsers or the member's declaration give in place of those that do not fit."""
    found: dict[str, Match] = {}
    if rows is not None:
        texts = {header: sampled(rows[str(place)]) for place, header in enumerate(headers)}
        for made in (*_coded(matches, texts, contract), *_joined(matches, headers, rows, contract)):
            found.setdefault(made.column, made)
        free = frozenset(match.column for match in matches if _is_open(match))
        for column, header, formats, share in find_addresses(matches, free, texts, contract):
            found.setdefault(column, _made(column, "address", share, formats, header))
        for made in _split(matches, texts, contract):
            found.setdefault(made.column, made)
    used = {header for made in found.values() for header in made.headers}
    if rows is not None:  # after what is used, since the name of the commune stays its own column's too
        for column, header, formats, share in find_commune_codes(matches, free, texts, contract, communes):
            found.setdefault(column, _made(column, "communes", share, formats, header))
    kept = [Match(m.column) if m.header in used and m.verdict != "sure" else m for m in matches]
    for match in filter(_is_open, kept):
        known = None if match.column in found else _known(contract.column(match.column), member)
        found |= {match.column: known} if known else {}
    return [found.get(match.column, match) for match in kept]


def first_results(match: Match, headers: Sequence[str], rows: pl.DataFrame, column: Column, most: int) -> list[str]:
    """Return the first different values that a harvest would make, as the contract writes them; none where it fails."""
    rows = rows.head(SAMPLE)
    if match.constant is not None:
        return [match.constant][: rows.height]
    cells = [rows[str(headers.index(header))] for header in match.headers]
    whole = join_cells(cells, match.made.separator) if len(cells) > 1 else cells[0]
    frame = whole.alias(column.name).to_frame()
    expression = rewriting_of(column, effective(match.formats, match.made), from_workbook=False)
    value = pl.col(column.name)
    made = frame.select(expression.alias(column.name) if expression is not None else value)
    read = made.filter(is_marked(value).not_() & value.str.starts_with(UNREADABLE).not_()).to_series()
    return read.unique(maintain_order=True).head(most).to_list()


def _is_open(match: Match) -> bool:
    return match.verdict == "none" or match.score < FAINT or any(reason.code == "misfit" for reason in match.reasons)


def _made(column: str, reason: str, share: float, formats: ColumnFormats, header: str | None = None) -> Match:
    return Match(column, header, MADE, "verify", (Reason(reason, round(share * 100)),), formats)


def _coded(matches: Sequence[Match], texts: Mapping[str, Sequence[str]], contract: Contract) -> Iterator[Match]:
    """Give the columns with a list of values whose header bears other words for them."""
    for match in matches:
        allowed = contract.column(match.column).constraints.enum
        values = texts.get(match.header or "", ())
        if not allowed or not values or set(values) <= set(allowed):
            continue
        codes = code_values(values, [str(one) for one in allowed])
        if codes:
            share = Reason("codes", round(100 * len(codes) / len(values)))
            reasons = (*(r for r in match.reasons if r.code not in ("misfit", "values")), share)
            score = min(max(match.score, MADE), DOUBTFUL)
            yield replace(match, score=score, verdict="verify", reasons=reasons, formats=ColumnFormats(codes=codes))


def _joined(
    matches: Sequence[Match], headers: Sequence[str], rows: pl.DataFrame, contract: Contract
) -> Iterator[Match]:
    """Give a date out of day, month and year, an address out of number and street, a name out of both of a person's."""
    taken = frozenset(match.header for match in matches if match.header and not _is_open(match))
    for match in matches:
        column = contract.column(match.column)
        is_half = match.header is not None and meaning_of(match.header).all == _LAST and match.verdict != "sure"
        if not (_is_open(match) or is_half and _is_of_a_person(column, contract)):
            continue
        wanted: tuple[frozenset[str], ...]
        if column.type == "date":
            wanted, separator, notation = (_DAY, _MONTH, _YEAR), "/", {"date": "%-d/%-m/%Y"}
        elif column.type == "string" and "@address" in meaning_of(column.title or column.name).all:
            wanted, separator, notation = (_NUMBER, _STREET), " ", {}
        elif _is_of_a_person(column, contract):
            wanted, separator, notation = (_LAST, _FIRST), " ", {}
        else:
            continue
        named = _side_by_side(headers, wanted, taken - frozenset(match.headers))
        if not named:
            continue
        formats = ColumnFormats.model_validate({"join": named, "separator": separator, **notation})
        together = join_cells([rows[str(headers.index(header))] for header in named], separator)
        values = sampled(together)
        share = _share(values, column, contract, ColumnFormats.model_validate(notation))
        if share >= CONFORMING:
            yield _made(match.column, "join", share, formats)


def _is_of_a_person(column: Column, contract: Contract) -> bool:
    """Tell whether a column holds whole names of people: named so, in a contract that does not part them."""
    said = meaning_of(column.name).all | meaning_of(column.title or "").all
    theirs = any("@first_name" in meaning_of(f"{each.name} {each.title or ''}").all for each in contract.columns)
    return column.type == "string" and "@name" in said and said <= _PEOPLE and not theirs


def _side_by_side(headers: Sequence[str], wanted: Sequence[frozenset[str]], taken: frozenset[str]) -> tuple[str, ...]:
    """Return the headers that say each just one of the concepts; where several do, those that stand together."""
    free = [place for place, header in enumerate(headers) if header not in taken]
    choices = [[place for place in free if concepts == meaning_of(headers[place]).all] for concepts in wanted]
    found = list(product(*choices))
    if len(found) > 1:
        found = [places for places in found if max(places) - min(places) == len(places) - 1]
    return tuple(headers[place] for place in found[0]) if len(found) == 1 else ()


def _split(matches: Sequence[Match], texts: Mapping[str, Sequence[str]], contract: Contract) -> Iterator[Match]:
    """Give the two columns that one header names in one breath ("CP Ville"), in the order of its words."""
    opened = [contract.column(match.column) for match in matches if _is_open(match)]
    taken = {match.header for match in matches if match.verdict == "sure"}
    for header, values in texts.items():
        said = list(meaning_of(header).said) if values and header not in taken else []
        if len(said) != 2:
            continue
        named = [[column for column in opened if _names(column, sign)] for sign in said]
        if [len(each) for each in named] != [1, 1] or named[0] == named[1]:
            continue
        for sign in PARTED_BY:
            parts = [ColumnFormats(split=sign, part=part, parts=2) for part in (1, 2)]
            pairs = [(column, formats) for (column,), formats in zip(named, parts, strict=True)]
            share = min(_share(values, column, contract, formats) for column, formats in pairs)
            if share >= CONFORMING:
                yield from (_made(column.name, "split", share, formats, header) for column, formats in pairs)
                break


def _names(column: Column, sign: str) -> bool:
    """Tell whether a column is named by one concept: by it alone in a title or name, whose it is aside."""
    texts = (column.title, column.name)
    return any(sign in (said := meaning_of(text).all) and len(said) <= 2 for text in texts if text)


def _share(values: Sequence[str], column: Column, contract: Contract, formats: ColumnFormats) -> float:
    """Return the share of values out of which the formats make one that the contract takes, not empty."""
    if not values:
        return 0.0
    frame = pl.DataFrame({column.name: values}, schema={column.name: pl.String})
    expression = rewriting_of(column, formats, from_workbook=False)
    made = frame.select(expression.alias(column.name))[column.name] if expression is not None else frame[column.name]
    texts = [text for text in made.to_list() if text]
    pattern = r"^\d{5}$" if "@postcode" in meaning_of(column.name).all | meaning_of(column.title or "").all else ""
    right = [text for text in texts if re.search(pattern, text)]
    return fit(right, column, contract)[0] * len(right) / len(values) if right else 0.0


def _known(column: Column, member: Organisation | None) -> Match | None:
    """Return what the member's declaration says of every row of its files: its name, SIRET or INSEE code."""
    if member is None:
        return None
    said = meaning_of(column.name).all | meaning_of(column.title or "").all
    if not said & _PARTIES:
        return None
    declared = [source.constants[column.name] for source in member.sources if column.name in source.constants]
    if declared:
        return _constant(column, declared[0], "constant-elsewhere")
    if "@insee" in said:
        code = member.insee_code if isinstance(member, Member) else None
        return _constant(column, code, "constant") if code else None
    if "@siren" in said:
        return _constant(column, member.siren, "constant")
    if "@siret" in said:
        if member.siret:
            return _constant(column, member.siret, "constant")
        return _constant(column, _first_siret(member.siren), "constant-siret")
    return _constant(column, member.name, "constant") if "@name" in said else None


def _constant(column: Column, value: str, reason: str) -> Match:
    return Match(column.name, None, MADE, "verify", (Reason(reason),), constant=value)


def _first_siret(siren: str) -> str:
    """Return the SIRET of an organisation's first establishment: its SIREN, 0001 and the digit that Luhn's sum asks."""
    digits = [int(sign) for sign in f"{siren}0001"]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::-2])
    return f"{siren}0001{-(doubled + sum(digits[-2::-2])) % 10}"
