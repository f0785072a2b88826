"""A new source: five to ten lines put at the end of a member's or partner's declaration, comments kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import yaml
from pydantic import ValidationError

from connectors.problems import UnknownConnector
from connectors.registry import find_connector
from governance.federation import Federation, Member, Partner, Source, load_organisation
from governance.lake import write_atomically
from governance.scaffold.files import render
from governance.scaffold.problems import ScaffoldError


@dataclass(frozen=True)
class MissingOption:
    """An option that a connector needs and that was not given."""

    name: str
    title: str
    description: str


def find_organisation(federation: Federation, organisation_id: str) -> Member | Partner:
    """Return a member or partner by its id.

    Raises:
        ScaffoldError: nobody of that id; the message lists those known.
    """
    found = federation.organisations.get(organisation_id)
    if found is None:
        raise ScaffoldError(f"nobody is called {organisation_id!r}; known: {', '.join(federation.organisations)}")
    return found


def missing_options(connector: str, options: Mapping[str, Any]) -> list[MissingOption]:
    """Return what a connector still needs to be told.

    Raises:
        ScaffoldError: there is no such connector; the message lists those known.
    """
    try:
        fields = find_connector(connector).Options.model_fields
    except UnknownConnector as problem:
        raise ScaffoldError(f"{problem.message_en} {problem.remedy_en}") from problem
    return [
        MissingOption(name, field.title or name, field.description or "")
        for name, field in fields.items()
        if field.is_required() and name not in options
    ]


def _verified(source: Source, variables: Mapping[str, str]) -> None:
    options = dict(source.options)
    for name, value in variables.items():
        options = {key: v.replace("{" + name + "}", value) if isinstance(v, str) else v for key, v in options.items()}
    try:
        find_connector(source.connector).Options.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "options"
        raise ScaffoldError(f"option {name}: {first['msg'].removeprefix('Value error, ')}") from error


def _with_entry(text: str, entry: str) -> str:
    """Put an entry at the end of the list ``sources``, at the indentation that the list has."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    values = {key.value: value for key, value in root.value} if root else {}
    listed = values.get("sources")
    if listed is None or not listed.value:
        head = text[: listed.start_mark.index].rstrip() if listed else f"{text.rstrip()}\n\nsources:"
        tail = text[listed.end_mark.index :].lstrip("\n") if listed else ""
        return f"{head}\n{entry}{tail}"
    end = len(text[: listed.end_mark.index].rstrip())
    indented = indent(dedent(entry), " " * listed.start_mark.column)
    return f"{text[:end]}\n{indented}{text[end:].removeprefix(chr(10))}"


def add_source(federation: Federation, organisation_id: str, source: Source, variables: Mapping[str, str]) -> Path:
    """Add a source to a declaration and return its path; what stood there is kept to the letter.

    ``variables`` are those with which the federation was read.

    Raises:
        ScaffoldError: nobody of that id, the source exists already, or an option is wrong; nothing was written.
    """
    organisation = find_organisation(federation, organisation_id)
    if source.id in {known.id for known in organisation.sources}:
        raise ScaffoldError(f"{organisation_id} has a source {source.id!r} already; give another with --id")
    _verified(source, variables)
    folder = "partners" if isinstance(organisation, Partner) else "members"
    path = federation.root / folder / f"{organisation_id}.yaml"
    options = yaml.safe_dump(dict(source.options), default_flow_style=True, allow_unicode=True, width=10_000).strip()
    name = f"id: {source.id}\n    dataset" if source.id != source.dataset else "dataset"
    entry = render("source.yaml.txt", name=name, dataset=source.dataset, connector=source.connector, options=options)
    before = path.read_text(encoding="utf-8")
    write_atomically(path, _with_entry(before, entry).encode())
    try:
        after = load_organisation(path, variables)
        is_kept = after.sources[:-1] == organisation.sources and after.sources[-1].id == source.id
    except ValueError:
        is_kept = False
    if not is_kept:
        write_atomically(path, before.encode())
        raise ScaffoldError(f"{path}: the list of sources is written in a way that cannot be added to; add it by hand")
    return path
