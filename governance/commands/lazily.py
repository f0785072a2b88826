"""A group of commands that imports a command's module only when that command is run.

Kept because dbt, Polars and SQLAlchemy together take seconds to import, which ``--help`` and ``check`` need not pay.
"""

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@cache
def said_of(target: str) -> str:
    """Return the first paragraph of what ``module:attribute`` says of itself, read without importing it.

    A function says it in its docstring, a group of commands in ``typer.Typer(help=…)``.

    Raises:
        LookupError: the module has no such function or group.
    """
    module, attribute = target.split(":")
    spec = find_spec(module)
    text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").split("\n\n")[0]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [name.id for name in node.targets if isinstance(name, ast.Name)]
            helps = [ast.literal_eval(word.value) for word in node.value.keywords if word.arg == "help"]
            if attribute in names and helps:
                return str(helps[0])
    raise LookupError(f"{target} is neither a function nor a group of commands with a help text")


def load_command(name: str, target: str) -> Any:
    """Import ``module:attribute`` and return its command, ready to be run under that name."""
    module, attribute = target.split(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = get_command(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = get_command(alone)
    command.name = name
    return command


class LazyGroup(TyperGroup):
    """Lists commands by name and first sentence; the one that is run is imported then."""

    targets: ClassVar[Mapping[str, str]] = {}
    """Name of a command to ``module:attribute``."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=said_of(target)) for name, target in self.targets.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the real command in place of the line that stands for it in the list."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name, self.targets[name]) if name else command, rest
