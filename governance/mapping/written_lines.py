"""A proposal written into a member's declaration: lines are added where they belong, what stood there is kept."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent

import yaml

from governance.federation import Federation, Formats, Partner, Source, load_organisation
from governance.lake import write_atomically
from governance.mapping.match import Match
from governance.mapping.source_lines import Lines, in_yaml, lines_of
from governance.scaffold.problems import ScaffoldError
from governance.scaffold.source_entry import find_organisation


@dataclass(frozen=True)
class Edit:
    """A declaration before and after; nothing is written yet."""

    path: Path
    before: str
    after: str
    organisation_id: str
    source_id: str
    added: Lines

    @property
    def diff(self) -> str:
        """What would change, as ``diff -u`` shows it."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.path.name, self.path.name, lineterm=""
        )
        return "\n".join(lines)


def find_source(federation: Federation, named: str) -> tuple[str, Source]:
    """Return the organisation's id and the source that ``MEMBER/SOURCE`` names.

    Raises:
        ScaffoldError: nobody of that id, or no such source; the message lists those known.
    """
    organisation_id, _, source_id = named.partition("/")
    sources = {source.id: source for source in find_organisation(federation, organisation_id).sources}
    if source_id not in sources:
        known = ", ".join(f"{organisation_id}/{each}" for each in sources) or "none"
        raise ScaffoldError(f"{named!r} is no MEMBER/SOURCE; known: {known}. A new one: archipel new source")
    return organisation_id, sources[source_id]


def still_to_declare(matches: Sequence[Match], source: Source) -> Lines:
    """Return what a source does not say yet; what it declares was decided by somebody, and stays.

    Where it declares something already, a notation is added for its column alone: for all, it would change how the
    others are read.
    """
    joined = {name for name, formats in source.column_formats.items() if formats.join}
    decided = source.columns.keys() | source.constants.keys() | joined
    right = [m for m in matches if m.column not in decided or (m.header and source.columns.get(m.column) == m.header)]
    lines = lines_of(right)
    columns = {name: header for name, header in lines.columns.items() if name not in decided}
    if not source.columns and not source.formats.model_fields_set and not source.column_formats:
        return replace(lines, columns=columns)
    own = {m.column: _missing(m.formats, source) for m in right if m.column not in source.column_formats}
    return Lines(columns, {}, {name: part for name, part in own.items() if part}, lines.constants)


def _missing(formats: Formats, source: Source) -> dict[str, object]:
    """Return the notations of a column that a source does not declare for all."""
    found = formats.model_dump(mode="json", exclude_unset=True)
    declared = source.formats.model_dump(mode="json", exclude_unset=True)
    # Any space between groups of digits is read as any other.
    spaces = str(found.get("thousands", "x")).isspace() and str(declared.get("thousands", "x")).isspace()
    return {
        key: value for key, value in found.items() if declared.get(key) != value and not (key == "thousands" and spaces)
    }


def plan_edit(federation: Federation, organisation_id: str, source: Source, added: Lines) -> Edit:
    """Return the edit that adds lines to a source.

    Raises:
        ScaffoldError: the source is written in a way that cannot be added to.
    """
    organisation = find_organisation(federation, organisation_id)
    folder = "partners" if isinstance(organisation, Partner) else "members"
    path = federation.root / folder / f"{organisation_id}.yaml"
    before = path.read_text(encoding="utf-8")
    after = before
    place = [each.id for each in organisation.sources].index(source.id)
    for key, part in added.parts.items():
        after = _with_part(after, place, key, part, path)
    return Edit(path, before, after, organisation_id, source.id, added)


def write_edit(edit: Edit, variables: Mapping[str, str]) -> None:
    """Write a declaration, and read it again: only the source named may differ, by the lines added.

    Raises:
        ScaffoldError: it would say something else; the file is as it was.
    """
    before = load_organisation(edit.path, variables)
    write_atomically(edit.path, edit.after.encode())
    try:
        is_right = load_organisation(edit.path, variables) == before.model_copy(
            update={"sources": tuple(_with(each, edit) for each in before.sources)}
        )
    except ValueError:
        is_right = False
    if not is_right:
        write_atomically(edit.path, edit.before.encode())
        raise _by_hand(edit.path)


def _with(source: Source, edit: Edit) -> Source:
    if source.id != edit.source_id:
        return source
    declared = source.model_dump(mode="json", exclude_unset=True)
    for key, part in edit.added.parts.items():
        declared[key] = {**declared.get(key, {}), **part}
    return Source.model_validate(declared)


def _by_hand(path: Path) -> ScaffoldError:
    return ScaffoldError(
        f"{path}: the source is written in a way that cannot be added to; add by hand what --yaml prints"
    )


def _with_part(text: str, place: int, key: str, part: Mapping[str, object], path: Path) -> str:
    entry = _child(yaml.compose(text, Loader=yaml.SafeLoader), "sources")
    if not isinstance(entry, yaml.SequenceNode) or entry.flow_style:
        raise _by_hand(path)
    source = entry.value[place]
    if not isinstance(source, yaml.MappingNode) or source.flow_style or not source.value:
        raise _by_hand(path)
    margin = " " * source.value[0][0].start_mark.column
    there = _child(source, key)
    if there is None:
        return _after(text, source, indent(in_yaml({key: dict(part)}), margin))
    if not isinstance(there, yaml.MappingNode):
        raise _by_hand(path)
    if there.flow_style:
        return _inside(text, there, part)
    return _after(text, there, indent(in_yaml(dict(part)), " " * there.start_mark.column))


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _last(node: yaml.Node) -> yaml.Node:
    """Return the node that ends a block: a block's own end mark stands before whatever follows it, comments too."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node


def _after(text: str, node: yaml.Node, lines: str) -> str:
    """Put lines under the last line of a block; a comment behind it stays on its line."""
    end = text.find("\n", _last(node).end_mark.index)
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{lines.rstrip()}{text[end:]}"


def _inside(text: str, node: yaml.Node, part: Mapping[str, object]) -> str:
    """Put pairs at the end of ``{…}``."""
    flow = yaml.safe_dump(dict(part), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    close = node.end_mark.index - 1
    kept = text[:close].rstrip().rstrip(",")
    comma = "" if kept.endswith("{") else ", "
    return f"{kept}{comma}{flow.strip()[1:-1]}{text[close:]}"
