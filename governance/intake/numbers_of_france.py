"""SIREN, SIRET, telephone numbers and the ACTES classification: French identifiers as vectorised rules."""

import re

import polars as pl

from governance.intake.digits import are_digits
from governance.intake.header import fold

LA_POSTE = "356000000"
"""La Poste's SIREN: its establishments keep another rule than Luhn's (sum of the digits divisible by 5)."""
PHONE = (
    r"^(?:(?:(?:\+|00)33[ .-]?(?:\(0\))?|0)[ .-]?[1-9](?:[ .-]?[0-9]{2}){4}|3[0-9]{3}|1[0-9]{1,2}|11[68][0-9]{3}"
    r"|(?:\+|00)(?:[124-9]|3[0-24-9])[0-9 .-]{6,16})$"
)
RNA = r"^W[0-9][0-9A-Z][0-9]{7}$"
"""Number of an association: W, the registry's three signs (the second is a letter overseas), six digits."""
ACTES = (
    "Commande publique", "Urbanisme", "Domaine et patrimoine", "Fonction publique",
    "Institutions et vie politique", "Libertés publiques et pouvoirs de police", "Finances locales",
    "Domaines de compétences par thèmes", "Autres domaines de compétences",
)  # fmt: skip
"""The nine subjects of the classification under which acts are sent to the prefecture."""
_ACTES_FOLDED = frozenset(fold(subject) for subject in ACTES)
_ACTES_SHAPE = re.compile(r"\S(?:[^/]*[^/\s])?/[^\s/].*", re.DOTALL)


def _digits(value: pl.Expr, length: int) -> pl.Expr:
    """Return the number of a text of exactly so many digits, else null."""
    return pl.when(are_digits(value, length)).then(value).cast(pl.Int64, strict=False)


def _sums(number: pl.Expr, length: int) -> tuple[pl.Expr, pl.Expr]:
    """Return Luhn's sum and the plain sum of the digits."""
    luhn, plain = pl.lit(0, pl.Int64), pl.lit(0, pl.Int64)
    for place in range(length):
        digit = (number // 10**place) % 10
        plain = plain + digit
        luhn = luhn + (digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4).cast(pl.Int64))
    return luhn, plain


def is_siren(value: pl.Expr) -> pl.Expr:
    """Return whether a text is 9 digits whose check digit is right."""
    number = _digits(value, 9)
    return (_sums(number, 9)[0] % 10 == 0).fill_null(False)


def is_siret(value: pl.Expr) -> pl.Expr:
    """Return whether a text is 14 digits, a right SIREN first, with a right check digit; La Poste's rule included."""
    number = _digits(value, 14)
    luhn, plain = _sums(number, 14)
    siren_fits = _sums(number // 100_000, 9)[0] % 10 == 0
    la_poste = value.str.starts_with(LA_POSTE) & (plain % 5 == 0)
    return (siren_fits & ((luhn % 10 == 0) | la_poste)).fill_null(False)


def is_rna(value: pl.Expr) -> pl.Expr:
    """Return whether a text has the shape of a number of the national register of associations."""
    return value.str.contains(RNA)


def is_phone(value: pl.Expr) -> pl.Expr:
    """Return whether a text is a French number, a short number, or a foreign one with its country code."""
    return value.str.contains(PHONE)


def is_actes(written: str) -> bool:
    """Tell whether a text is ``subject/sub-subject`` with one of the nine subjects and no space round the slash."""
    return _ACTES_SHAPE.fullmatch(written) is not None and fold(written.split("/", 1)[0]) in _ACTES_FOLDED
