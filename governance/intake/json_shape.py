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


@dataclass(frozen=True)
class Decoded:
    """A piece as columns of text; for features, their geometries and ids as they are written too."""

    frame: pl.DataFrame
    geometries: Sequence[Raw] = ()
    ids: Sequence[Raw] = ()


class Shape:
    """Decodes lists of records, or of GeoJSON features, that have these names; ``texts`` hold nothing but text."""

    def __init__(self, names: Sequence[str], texts: frozenset[str], are_features: bool) -> None:
        self.names = names
        self.texts = texts
        self.are_features = are_features
        fields = [(f"c{at}", str | None if name in texts else Any, None) for at, name in enumerate(names)]
        rename = {f"c{at}": name for at, name in enumerate(names)}
        record: Any = msgspec.defstruct("Record", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        if are_features:
            parts: list[Any] = [("properties", record), ("geometry", Raw, _NULL), ("id", Raw, _NULL)]
            record = msgspec.defstruct("Feature", parts, gc=False)
        self.decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[record], float_hook=str)

    def decode(self, text: bytes) -> Decoded | None:
        """Return the piece, or nothing if some record has another shape."""
        try:
            found = self.decoder.decode(text)
        except msgspec.ValidationError:
            return None
        records = [feature.properties for feature in found] if self.are_features else found
        columns: dict[str, Sequence[str | None] | pl.Series] = {}
        for name, values in zip(self.names, zip(*map(msgspec.structs.astuple, records), strict=True), strict=True):
            if name in self.texts:
                columns[name] = values
                continue
            kinds = set(map(type, values))
            if not _NESTED.isdisjoint(kinds):
                return None
            columns[name] = as_texts(values, kinds)
        frame = frame_of(columns, len(records))
        if not self.are_features:
            return Decoded(frame)
        return Decoded(frame, [feature.geometry for feature in found], [feature.id for feature in found])


def shape_of(records: Sequence[Mapping[str, Any]], are_features: bool) -> Shape | None:
    """Learn the shape of a piece; nothing if its records are nested or have no names."""
    seen: dict[str, set[type]] = {}
    for record in records:
        for name, value in record.items():
            seen.setdefault(name, set()).add(type(value))
    if not seen or any(not _NESTED.isdisjoint(kinds) for kinds in seen.values()):
        return None
    texts = frozenset(name for name, kinds in seen.items() if kinds <= {str, type(None)} and kinds != {type(None)})
    return Shape(list(seen), texts, are_features)
