"""Records of one shape, decoded into a type made for them: the fast way for the thousands of records that are alike.

What does not fit the shape (another name, a list, a number where texts were) is not forced: the caller reads that
piece the general way, and the shape is learnt anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from governance.intake.records import as_texts, frame_of

Raw = msgspec.Raw
_NESTED = {list, dict}
_NULL = Raw(b"null")
_OWN = ("properties", "geometry", "id")
"""Names of a feature that are read; others are passed over."""


@dataclass(frozen=True)
class Decoded:
    """A piece as columns of text; for features, their geometries and ids as they are written too.

    ``members`` is how many names its objects have, nothing where that is not known.
    """

    frame: pl.DataFrame
    members: int | None
    geometries: Sequence[str] = ()
    ids: Sequence[Raw] = ()


class Shape:
    """Decodes lists of records, or of GeoJSON features, that have these names; ``texts`` hold nothing but text.

    ``outer`` are the names of a feature itself; none for plain records.
    """

    def __init__(self, names: Sequence[str], texts: frozenset[str], outer: Sequence[str] = ()) -> None:
        self.names = names
        self.texts = texts
        self.outer = outer
        # Where each record has each name, how many names there are is known without counting.
        self.decoders = [(is_strict, self._decoder(is_strict)) for is_strict in (True, False)]

    def _decoder(self, is_strict: bool) -> "msgspec.json.Decoder[list[Any]]":
        absent = () if is_strict else (None,)
        fields = [(f"c{at}", str | None if name in self.texts else Any, *absent) for at, name in enumerate(self.names)]
        rename = {f"c{at}": name for at, name in enumerate(self.names)}
        record: Any = msgspec.defstruct("Record", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        if self.outer:
            others = {f"x{at}": name for at, name in enumerate(self.outer) if name not in _OWN and is_strict}
            wanted: list[Any] = [("properties", record), *((name, Raw) for name in others)]
            wanted += [(name, Raw) if is_strict and name in self.outer else (name, Raw, _NULL) for name in _OWN[1:]]
            record = msgspec.defstruct(
                "Feature", wanted, rename=others, forbid_unknown_fields=is_strict, kw_only=True, gc=False
            )
        return msgspec.json.Decoder(list[record], float_hook=str)

    def decode(self, text: bytes) -> Decoded | None:
        """Return the piece, or nothing if some record has another shape."""
        for is_strict, decoder in self.decoders:
            try:
                return self._as_columns(decoder.decode(text), is_strict)
            except msgspec.ValidationError:
                continue
        return None

    def _as_columns(self, found: Sequence[Any], is_strict: bool) -> Decoded | None:
        records = [feature.properties for feature in found] if self.outer else found
        columns: dict[str, Sequence[str | None] | pl.Series] = {}
        for name, values in zip(self.names, zip(*map(msgspec.structs.astuple, records), strict=True), strict=True):
            if name in self.texts:
                columns[name] = values
                continue
            kinds = set(map(type, values))
            if not _NESTED.isdisjoint(kinds):
                return None
            columns[name] = as_texts(values, kinds)
        frame, count = frame_of(columns, len(records)), len(records) * len(self.names)
        if not self.outer:
            return Decoded(frame, count if is_strict else None)
        geometries = texts_of_geometries([feature.geometry for feature in found])
        count += len(found) * len(self.outer) + members_of_geometries(geometries)
        return Decoded(frame, count if is_strict else None, geometries, [feature.id for feature in found])


def texts_of_geometries(geometries: Sequence[Raw]) -> list[str]:
    """Return geometries as they are written."""
    return [str(geometry, "utf-8") for geometry in geometries]


def members_of_geometries(geometries: Sequence[str]) -> int:
    """Return how many names these have as a rule (RFC 7946, 3.1): ``type`` and ``coordinates``, but for null."""
    return 2 * (len(geometries) - geometries.count("null"))


def shape_of(records: Sequence[Mapping[str, Any]], outer: Sequence[str]) -> Shape | None:
    """Learn the shape of a piece; nothing if its records are nested or have no names."""
    seen: dict[str, set[type]] = {}
    for record in records:
        for name, value in record.items():
            seen.setdefault(name, set()).add(type(value))
    if not seen or any(not _NESTED.isdisjoint(kinds) for kinds in seen.values()):
        return None
    texts = frozenset(name for name, kinds in seen.items() if kinds <= {str, type(None)} and kinds != {type(None)})
    return Shape(list(seen), texts, outer)
