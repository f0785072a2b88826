"""JSON as it stands in the file: where a list of records is, the text of each record, and the line it starts on.

Records are kept as slices of the file's bytes and decoded by pieces: a document of 500 MB decoded at once would take
several gigabytes.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from governance.intake.table import UnreadableError

T = TypeVar("T")
Raw = msgspec.Raw
MAX_DEPTH = 4
"""How deep a list of records may lie that nobody declared."""
TOO_DEEP = "> 1000 []{}"
COMPARED = 2_000
"""Elements compared at once."""
_BETWEEN = re.compile(rb"[\s,\[]*")
_POSITION = re.compile(r"\(byte (\d+)\)")
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_ELEMENTS = msgspec.json.Decoder(list[Raw])


def malformed(error: Exception, content: bytes) -> UnreadableError:
    """Return what to say of JSON that cannot be read, with line and column where the reader stopped."""
    found = _POSITION.search(str(error))
    said = str(error).split(" (byte")[0]
    if found is None:
        last = content.rstrip().count(b"\n") + 1  # a text that was cut stops where it ends
        return UnreadableError("json-malformed", f"{said} ({last})", last)
    before = content[: int(found[1])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return UnreadableError("json-malformed", f"{said} ({line}:{column})", line)


def decoded(decode: Callable[[Any], T], text: Any, content: bytes) -> T:
    """Decode, or say where the text is wrong.

    Raises:
        UnreadableError: not JSON, or nested too deep.
    """
    try:
        return decode(text)
    except msgspec.DecodeError as error:
        raise malformed(error, content) from None
    except RecursionError:
        raise UnreadableError("json-malformed", TOO_DEEP) from None


def starts_with(raw: Any, signs: bytes) -> bool:
    """Tell whether a value's text starts with one of these signs."""
    return bytes(memoryview(raw)[:64]).lstrip()[:1] in tuple(signs[i : i + 1] for i in range(len(signs)))


def elements(raw: Any, content: bytes) -> list[msgspec.Raw]:
    """Return the texts of a list's elements."""
    return decoded(_ELEMENTS.decode, raw, content)


def members(raw: Any, content: bytes) -> dict[str, msgspec.Raw]:
    """Return the texts of an object's members."""
    return decoded(_MEMBERS.decode, raw, content)


def find_lists(raw: Any, content: bytes, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give the lists in a document with their paths, those nearest to the top first."""
    if starts_with(raw, b"["):
        yield path, raw
    elif starts_with(raw, b"{") and len(path) < MAX_DEPTH:
        inside = members(raw, content)
        for name, value in inside.items():
            if starts_with(value, b"["):
                yield (*path, name), value
        for name, value in inside.items():
            if starts_with(value, b"{"):
                yield from find_lists(value, content, (*path, name))


def at_path(raw: Any, content: bytes, path: Sequence[str]) -> Any | None:
    """Return the value at a path, or nothing."""
    for name in path:
        if not starts_with(raw, b"{"):
            return None
        raw = members(raw, content).get(name)
        if raw is None:
            return None
    return raw


def _walk(content: bytes, start: int, texts: Sequence[msgspec.Raw], look_inside: bool) -> tuple[list[int], int]:
    """Return the lines on which the elements start, and how many line feeds were seen up to the end of the text."""
    position, line = start, content.count(b"\n", 0, start) + 1
    skip, count = _BETWEEN.match, content.count
    lines = []
    for text in texts:
        between = skip(content, position)
        begins = between.end() if between else position
        line += count(b"\n", position, begins)
        lines.append(line)
        position = begins + len(memoryview(text))
        if look_inside:
            line += count(b"\n", begins, position)
    return lines, line - 1 + count(b"\n", position)


def _evenly(content: bytes, start: int, texts: Sequence[msgspec.Raw]) -> list[int] | None:
    """Return the lines of elements that are all parted alike and stand on a line each; nothing if some are not.

    Most programs write so, and to compare the text as a whole costs a fifth of looking at each element.
    """
    opening = _BETWEEN.match(content, start)
    place = opening.end() if opening else start
    between = _BETWEEN.match(content, place + len(memoryview(texts[0])))
    parting = between[0] if between and len(texts) > 1 else b""
    first = line = content.count(b"\n", 0, place) + 1
    feeds = parting.count(b"\n")
    for at in range(0, len(texts), COMPARED):
        piece = parting.join(texts[at : at + COMPARED])
        count = len(texts[at : at + COMPARED])
        if not content.startswith(piece, place) or piece.count(b"\n") != (count - 1) * feeds:
            return None
        place += len(piece)
        line += count * feeds
        if at + count < len(texts):
            if not content.startswith(parting, place):
                return None
            place += len(parting)
    return list(range(first, line, feeds)) if feeds else [first] * len(texts)


def lines_of(content: bytes, start: int, texts: Sequence[msgspec.Raw]) -> list[int]:
    """Return the physical line on which each element of a list starts; ``start`` is where the list does."""
    even = _evenly(content, start, texts)
    if even is not None:
        return even
    lines, seen = _walk(content, start, texts, look_inside=False)
    if seen == content.count(b"\n"):  # kept because most programs write an element a line
        return lines
    return _walk(content, start, texts, look_inside=True)[0]
