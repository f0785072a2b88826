"""JSON lists, NDJSON and GeoJSON to a table of text; a record's line is the physical line it starts on."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import polars as pl

from governance.federation import Reading
from governance.intake.decoding import Text
from governance.intake.geometry import with_geometry
from governance.intake.header import Wanted
from governance.intake.json_names import faults_of, may_repeat, members_of, require_single_names
from governance.intake.json_shape import Decoded, Shape, members_of_geometries, shape_of, texts_of_geometries
from governance.intake.json_text import (
    TOO_DEEP,
    Raw,
    at_path,
    decoded,
    elements,
    find_lists,
    lines_of,
    malformed,
    starts_with,
)
from governance.intake.limits import MAX_COLUMNS
from governance.intake.records import PIECE_RECORDS, Digits, flatten, frame_of, put_together
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

SAMPLED = 20
LEARNT_RECORDS = 100
"""As many records show a shape; reading them costs five times as much as those that follow."""
GEOMETRY = "geometry"
_NOTHING = Raw(b"{}")
_NULL = ord("n")
_UNTYPED = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Digits)
_SAMPLE = msgspec.json.Decoder(list[dict[str, Any]])
_AS_WRITTEN = msgspec.json.Decoder(list[dict[str, Raw]])


class _Feature(msgspec.Struct, gc=False):
    properties: Raw = Raw(b"null")
    geometry: Raw = Raw(b"null")
    id: Raw = Raw(b"null")


_FEATURES = msgspec.json.Decoder(list[_Feature])


class _Collection(msgspec.Struct, gc=False):
    features: list[Raw]
    type: str = ""
    crs: Raw = Raw(b"null")


_COLLECTION = msgspec.json.Decoder(_Collection)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for cycles among records that have none: that takes a fifth of the time of reading."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _list_of(texts: Sequence[Raw]) -> bytes:
    return b"[" + b",".join(texts) + b"]"


def _in_general(
    properties: Sequence[Raw], lines: Sequence[int], outer: Sequence[str]
) -> tuple[pl.DataFrame, Shape | None, int]:
    """Read a piece of any shape, learn its shape for the next, and count its names; ``outer`` are those of features.

    Raises:
        UnreadableError: an element is not an object, or there are more names than a table may have columns.
    """
    text = _list_of(properties)
    try:
        records = _UNTYPED.decode(text)
    except msgspec.ValidationError:
        place = next(at for at, raw in enumerate(properties) if not starts_with(raw, b"{"))
        shown = bytes(properties[place])[:40].decode("utf-8", "ignore")
        raise UnreadableError("json-record", shown, lines[place]) from None
    columns = flatten(records, lambda: _AS_WRITTEN.decode(text))
    if len(columns) > MAX_COLUMNS:
        raise UnreadableError("too-many-columns", f"{len(columns)} > {MAX_COLUMNS}")
    return frame_of(columns, len(records)), shape_of(records, outer), members_of(records)


def _features_in_general(piece: Sequence[Raw], lines: Sequence[int]) -> tuple[Decoded, Shape | None]:
    text = _list_of(piece)
    try:
        found, named = _FEATURES.decode(text), _AS_WRITTEN.decode(text)
    except msgspec.ValidationError:
        place = next((number for number, raw in enumerate(piece) if not starts_with(raw, b"{")), 0)
        raise UnreadableError("json-record", "Feature ?", lines[place]) from None
    properties = [item.properties if starts_with(item.properties, b"{") else _NOTHING for item in found]
    frame, shape, inside = _in_general(properties, lines, list(named[0]))
    geometries = texts_of_geometries([item.geometry for item in found])
    members = inside + sum(map(len, named)) + members_of_geometries(geometries)
    return Decoded(frame, members, geometries, [item.id for item in found]), shape


def _pieces(
    texts: Sequence[Raw], lines: Sequence[int], faults: list[Fault], features: bool = False
) -> Iterator[Decoded]:
    """Read records, or GeoJSON features, piece by piece as columns of text; what is wrong with some goes to ``faults``.

    Raises:
        UnreadableError: an element is not an object, or there are more names than a table may have columns.
    """
    shape: Shape | None = None
    start = 0
    while start < len(texts):
        end = start + (PIECE_RECORDS if start else LEARNT_RECORDS)
        piece, at = texts[start:end], lines[start:end]
        text = _list_of(piece)
        answer = shape.decode(text) if shape else None
        if answer is None and features:
            answer, shape = _features_in_general(piece, at)
        elif answer is None:
            frame, shape, members = _in_general(piece, at, ())
            answer = Decoded(frame, members)
        if answer.members is None or may_repeat(text, answer.members):
            faults += faults_of(piece, at, start + 1)
        yield answer
        start = end


def _names_of(raw: Any, content: bytes) -> list[str]:
    """Return the dotted names of a list's first records."""
    sample = [record for record in elements(raw, content)[:SAMPLED] if starts_with(record, b"{")]
    return list(flatten(decoded(_SAMPLE.decode, _list_of(sample), content)))


def _find_list(content: bytes, reading: Reading, wanted: Wanted) -> tuple[str, Any]:
    """Return the path and the text of the list that holds the rows: as declared, or naming most wanted columns."""
    if reading.path is not None:
        path = [part for part in reading.path.removeprefix("$").strip(".").replace("[*]", "").split(".") if part]
        raw = at_path(content, content, path)
        if raw is None or not starts_with(raw, b"["):
            raise UnreadableError("path-not-found", reading.path)
        return ".".join(path), raw
    best: tuple[int, str, Any] | None = None
    for found, raw in find_lists(content, content):
        names = _names_of(raw, content)
        count = wanted.count(names)
        if names and (best is None or count > best[0]):
            best = count, ".".join(found), raw
        if count == len(wanted.folded):
            break
    if best is None:
        raise UnreadableError("no-rows")
    return best[1], best[2]


def _is_collection(content: bytes) -> bool:
    return b'"FeatureCollection"' in content[:4096] or b'"FeatureCollection"' in content[-4096:]


def read_json(text: Text, reading: Reading, wanted: Wanted) -> TextTable:
    """Read a JSON document: a FeatureCollection, or the list at a declared or found path.

    Raises:
        UnreadableError: malformed, no list of objects, or a coordinate system that is not known.
    """
    content = text.content
    if reading.path is None and (reading.format == "geojson" or _is_collection(content)):
        with collector_at_rest():
            return _read_features(text, reading)
    decoded(msgspec.json.Decoder(Raw).decode, content, content)
    path, raw = _find_list(content, reading, wanted)
    texts = elements(raw, content)
    if not texts:
        raise UnreadableError("no-rows")
    start = 0 if raw is content else max(content.find(raw), 0)
    lines = lines_of(content, start, texts)
    if raw is not content:
        require_single_names(content, start + 1, start + len(memoryview(raw)) - 1)
    return _records(text, "json", path, texts, lines)


def _read_features(text: Text, reading: Reading) -> TextTable:
    content = text.content
    try:
        collection = _COLLECTION.decode(content)
    except msgspec.ValidationError:
        raise UnreadableError("path-not-found", "features") from None
    except msgspec.DecodeError as error:
        raise malformed(error, content) from None
    except RecursionError:
        raise UnreadableError("json-malformed", TOO_DEEP) from None
    if not collection.features:
        raise UnreadableError("no-rows")
    first, last = collection.features[0], collection.features[-1]
    start = max(content.find(first), 0)
    lines = lines_of(content, start, collection.features)
    require_single_names(content, start, content.rfind(last) + len(memoryview(last)))
    frames: list[pl.DataFrame] = []
    geometries: list[str] = []
    ids: list[Raw] = []
    faults: list[Fault] = []
    for piece in _pieces(collection.features, lines, faults, features=True):
        frames.append(piece.frame)
        geometries += piece.geometries
        ids += piece.ids
    headers, rows = put_together(frames)
    if "id" not in headers and any(memoryview(raw)[0] != _NULL for raw in ids):
        rows = rows.with_columns(pl.Series(str(len(headers)), [_id_of(raw) for raw in ids], dtype=pl.String))
        headers = (*headers, "id")
    shapes_as_text = pl.Series(GEOMETRY, geometries, dtype=pl.String)
    shapes_as_text = shapes_as_text.set(shapes_as_text == "null", None)
    placed = with_geometry(headers, rows, shapes_as_text, _stated(collection.crs), reading, lines)
    return _table(
        text, "geojson", "features", lines, placed.headers, placed.rows, (*placed.faults, *faults), placed.crs
    )


def _id_of(raw: Raw) -> str | None:
    value = bytes(raw)
    if value in (b"null", b'""'):
        return None
    return str(msgspec.json.decode(value)) if value.startswith(b'"') else value.decode()


def _stated(crs: Raw) -> str | None:
    """Return the coordinate system that an old GeoJSON (2008) states by name."""
    if bytes(crs) == b"null":
        return None
    try:
        return str(msgspec.json.decode(crs)["properties"]["name"])
    except (KeyError, TypeError, msgspec.DecodeError):
        return None


def _records(text: Text, kind: str, path: str, texts: Sequence[Raw], lines: Sequence[int]) -> TextTable:
    faults: list[Fault] = []
    with collector_at_rest():
        headers, rows = put_together([piece.frame for piece in _pieces(texts, lines, faults)])
    return _table(text, kind, path, lines, headers, rows, faults)


def _table(
    text: Text, kind: str, path: str, lines: Sequence[int], headers: tuple[str, ...], rows: pl.DataFrame,
    faults: Sequence[Fault], crs: str | None = None,
) -> TextTable:  # fmt: skip
    numbered = rows.with_columns(pl.Series(LINE, lines, dtype=pl.Int64))
    return TextTable(
        headers,
        numbered,
        lines[0],
        text.encoding,
        None,
        path,
        tuple(faults),
        text.suspect,
        text.damaged,
        format=kind,
        crs=crs,
    )


def read_json_lines(text: Text) -> TextTable:
    """Read NDJSON: one object a line; blank lines are passed over and keep their number.

    Raises:
        UnreadableError: a line is not a JSON object.
    """
    texts: list[Raw] = []
    lines: list[int] = []
    check = msgspec.json.Decoder(Raw)
    for number, line in enumerate(text.content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            texts.append(check.decode(line))  # each by itself: two broken lines could make a good one together
        except msgspec.DecodeError as error:
            raise UnreadableError("json-malformed", str(error), number) from None
        except RecursionError:
            raise UnreadableError("json-malformed", TOO_DEEP, number) from None
        lines.append(number)
    return _records(text, "ndjson", "", texts, lines)
