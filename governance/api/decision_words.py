"""What the engine answers, in words: doors, row filter, masks and duties, as an officer reads them."""

from collections.abc import Mapping
from typing import Any

from governance.api.feeds import Words
from governance.decisions.model import Duty, Mask

DOORS = {
    "publish": Words(fr="catalogue", en="catalogue"),
    "feed": Words(fr="flux", en="feeds"),
    "preview": Words(fr="aperçu", en="preview"),
    "export": Words(fr="export", en="export"),
    "ingest": Words(fr="collecte", en="collection"),
}
"""Each channel by its name."""
MASKS = {
    "show": Words(fr="montrée", en="shown"),
    "null": Words(fr="vidée", en="emptied"),
    "hash": Words(fr="remplacée par une empreinte", en="replaced by a fingerprint"),
    "truncate": Words(fr="tronquée", en="truncated"),
    "generalise": Words(fr="généralisée", en="generalised"),
    "hidden": Words(fr="cachée", en="hidden"),
}
"""Each way in which a column is seen, by its name."""
_GENERALISED = {
    "month": Words(fr="ramenée au mois", en="reduced to the month"),
    "year": Words(fr="ramenée à l'année", en="reduced to the year"),
    "department": Words(fr="ramenée au département", en="reduced to the department"),
}
_DUTIES = {
    "attribute": Words(fr="citer la source", en="name the source"),
    "inform": Words(fr="informer les personnes concernées", en="inform the people concerned"),
    "no_redistribution": Words(fr="ne pas rediffuser", en="not to pass on"),
    "delete_after": Words(fr="supprimer après", en="delete after"),
}

PURPOSES = {
    "dpv:DirectMarketing": Words(fr="prospection directe", en="direct marketing"),
    "dpv:Marketing": Words(fr="prospection", en="marketing"),
    "dpv:OrganisationGovernance": Words(fr="gouvernance de l'organisme", en="governance of the organisation"),
    "dpv:PublicBenefit": Words(fr="intérêt général", en="public benefit"),
    "dpv:ResearchAndDevelopment": Words(fr="recherche et développement", en="research and development"),
    "dpv:ServiceOptimisation": Words(fr="amélioration d'un service", en="improvement of a service"),
    "dpv:ServiceProvision": Words(fr="fourniture d'un service", en="provision of a service"),
}
"""Purposes of the Data Privacy Vocabulary that agreements name, as people say them."""
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
        return f"«\u00a0{value}\u00a0»" if language == 0 else f"“{value}”"
    return str(value)


def mask_words(mask: Mask) -> Words:
    """Return what is seen of a column under a mask, and for whose rows nothing is."""
    said = MASKS[mask.mask]
    if mask.mask == "truncate":
        said = _joined(said, f" à {mask.length} caractères", f" to {mask.length} characters")
    elif mask.to == "step":
        said = _joined(
            Words(fr="arrondie", en="rounded"), f" par tranches de {mask.step:g}", f" in steps of {mask.step:g}"
        )
    elif mask.to is not None:
        said = _GENERALISED[mask.to]
    if mask.null_for:
        whose = ", ".join(mask.null_for)
        said = _joined(said, f", vidée pour les lignes de {whose}", f", emptied for the rows of {whose}")
    return said


def duty_words(duty: Duty) -> Words:
    """Return a duty in words; one that has none is shown by its code."""
    said = _DUTIES.get(duty.code, Words.same(duty.code))
    return _joined(said, f" {duty.days} jours", f" {duty.days} days") if duty.days else said


def purpose_words(code: str) -> Words:
    """Return a purpose in words; one that has none is shown by its code."""
    return PURPOSES.get(code, Words.same(code))


def _joined(said: Words, french: str, english: str) -> Words:
    return Words(fr=said.fr + french, en=said.en + english)
