"""How rows are written to a file in each format: the ``SELECT`` that shapes the cells, and how the bytes are made.

DuckDB writes all of it but the Arrow stream. Every name is quoted; a value comes only from the rows.
"""

import io
import json
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from governance.api.formats import Format, FormatName
from governance.api.geometry import Geometry
from governance.api.query import quote
from governance.catalogue.cells import csv_cell_sql, disarmed

_CSV = "FORMAT csv, HEADER, NEW_LINE '\\r\\n'"
_PARQUET = "FORMAT parquet, COMPRESSION zstd, GEOPARQUET_VERSION 'V1'"
_COPY_OPTIONS: dict[FormatName, str] = {
    "json": "FORMAT json, ARRAY true",
    "ndjson": "FORMAT json",
    "csv": _CSV,
    "csv-excel-fr": f"{_CSV}, DELIMITER ';'",
    "parquet": _PARQUET,
    "arrow": _PARQUET,
}
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL")
_MARK = "\ufeff".encode()
"""Tells Excel that a CSV is UTF-8."""
_END_OF_STREAM = struct.pack("<iI", -1, 0)
"""Arrow IPC: the continuation sign and a length of nothing."""


@dataclass(frozen=True)
class Envelope:
    """What stands around the features of a GeoJSON collection, as members of the collection."""

    members: Mapping[str, object]

    @property
    def before(self) -> str:
        """The text before the first feature."""
        return '{"type":"FeatureCollection","features":['

    @property
    def after(self) -> str:
        """The text behind the last one."""
        more = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in self.members.items())
        return f"]{more}}}\n"


@dataclass(frozen=True)
class Sheet:
    """What is written of each row."""

    format: Format
    columns: Sequence[str]
    kinds: Mapping[str, str]
    """DuckDB type of each visible column."""
    geometry: Geometry | None = None
    feature_id: str = "NULL"
    """SQL of what a feature is known by."""
    envelope: Envelope = Envelope({})

    def to_select(self, rows: str) -> str:
        """The ``SELECT`` over the rows, which are SQL themselves."""
        shape = {"geojson": self._features, "parquet": self._cells_and_geometry}.get(self.format.name, self._cells)
        return f"SELECT {shape()} FROM ({rows})"  # noqa: S608 - kept because names are quoted and values bound

    @property
    def copy_options(self) -> str:
        """What follows the path in ``COPY … TO``."""
        if self.format.name != "geojson":
            return _COPY_OPTIONS[self.format.name]
        # DuckDB's own JSON writer is this CSV writer without quotes; only so can something stand around the rows.
        around = f"PREFIX {literal(self.envelope.before)}, SUFFIX {literal(self.envelope.after)}"
        return f"FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\\t', NEW_LINE ',\\n', {around}"

    def _cells(self) -> str:
        cell = _CELLS.get(self.format.name, _plain_cell)
        header = disarmed if self.format.extension.endswith("csv") else str
        return ", ".join(f"{cell(name, self.kinds[name])} AS {quote(header(name))}" for name in self.columns)

    def _cells_and_geometry(self) -> str:
        """The cells, and the geometry behind them where all that it is made of is among them."""
        if self.geometry is None or not set(self.geometry.columns) <= set(self.columns):
            return self._cells()
        drawn = f"{self.geometry.to_sql()} AS geometry"
        kept = [quote(name) for name in self.columns if name != "geometry"]
        return ", ".join([*kept, drawn])

    def _features(self) -> str:
        drawn = f"ST_AsGeoJSON({self.geometry.to_sql()})" if self.geometry else "NULL"
        source = self.geometry.columns if self.geometry and self.geometry.kind == "geojson" else ()
        pairs = [
            f"{literal(name)}, {_json_cell(name, self.kinds[name])}" for name in self.columns if name not in source
        ]
        return (
            f"json_object('type', 'Feature', 'id', {self.feature_id}, 'geometry', {drawn}, "
            f"'properties', json_object({', '.join(pairs)}))"
        )


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _plain_cell(name: str, _kind: str) -> str:
    return quote(name)


def _json_cell(name: str, kind: str) -> str:
    """A cell as JSON has it: instants with their T (ISO 8601), a number that JSON cannot write left out."""
    if kind.startswith("TIMESTAMP"):
        return f"replace(CAST({quote(name)} AS VARCHAR), ' ', 'T')"
    if kind in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({quote(name)}) THEN {quote(name)} END"
    return quote(name)


def _excel_cell(name: str, kind: str) -> str:
    """A cell as a French Excel reads it, formulas disarmed."""
    if kind == "BOOLEAN":
        return f"CASE {quote(name)} WHEN TRUE THEN 'VRAI' WHEN FALSE THEN 'FAUX' END"
    if kind.startswith(_NUMBERS):
        return f"replace(CAST({quote(name)} AS VARCHAR), '.', ',')"
    return csv_cell_sql(name, kind)


_CELLS: dict[FormatName, Callable[[str, str], str]] = {
    "json": _json_cell,
    "ndjson": _json_cell,
    "csv": csv_cell_sql,
    "csv-excel-fr": _excel_cell,
}


def finish(draft: Path, file_format: Format) -> None:
    """Make of what DuckDB wrote what the format asks for besides, in place.

    Raises:
        OSError: the disk refused.
    """
    if file_format.name not in ("csv-excel-fr", "arrow"):
        return
    written = draft.with_name(f"{draft.name}.written")
    draft.rename(written)
    try:
        with draft.open("wb") as out:
            if file_format.name == "arrow":
                _write_stream(written, out)
            else:
                out.write(_MARK)
                with written.open("rb") as rows:
                    shutil.copyfileobj(rows, out, 1 << 20)
    finally:
        with suppress(FileNotFoundError):
            written.unlink()


def _write_stream(parquet: Path, out: io.BufferedWriter) -> None:
    """Write the rows of a Parquet file as an Arrow IPC stream, some thousand at a time: memory stays flat.

    Source: Arrow Columnar Format, IPC streaming format: one schema, the batches, the end.
    """
    lazy = pl.scan_parquet(parquet)
    schema = _stream_of(lazy.head(0).collect())
    out.write(schema[: _length_of_schema(schema)])
    for frame in lazy.collect_batches(maintain_order=True):
        part = _stream_of(frame)
        out.write(part[_length_of_schema(part) : -len(_END_OF_STREAM)])
    out.write(_END_OF_STREAM)


def _stream_of(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    # Texts as every reader knows them, not as the views that only newer ones do.
    frame.write_ipc_stream(buffer, compat_level=pl.CompatLevel.oldest())
    return buffer.getvalue()


def _length_of_schema(stream: bytes) -> int:
    """Bytes of the first message, which has no body: the sign, its length, its text."""
    _, length = struct.unpack_from("<iI", stream)
    return 8 + int(length)
