"""A whole address in one cell, in the two orders in which town halls write it: the postcode last, or first.

What stands before a postcode and a town can only be the street. What stands behind them may as well be a country or a
département, so there a street must say that it is one: by its number, or by the kind of its way.
"""

import polars as pl

from governance.federation import AddressPart

_NUMBER = r"\d{1,4}(?:\s?(?:bis|ter|quater|[a-e])\b)?(?:\s?[-/]\s?\d{1,4})?"
_TOWN = r"([^\d,;()\n]*[^\d,;()\s])(?:\s+cedex(?:\s+\d+)?)?"
_POSTCODE_LAST = (
    rf"(?is)^\s*((?:({_NUMBER})\s*,?\s+)?([^\s,;].*?)?)[\s,;()–-]*"
    rf"\b(\d{{5}})\)?[\s,–-]+{_TOWN}\s*$"
)
"""A number, a way, a postcode and a town; only the postcode and the town must be there."""
_POSTCODE_FIRST = (
    rf"(?is)^\s*\(?(\d{{5}})\)?[\s,–-]+{_TOWN}"
    r"(?:\s*[,;\n]\s*|\s+[–-]\s+)"
    rf"((?:({_NUMBER})\s*,?\s+)?(\p{{L}}.*?))\s*$"
)
"""A postcode, a town, a sign that parts them from the rest, a number and a way; only the number may be missing."""
_LAST_PARTS = {"street": 1, "number": 2, "way": 3, "postcode": 4, "town": 5}
_FIRST_PARTS = {"street": 3, "number": 4, "way": 5, "postcode": 1, "town": 2}
_ORDERS = ((_POSTCODE_FIRST, _FIRST_PARTS), (_POSTCODE_LAST, _LAST_PARTS))
_POSTCODE = r"\b\d{5}\b"
_COUNTRY = r"(?i)[,;\n]\s*france\s*$"
_WAY = (
    r"(?i)^(?:all[ée]es?|avenue|av\.?|boulevard|b[ld]\.?|bvd\.?|chauss[ée]e|chemin|che?\.|cit[ée]|clos|cours?|domaine|"
    r"esplanade|faubourg|hameau|impasse|imp\.?|lieu-?\s?dit|lotissement|mail|mont[ée]e|parc|parvis|passage|place|pl\.?|"
    r"promenade|quai|quartier|r[ée]sidence|r[ée]s\.|rond-point|route|rte\.?|rue|ruelle|sentier|square|sq\.?|traverse|"
    r"venelle|village|voie|z\.?a\.?c?\.?|z\.?i\.?)\s"
)
"""Words that a way begins with."""


def parse_address(value: pl.Expr, part: AddressPart, mark: str) -> pl.Expr:
    """Return a part of an address, null where it has none; one without postcode and town is marked for every part."""
    first, last = (_part(value, shape, parts[part]) for shape, parts in _ORDERS)
    is_first, is_last = _is_first(value), _is_last(value)
    found = pl.when(is_first).then(first).otherwise(last)
    return pl.when((is_first | is_last).not_()).then(mark + value).when(found != "").then(found)


def _part(value: pl.Expr, shape: str, group: int) -> pl.Expr:
    return value.str.extract(shape, group).str.replace_all(r"\s+", " ").str.strip_chars()


def _is_first(value: pl.Expr) -> pl.Expr:
    number, way = (value.str.extract(_POSTCODE_FIRST, _FIRST_PARTS[part]) for part in ("number", "way"))
    is_street = number.is_not_null() | way.str.contains(_WAY)
    # A second postcode is another address, or the town said again: which part is whose is not guessed.
    is_alone = (value.str.count_matches(_POSTCODE) == 1) & value.str.contains(_COUNTRY).not_()
    return (is_street & is_alone).fill_null(False)


def _is_last(value: pl.Expr) -> pl.Expr:
    """Null stays null. A street that begins with a postcode is an address in the other order, and the town again."""
    street = value.str.extract(_POSTCODE_LAST, _LAST_PARTS["street"])
    return value.str.contains(_POSTCODE_LAST) & street.str.contains(rf"^{_POSTCODE}").not_()
