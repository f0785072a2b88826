"""Every command of ``archipel``, its arguments and options."""

import inspect
from collections.abc import Iterator
from typing import Any

from governance.commands.lazily import load_command
from governance.commands.main import COMMANDS
from governance.reference.markdown import code, page, table


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for inner_name, inner_command in inner.items():
        yield from _leaves(inner_command, f"{name} {inner_name}")


def command_tree() -> dict[str, Any]:
    """Return every command that can be run, ``journal verify`` to its command, in the order of the help."""
    return dict(leaf for name, target in COMMANDS.items() for leaf in _leaves(load_command(name, target), name))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    return "" if value in (None, False, ()) or callable(value) else code(getattr(value, "value", value))


def _named(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    return ", ".join(parameter.opts) if is_option else parameter.metavar or parameter.name.upper()


def _section(name: str, command: Any) -> str:
    rows = [
        (code(_named(parameter)), _default(parameter), getattr(parameter, "help", "") or "")
        for parameter in command.params
        if parameter.name != "help"
    ]
    said = inspect.cleandoc(command.help or "")
    listed = table(("argument or option", "default", "is"), rows) if rows else ""
    return f"## `archipel {name}`\n\n{said}\n\n{listed}"


def commands_page() -> str:
    """Return ``commands.md``."""
    words = (
        "`.venv/bin/archipel COMMAND --help` says the same. Settings come from the [environment](settings.md). A "
        "failure that is known is said in one line and ends with 2."
    )
    return page("Commands", words, *(_section(name, command) for name, command in command_tree().items()))
