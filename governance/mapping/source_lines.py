"""The lines of a member's declaration that a proposal comes to, ready to be read and pasted by a person."""

from collections import Counter
from collections.abc import Sequence

import yaml

from governance.federation import Formats
from governance.intake.header import fold
from governance.mapping.proposal import Match


def _most_common(matches: Sequence[Match]) -> Formats:
    """Return, for each notation, the one that most columns use."""
    chosen: dict[str, object] = {}
    for name in Formats.model_fields:
        written = [getattr(m.formats, name) for m in matches if name in m.formats.model_fields_set]
        if written:
            chosen[name] = Counter(written).most_common(1)[0][0]
    return Formats.model_validate(chosen)


def _plain(formats: Formats) -> dict[str, object]:
    return formats.model_dump(mode="json", exclude_unset=True)


def source_lines(matches: Sequence[Match]) -> str:
    """Return ``columns``, ``formats`` and ``column_formats`` as YAML; what is not sure is commented out.

    A header that is recognised without a declaration is left out. Formats are those of sure columns.
    """
    sure = [match for match in matches if match.verdict == "sure"]
    common = _most_common(sure)
    own = {m.column: _plain(m.formats) for m in sure if not _plain(m.formats).items() <= _plain(common).items()}
    named = {m.column: m.header for m in sure if fold(m.header or "") != fold(m.column)}
    doubtful = {m.column: m.header for m in matches if m.verdict == "verify" and fold(m.header or "") != fold(m.column)}
    parts = {"columns": named, "formats": _plain(common), "column_formats": own}
    shown = {name: part for name, part in parts.items() if part}
    text = yaml.safe_dump(shown, allow_unicode=True, sort_keys=False, width=10_000) if shown else ""
    if doubtful:
        lines = yaml.safe_dump({"columns": doubtful}, allow_unicode=True, sort_keys=False, width=10_000)
        text += "# à vérifier / to verify\n" + "".join(f"# {line}\n" for line in lines.splitlines())
    return text
