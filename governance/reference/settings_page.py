"""Every setting: its name in the environment, type, default and what it is for."""

import ast
import inspect
import re
from pathlib import Path
from types import GenericAlias
from typing import Any

from governance.reference.markdown import code, page, table
from governance.settings import PROJECT_ROOT, Settings


def said_of_fields(model: type) -> dict[str, str]:
    """Return field to the docstring that stands under it in the class."""
    (declared,) = [node for node in ast.parse(inspect.getsource(model)).body if isinstance(node, ast.ClassDef)]
    said = {}
    for node, after in zip(declared.body, declared.body[1:], strict=False):
        is_field = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if is_field and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            said[node.target.id] = str(after.value.value)  # type: ignore[attr-defined]
    return said


def _type(annotation: Any) -> str:
    is_plain = isinstance(annotation, type) and not isinstance(annotation, GenericAlias)
    return annotation.__name__ if is_plain else re.sub(r"\b[a-z_]+(?:\.[a-z_]+)*\.(?=[A-Z])", "", str(annotation))


def _default(value: object) -> str:
    """Paths inside the project are shown from its root: where it lies differs by machine."""
    if isinstance(value, Path):
        return value.relative_to(PROJECT_ROOT).as_posix() if value.is_relative_to(PROJECT_ROOT) else str(value)
    if isinstance(value, tuple):
        return ", ".join(_default(part) for part in value)
    return "" if value is None else str(value)


def settings_page() -> str:
    """Return ``settings.md``."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    said = said_of_fields(Settings)
    rows = [
        (code(f"{prefix}{name}".upper()), code(_type(field.annotation)), code(_default(field.default)), said[name])
        for name, field in Settings.model_fields.items()
    ]
    words = (
        "Read once, from the environment, by `governance/settings.py` and nowhere else. A tuple is written as JSON: "
        "`ARCHIPEL_EGRESS_EXCEPTIONS='[\"127.0.0.1:8703\"]'`. A secret has no working default. "
        "How to choose: [ports and settings](../howto/choose-ports-and-settings.md)."
    )
    return page("Settings", words, table(("variable", "type", "default", "is"), rows))
