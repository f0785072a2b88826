"""Words that several datasets share: kinds of street and trees to name them after."""

from random import Random

_WAYS = ("rue", "allée", "chemin", "impasse", "place", "avenue")
_NAMES = (
    "des Roseaux",
    "du Marais",
    "des Aulnes",
    "de la Digue",
    "des Saules",
    "du Canal",
    "des Tilleuls",
    "du Levant",
)


def street(random: Random) -> str:
    """A street that could be in any commune."""
    return f"{random.choice(_WAYS)} {random.choice(_NAMES)}"


def street_number(random: Random) -> str:
    """A house number, sometimes with its suffix."""
    return f"{random.randint(1, 98)}{random.choice(('', '', '', '', ' bis'))}"


def address(random: Random) -> str:
    """A house number and a street on one line."""
    return f"{street_number(random)} {street(random)}"
