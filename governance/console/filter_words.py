"""A row filter in words: what an officer reads instead of the tree that the engine answers."""

from collections.abc import Mapping
from typing import Any

from governance.api.feeds import Words

_OPERATORS: dict[str, tuple[str, str]] = {
    "eq": ("est", "is"),
    "ne": ("n'est pas", "is not"),
    "lt": ("est inférieur à", "is below"),
    "le": ("est au plus", "is at most"),
    "lte": ("est au plus", "is at most"),
    "gt": ("est supérieur à", "is above"),
    "ge": ("est au moins", "is at least"),
    "gte": ("est au moins", "is at least"),
    "in": ("est parmi", "is one of"),
    "startswith": ("commence par", "starts with"),
    "endswith": ("finit par", "ends with"),
    "contains": ("contient", "contains"),
}
_JOINS = {"and": (" et ", " and "), "or": (" ou ", " or ")}


def filter_words(tree: Mapping[str, Any] | None) -> Words:
    """Return the sentence of a UCAST tree; what has no word is shown as it stands, never left out."""
    if tree is None:
        return Words(fr="aucune ligne", en="no row")
    if not tree:
        return Words(fr="toutes les lignes", en="every row")
    return Words(fr=_sentence(tree, 0), en=_sentence(tree, 1))


def _sentence(tree: Any, language: int) -> str:
    if not isinstance(tree, Mapping):
        return str(tree)
    operator, value = str(tree.get("operator")), tree.get("value")
    if tree.get("type") == "compound" and isinstance(value, list | tuple):
        parts = [_sentence(part, language) for part in value]
        if operator == "not":
            return ("sauf si " if language == 0 else "unless ") + _JOINS["and"][language].join(parts)
        joined = _JOINS.get(operator, (f" {operator} ",) * 2)[language].join(parts)
        return f"({joined})" if operator == "or" else joined
    column = str(tree.get("field", "")).rpartition(".")[2]
    return f"{column} {_OPERATORS.get(operator, (operator, operator))[language]} {_value(value, language)}"


def _value(value: Any, language: int) -> str:
    if value is None:
        return "vide" if language == 0 else "empty"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item, language) for item in value)
    if isinstance(value, str):
        return f"« {value} »" if language == 0 else f"“{value}”"
    return str(value)
