"""Writing the first version of files: never over an existing one, and all of them or none."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from governance.lake import write_atomically
from governance.scaffold.problems import ScaffoldError


def render(template: str, **words: str) -> str:
    """Return a template of this package with its ``$names`` replaced.

    Raises:
        KeyError: the template names something that was not given.
    """
    text = files("governance.scaffold").joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(words)


def write_new(contents: Mapping[Path, str]) -> list[Path]:
    """Write files that do not exist yet and return their paths.

    Raises:
        ScaffoldError: one of them exists; nothing was written.
    """
    there = [str(path) for path in contents if path.exists()]
    if there:
        raise ScaffoldError(f"exists already: {', '.join(there)}; edit it, or choose another name")
    for path, text in contents.items():
        write_atomically(path, text.encode())
    return list(contents)
