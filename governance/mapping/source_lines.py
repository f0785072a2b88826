"""The lines of a member's declaration that a proposal comes to, ready to be read and pasted by a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from governance.federation import Formats
from governance.intake.header import fold
from governance.mapping.match import Match

TO_VERIFY = "à vérifier / to verify"


@dataclass(frozen=True)
class Lines:
    """What a source would declare: headers by column, the notation of most columns, that of those that differ."""

    columns: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, object] = field(default_factory=dict)
    column_formats: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, Mapping[str, object]]:
        """Key of a source → what stands under it; empty ones are left out."""
        named = {
            "columns": self.columns,
            "formats": self.formats,
            "column_formats": self.column_formats,
            "constants": self.constants,
        }
        return {key: part for key, part in named.items() if part}


def _plain(formats: Formats) -> dict[str, object]:
    return formats.model_dump(mode="json", exclude_unset=True)


def _most_common(matches: Sequence[Match]) -> dict[str, object]:
    """Return, for each notation, the one that most columns use."""
    chosen: dict[str, object] = {}
    for name in Formats.model_fields:
        written = [getattr(match.formats, name) for match in matches if name in match.formats.model_fields_set]
        if written:
            chosen[name] = Counter(written).most_common(1)[0][0]
    return _plain(Formats.model_validate(chosen))


def lines_of(matches: Sequence[Match]) -> Lines:
    """Return what matches come to; a header that is recognised without a declaration is left out."""
    common = _most_common(matches)
    own = {m.column: plain for m in matches if not (plain := _plain(m.formats)).items() <= common.items()}
    named = {m.column: m.header for m in matches if m.header and fold(m.header) != fold(m.column)}
    constants = {m.column: m.constant for m in matches if m.constant is not None}
    return Lines(named, common, own, constants)


def in_yaml(declared: Mapping[str, object]) -> str:
    """Return a declaration as block YAML, in its order, long lines left whole; nothing for nothing."""
    return yaml.safe_dump(declared, allow_unicode=True, sort_keys=False, width=10_000) if declared else ""


def source_lines(matches: Sequence[Match]) -> str:
    """Return the keys of a source as YAML; what is not sure is commented out in its place.

    To take a line, one takes away its ``#``; each key stands there once, since YAML keeps the last of two.
    """
    sure = lines_of([match for match in matches if match.verdict == "sure"])
    verify = [match for match in matches if match.verdict == "verify"]
    doubted = lines_of(verify)
    own = {
        match.column: plain
        for match in verify
        if (plain := {k: v for k, v in _plain(match.formats).items() if sure.formats.get(k) != v})
    }
    doubtful: dict[str, Mapping[str, object]] = {
        "columns": doubted.columns,
        "formats": {},
        "column_formats": own,
        "constants": doubted.constants,
    }
    parts = ((key, sure.parts.get(key, {}), commented) for key, commented in doubtful.items())
    return "".join(_block(key, part, commented) for key, part, commented in parts)


def _block(key: str, part: Mapping[str, object], commented: Mapping[str, object]) -> str:
    """Return one key with its pairs, those in doubt as comments under them; the key too where nothing else is there."""
    text = in_yaml({key: dict(part)}) if part else ""
    if not commented:
        return text
    lines = [f"  # {line}" for line in in_yaml(dict(commented)).splitlines()]
    head = "" if part else f"# {key}:\n"
    return text + head + "\n".join([f"  # {TO_VERIFY} :", *lines]) + "\n"
