"""A declaration that cannot be used, told to whoever has to mend it: file, line, why and what to do, in both languages.

What no table has words for is told in general, with the check's own sentence beside it as a detail.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic_core import ErrorDetails

from governance.api.feeds import Words
from governance.contracts.model import ContractError
from governance.decisions.model import Frozen
from governance.decisions.opa_server import PolicyEngineError
from governance.declared_place import Wrong, line_of
from governance.federation import DeclarationError
from governance.settings import Settings

_Said = tuple[str, str, str, str]
"""Why in French and in English, what to do in French and in English."""
_GENERAL: _Said = (
    "Cette déclaration ne peut pas être utilisée.",
    "This declaration cannot be used.",
    "Corrigez le fichier d'après le détail ci-dessous, ou montrez-le à la personne qui l'a modifié en dernier.",
    "Mend the file by the detail below, or show it to whoever changed it last.",
)
_OF_CHECKS: Mapping[str, _Said] = {
    "missing": (
        "Il manque le champ « {field} ».", "The field “{field}” is missing.",
        "Ajoutez une ligne « {field}: … ».", "Add a line “{field}: …”.",
    ),
    "extra_forbidden": (
        "« {field} » n'est pas un champ connu.", "“{field}” is no known field.",
        "Corrigez son nom, ou supprimez la ligne.", "Mend its name, or take the line out.",
    ),
    "literal_error": (
        "« {value} » n'est pas accepté pour « {field} ».", "“{value}” is not accepted for “{field}”.",
        "Écrivez l'un de ces mots : {expected}.", "Write one of these words: {expected}.",
    ),
    "string_pattern_mismatch": (
        "« {value} » n'a pas la forme attendue pour « {field} ».", "“{value}” has not the form expected of “{field}”.",
        "Forme attendue : {expected}.", "Expected form: {expected}.",
    ),
    "string_type": (
        "« {field} » doit être un texte.", "“{field}” must be a text.",
        "Mettez la valeur entre guillemets.", "Put the value between quotation marks.",
    ),
    "date": (
        "« {value} » n'est pas une date.", "“{value}” is no date.",
        "Écrivez la date ainsi : 2026-01-31.", "Write the date so: 2026-01-31.",
    ),
    "int": (
        "« {value} » n'est pas un nombre entier.", "“{value}” is no whole number.",
        "Écrivez un nombre, sans unité ni espace.", "Write a number, without unit or space.",
    ),
    "tuple_type": (
        "« {field} » doit être une liste.", "“{field}” must be a list.",
        "Écrivez une ligne « - … » par élément.", "Write a line “- …” for each item.",
    ),
    "too_short": (
        "« {field} » est vide.", "“{field}” is empty.", "Donnez au moins une valeur.", "Give one value at least.",
    ),
    "not_in_history": (
        "L'état est « {state} », mais la dernière étape de l'historique (history) est « {last} ».",
        "The state is “{state}”, but the last step of its history is “{last}”.",
        "Ajoutez à history une étape « {state} », avec son jour et qui l'a décidée ; ou corrigez l'état.",
        "Add a step “{state}” to history, with its day and who decided it; or mend the state.",
    ),
    "ends_before_it_begins": (
        "La fin (valid_until) est avant le début (valid_from).", "The end (valid_until) is before the start.",
        "Corrigez l'une des deux dates.", "Mend one of the two dates.",
    ),
    "truncate_takes_length": (
        "Colonne « {column} » : truncate, et lui seul, va avec une longueur (length).",
        "Column “{column}”: truncate, and only truncate, goes with a length.",
        "Ajoutez la longueur, ou retirez-la.", "Add the length, or take it out.",
    ),
    "generalise_takes_to": (
        "Colonne « {column} » : generalise va avec « to », et « to: step » avec « step ».",
        "Column “{column}”: generalise goes with “to”, and “to: step” with “step”.",
        "Écrivez par exemple « mask: generalise, to: month ».", "Write for example “mask: generalise, to: month”.",
    ),
    "takes_a_list": (
        "« {operator} » se compare à une liste.", "“{operator}” compares with a list.",
        "Mettez les valeurs entre crochets : [\"44184\", \"44210\"].",
        "Put the values between brackets: [\"44184\", \"44210\"].",
    ),
    "takes_one_value": (
        "« {operator} » se compare à une seule valeur.", "“{operator}” compares with one value.",
        "Ôtez les crochets, ou écrivez « in » pour plusieurs valeurs.",
        "Take the brackets off, or write “in” for several values.",
    ),
    "takes_a_text": (
        "« {operator} » se compare à un texte.", "“{operator}” compares with a text.",
        "Mettez la valeur entre guillemets.", "Put the value between quotation marks.",
    ),
    "takes_an_order": (
        "« {operator} » se compare à un nombre ou à un texte.", "“{operator}” compares with a number or a text.",
        "Donnez une valeur qui ait un ordre, comme 2024.", "Give a value that has an order, such as 2024.",
    ),
    "value_error": (
        "Les champs de ce fichier ne vont pas ensemble.", "The fields of this file do not go together.",
        "Relisez les champs que nomme le détail ci-dessous.", "Read again the fields that the detail below names.",
    ),
}  # fmt: skip
"""By the type of pydantic's error, or its first word."""
_NO_YAML: _Said = (
    "Ce fichier ne se lit pas : sa mise en forme (YAML) est rompue.",
    "This file cannot be read: its layout (YAML) is broken.",
    "Regardez, à cette ligne et juste au-dessus, les retraits, les deux-points et les guillemets.",
    "Look at indents, colons and quotation marks on this line and just above.",
)
_POLICY: _Said = (
    "Le moteur refuserait cette règle commune.",
    "The engine would refuse this common rule.",
    "Montrez le détail ci-dessous à la personne qui écrit les règles communes.",
    "Show the detail below to whoever writes the common rules.",
)
_NO_ENGINE: _Said = (
    "Le moteur de décision n'a pas pu être interrogé ; les déclarations ne sont pas en cause.",
    "The policy engine could not be asked; the declarations are not at fault.",
    "Recommencez dans un instant ; si cela dure, prévenez la personne qui exploite la plateforme.",
    "Try again in a moment; if it lasts, tell whoever operates the platform.",
)
_OTHER: _Said = (
    "", "", "Corrigez la valeur dans ce fichier, puis recommencez.", "Mend the value in this file, then try again.",
)  # fmt: skip
_IN_REGO = re.compile(r"(\S+\.rego):(\d+)")


class Unusable(Frozen):
    """Why declarations cannot be put in force."""

    file: str | None
    """As people find it: the folder's name and the way from there."""
    line: int | None
    message: Words
    remedy: Words
    detail: str
    """The check's own sentence, in English."""


def unusable(settings: Settings, error: DeclarationError | ContractError | PolicyEngineError) -> Unusable:
    """Return in words why declarations cannot be used."""
    text = str(error)
    if isinstance(error, PolicyEngineError):
        place = _IN_REGO.search(text)
        if place is None:
            return _told(_NO_ENGINE, text)
        return _told(_POLICY, text, _shown(settings.policies_dir, Path(place[1])), int(place[2]))
    if error.wrong is None:
        return _told(_GENERAL, text)
    return _of_declaration(settings.federation_dir, error.wrong, text)


def _of_declaration(root: Path, wrong: Wrong, text: str) -> Unusable:
    file, line = _shown(root, wrong.place.path), line_of(root, wrong.place)
    detail = text.removeprefix(f"{wrong.place.path}: ")
    if wrong.found is not None:
        return _told(_in_words(wrong.found), detail, file, line)
    if wrong.french:
        return _told((wrong.french, detail, *_OTHER[2:]), detail, file, line)
    return _told(_NO_YAML if wrong.place.line is not None else _GENERAL, detail, file, line)


def _in_words(found: ErrorDetails) -> _Said:
    kind, context = found["type"], found.get("ctx", {})
    said = _OF_CHECKS.get(kind) or _OF_CHECKS.get(kind.split("_")[0]) or _GENERAL
    words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    told = {
        **{name: str(value) for name, value in context.items()},
        "field": ".".join(str(part) for part in found["loc"]),
        "value": str(found["input"])[:60],
        "expected": ", ".join(words) or str(context.get("pattern", "")),
    }
    if kind in ("missing", "extra_forbidden"):
        told["field"] = str(found["loc"][-1])
    return (said[0].format(**told), said[1].format(**told), said[2].format(**told), said[3].format(**told))


def _told(said: _Said, detail: str, file: str | None = None, line: int | None = None) -> Unusable:
    return Unusable(
        file=file, line=line, message=Words(fr=said[0], en=said[1]), remedy=Words(fr=said[2], en=said[3]), detail=detail
    )


def _shown(root: Path, path: Path) -> str:
    found = path.resolve() if path.is_absolute() else (root / path).resolve()
    return (
        str(Path(root.name) / found.relative_to(root.resolve())) if found.is_relative_to(root.resolve()) else path.name
    )
