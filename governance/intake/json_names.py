"""Names that stand twice in one object of a JSON text: of two values nobody can say which was meant (RFC 8259, 4).

Readers keep the last and say nothing. To look at every object again would double the cost of reading, so names are
counted first: as many before decoding as after it, and none was lost.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from governance.intake.byte_counts import count_byte
from governance.intake.table import Fault, UnreadableError

RULE = "name-twice"
_BEFORE_A_COLON = (b'":', b" :", b"\t:", b"\n:", b"\r:")
"""What may stand at the end of a name; in a text it is no name, and only makes us look closer."""
SHOWN = 40


def members_of(value: Any) -> int:
    """Return how many names the objects in a decoded value have."""
    if isinstance(value, dict):
        return len(value) + sum(members_of(inner) for inner in value.values() if isinstance(inner, dict | list))
    return sum(members_of(inner) for inner in value if isinstance(inner, dict | list)) if isinstance(value, list) else 0


def may_repeat(text: bytes, members: int) -> bool:
    """Tell whether a text of which decoding left so many names may have had more; never wrong when it says no."""
    if count_byte(text, b":") == members:
        return False
    return sum(text.count(signs) for signs in _BEFORE_A_COLON) != members


class _Pairs:
    """Objects of a text as a parser meets them, and what stands twice in them: name, then its values."""

    def __init__(self) -> None:
        self.twice: list[tuple[str, list[Any]]] = []

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = sorted(name for name, _ in pairs)
            for name in dict.fromkeys(one for one, other in pairwise(names) if one == other):
                self.twice.append((name, [value for other, value in pairs if other == name]))
        return found


def repeated_names(text: bytes) -> list[tuple[str, list[Any]]]:
    """Return each name that stands twice in an object of a text that is JSON, with its values."""
    pairs = _Pairs()
    json.loads(text, object_pairs_hook=pairs)
    return pairs.twice


def faults_of(texts: Sequence[msgspec.Raw], lines: Sequence[int], first: int) -> Iterator[Fault]:
    """Give the faults of records, one a name; ``first`` is the number of the first record, from 1."""
    for number, (raw, line) in enumerate(zip(texts, lines, strict=True)):
        text = bytes(raw)
        if not may_repeat(text, members_of(msgspec.json.decode(text))):
            continue
        for name, values in repeated_names(text):
            yield Fault(RULE, line, None, " ; ".join(map(_shown, values)), name, first + number)


def require_single_names(content: bytes, start: int, end: int) -> None:
    """Look at a document without its rows, which stand from ``start`` to ``end``: a list that is there twice would be
    lost as a whole.

    Raises:
        UnreadableError: a name stands twice in an object.
    """
    around = content[:start] + b"\n" * content.count(b"\n", start, end) + content[end:]
    for name, values in repeated_names(around):
        place = around.rfind(json.dumps(name, ensure_ascii=False).encode())
        line = around.count(b"\n", 0, max(place, 0)) + 1
        raise UnreadableError("json-malformed", f"2 × « {name} » : {' ; '.join(map(_shown, values))} ({line})", line)


def _shown(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= SHOWN else written[:SHOWN] + "…"
