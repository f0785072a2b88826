"""Whether the values of a column could be those of a column of the contract, and how they are written."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import polars as pl
from stdnum.fr import siren, siret

from governance.contracts.checks import canonical_name
from governance.contracts.model import Column, Contract
from governance.federation import Formats
from governance.intake.casting import cast
from governance.intake.constraints import TYPED, constraints_of, typed
from governance.intake.dates import shape_of
from governance.intake.formats import UNREADABLE, effective, rewriting_of
from governance.intake.insee_codes import existed

SAMPLE = 500
"""Rows that are looked at; a town hall's habits show in far fewer."""
CONFORMING = 0.9
"""Share of values (0 to 1) that must fit where nothing but them speaks for a match."""
DAYS = ("%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d.%m.%Y", "%-d/%-m/%Y", "%d/%m/%y", "%d %B %Y", "%-d %B %Y")
YES_NO = ((("oui",), ("non",)), (("Oui",), ("Non",)), (("OUI",), ("NON",)), (("O",), ("N",)), (("vrai",), ("faux",)),
          (("VRAI",), ("FAUX",)), (("X",), ("-",)), (("1",), ("0",)), (("true",), ("false",)))  # fmt: skip
NUMBERS = (Formats(decimal=","), Formats(decimal=",", thousands=" "), Formats(decimal=".", thousands=" "),
           Formats(decimal=",", thousands="."), Formats(decimal=".", thousands=","))  # fmt: skip
_UNIT = re.compile(r"^[+-]?\d[\d\s.,]*?\s*(€|euros?|eur)\s*$", re.IGNORECASE)
"""A currency behind a number; one that multiplies (``k€``) is none, since it would have to be reckoned with."""
_NOTATIONS: dict[str, tuple[Formats, ...]] = {
    "date": tuple(Formats(date=day) for day in DAYS),
    "datetime": tuple(Formats(datetime=f"{day} %H:%M") for day in DAYS),
    "boolean": tuple(Formats(true=yes, false=no) for yes, no in YES_NO),
    "number": NUMBERS,
    "integer": NUMBERS,
}


def sampled(values: pl.Series) -> list[str]:
    """Return the different texts among the first values, without spaces around them."""
    kept = values.drop_nulls().head(SAMPLE).str.strip_chars().unique(maintain_order=True)
    return [text for text in kept.to_list() if text]


def _valid_share(texts: Sequence[str], column: Column, formats: Formats) -> float:
    frame = pl.DataFrame({column.name: texts}, schema={column.name: pl.String})
    rewriting = rewriting_of(column, effective(formats, None), from_workbook=False)
    if rewriting is not None:
        frame = frame.with_columns(rewriting.alias(column.name))
    frame = frame.with_columns(cast(column).alias(column.name + TYPED))
    broken = [rule.fill_null(False) for name, rule in constraints_of(column).items() if name != "required"]
    unread = typed(column.name).is_null() | pl.col(column.name).str.starts_with(UNREADABLE)
    return float(frame.select((~pl.any_horizontal(unread, *broken)).mean()).item())


def _checked_numbers(contract: Contract, column: str) -> Callable[[str], bool] | None:
    names = {canonical_name(check.name) for check in contract.checks if check.columns[:1] == (column,)}
    found: dict[str, Callable[[str], bool]] = {
        "french-siret-value": siret.is_valid,
        "french-siren-value": siren.is_valid,
        "insee-code-value": lambda code: existed(code, None),
    }
    return next((found[name] for name in names if name in found), None)


def _number_fit(text: str, check: Callable[[str], bool]) -> float:
    """A number of the right length with a wrong check digit is more often a mistake than another thing."""
    return 1.0 if check(text) else 0.6 if text.isdigit() and len(text) in (9, 14) else 0.0


def _notations(texts: Sequence[str], column: Column) -> tuple[Formats, ...]:
    """Return how values of the column's type may be written, with the unit that most of them bear."""
    notations = _NOTATIONS.get(column.type, ())
    units = Counter(found[1] for text in texts if column.type in ("number", "integer") and (found := _UNIT.match(text)))
    if not units:
        return notations
    unit = {"unit": units.most_common(1)[0][0]}
    return tuple(Formats.model_validate(each.model_dump(exclude_unset=True) | unit) for each in (Formats(), *notations))


def fit(texts: Sequence[str], column: Column, contract: Contract) -> tuple[float, Formats]:
    """Return the share of values that the contract would take (0 to 1), and the notation that gives most.

    The contract's own notation wins a tie; a SIRET whose check digit is wrong counts for 0.6.
    """
    check = _checked_numbers(contract, column.name)
    if check is not None:
        return sum(_number_fit(text.replace(" ", ""), check) for text in texts) / len(texts), Formats()
    best, notation = _valid_share(texts, column, Formats()), Formats()
    for formats in _notations(texts, column):
        if best == 1:
            break
        share = _valid_share(texts, column, formats)
        if share > best:
            best, notation = share, formats
    return best, notation


def is_telling(column: Column, contract: Contract) -> bool:
    """Tell whether hardly any value of another column would pass for one of this: then values speak for a match."""
    rules = column.constraints
    is_typed = column.type not in ("string", "any") or column.format != "default"
    return is_typed or bool(rules.pattern or rules.enum) or _checked_numbers(contract, column.name) is not None


def looks_of_another_kind(texts: Sequence[str], column: Column, contract: Contract) -> bool:
    """Tell whether values are all dates, numbers or identifiers where the contract wants plain words."""
    if is_telling(column, contract) or len(texts) < 3:
        return False
    days = "|".join(shape_of(day) for day in DAYS[:6])
    plain = pl.Series(texts)
    named = any(word in column.name.casefold() for word in ("nom", "objet", "name"))
    return named and bool((plain.str.contains(days) | plain.str.contains(r"^[\d\s.,]+$")).mean() > 0.9)  # type: ignore[operator]
