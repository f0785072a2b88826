"""Where in a declaration something stands: file, field and line, so that whoever mends it need not look for it."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic_core import ErrorDetails, PydanticCustomError


@dataclass(frozen=True)
class Place:
    """A field of a YAML file; a path that is not absolute is below the federation's folder."""

    path: Path
    field: tuple[str | int, ...] = ()
    line: int | None = None
    """Counted from 1; none where it is to be looked for by the field."""


def wrong_field(kind: str, said: str, *field: str, **told: str) -> PydanticCustomError:
    """Return what a model's own check raises: ``kind`` names it for those who tell it in another language.

    ``said`` is its sentence in English, with ``told`` put in; ``field`` is where in the model it stands.
    """
    return PydanticCustomError(kind, said, {**told, "field": field})


def place_of_check(path: Path, found: ErrorDetails) -> Place:
    """Return where a check of a model found something, as far as the check says."""
    return Place(path, (*found["loc"], *found.get("ctx", {}).get("field", ())))


@dataclass(frozen=True)
class Wrong:
    """What is wrong at a place: as a check of a model found it, or in words of our own in French."""

    place: Place
    found: ErrorDetails | None = None
    french: str = ""


def line_of(root: Path, place: Place) -> int | None:
    """Return the line of a field, or of the last part of its way that is there; none where the file cannot be read."""
    if place.line is not None:
        return place.line
    try:
        node = yaml.compose((root / place.path).read_text(encoding="utf-8"), yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line: int | None = None
    for step in place.field:
        held = _held(node, step)
        if held is None:
            break
        line, node = held
    return line


def _held(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line at which a part of a node begins, and the part."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None
