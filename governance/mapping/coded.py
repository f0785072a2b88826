"""Values of a list in other words: ``Numéraire`` for "aide en numéraire", told by the words that they share."""

from collections.abc import Mapping, Sequence

from governance.intake.header import fold
from governance.mapping.values import CONFORMING
from governance.mapping.words import value_words

MOST_VALUES = 60
"""More different values than these are no list."""

DENYING = frozenset({"pas", "non", "sans", "ni", "hors", "sauf", "not", "no"})
"""A value that says one of these may mean the contrary of its other words."""


def code_values(values: Sequence[str], allowed: Sequence[str]) -> Mapping[str, str]:
    """Return value of the file → value of the list; empty where too few are told.

    A value that could stand for several is left out: whoever reads the proposal adds it, or its rows are quarantined.
    """
    if len(values) > MOST_VALUES:
        return {}
    found = {value: one for value in values if (one := _meant(value, allowed)) is not None}
    return found if len(found) >= CONFORMING * len(values) else {}


def _meant(value: str, allowed: Sequence[str]) -> str | None:
    same = [one for one in allowed if fold(one) == fold(value)]
    if same:
        return same[0]
    said, words = {one: value_words(one) for one in allowed}, value_words(value)
    in_each = frozenset.intersection(*said.values()) if len(said) > 1 else frozenset()
    telling = words & frozenset().union(*said.values()) - in_each
    if not telling or (words & DENYING) - frozenset().union(*said.values()):
        return None
    # Two values of the same words differ in their order only, which says nothing: the first will do.
    return next((one for one, held in said.items() if held - in_each == telling), None)
