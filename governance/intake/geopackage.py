"""GeoPackage (OGC 12-128r19) to a table of text with GeoJSON geometry: SQLite and WKB, read by what Python has.

The file comes from outside: it is opened for reading only, with its own views and triggers distrusted, and a limit
on the work of a query.
"""

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from governance.federation import Reading
from governance.intake.geometry import with_geometry
from governance.intake.header import Wanted
from governance.intake.limits import MAX_LINE_BYTES, check_shape
from governance.intake.records import PIECE_RECORDS, flatten, frame_of, put_together
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

START = b"SQLite format 3"
ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
HEADER_BYTES = 8
MAX_STEPS = 100_000
"""Times a thousand steps of SQLite's machine: a view that never ends does."""


def wkb_of(blob: bytes) -> bytes | None:
    """Return the WKB inside a GeoPackage geometry (clause 2.1.3); nothing for an empty one.

    Raises:
        ValueError: not such a geometry.
    """
    if len(blob) < HEADER_BYTES or blob[:2] != b"GP":
        raise ValueError("GP ?")
    flags = blob[3]
    envelope = ENVELOPES.get(flags >> 1 & 0x7)
    if envelope is None:
        raise ValueError("envelope ?")
    return None if flags & 0x10 else blob[HEADER_BYTES + envelope :]


def _check_whole(path: Path) -> None:
    """Refuse a file that was cut: SQLite would read what is left of it without a word (file format, 1.3).

    Raises:
        UnreadableError: the file is shorter than its own header says.
    """
    with path.open("rb") as opened:
        start = opened.read(32)
    page = int.from_bytes(start[16:18], "big")
    size = (65_536 if page == 1 else page) * int.from_bytes(start[28:32], "big")
    if len(start) < 32 or path.stat().st_size < size:
        raise UnreadableError("not-a-table", f"GeoPackage: {path.stat().st_size} < {size}")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_LINE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.execute("PRAGMA trusted_schema = OFF")
    steps = iter(range(MAX_STEPS))
    connection.set_progress_handler(lambda: next(steps, None) is None, 1000)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _layers(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT c.table_name FROM gpkg_contents c JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table' "
        "WHERE c.data_type IN ('features', 'attributes') ORDER BY c.rowid"
    )
    return [name for (name,) in found]


def _columns(connection: sqlite3.Connection, layer: str) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (layer,))]


def _choose(connection: sqlite3.Connection, reading: Reading, wanted: Wanted) -> str:
    layers = _layers(connection)
    if isinstance(reading.sheet, int):
        if not 1 <= reading.sheet <= len(layers):
            raise UnreadableError("sheet-not-found", str(reading.sheet))
        return layers[reading.sheet - 1]
    if reading.sheet is not None:
        if reading.sheet not in layers:
            raise UnreadableError("sheet-not-found", reading.sheet)
        return reading.sheet
    if not layers:
        raise UnreadableError("not-a-table", "GeoPackage")
    return max(layers, key=lambda layer: wanted.count(_columns(connection, layer)))


def _geometry_of(connection: sqlite3.Connection, layer: str) -> tuple[str | None, str | None]:
    """Return the geometry column and the stated system of coordinates of a layer."""
    row = connection.execute(
        "SELECT g.column_name, s.organization, s.organization_coordsys_id, s.definition FROM gpkg_geometry_columns g "
        "JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?", (layer,),
    ).fetchone()  # fmt: skip
    if row is None:
        return None, None
    column, organisation, code, definition = row
    if code is not None and code <= 0:
        return column, None
    return column, f"{organisation}:{code}" if organisation and organisation.upper() == "EPSG" else definition


def _as_geojson(blobs: list[bytes | None]) -> list[str | None]:
    import shapely

    texts: list[bytes | None] = []
    for number, blob in enumerate(blobs, start=1):
        try:
            texts.append(None if blob is None else wkb_of(blob))
        except (ValueError, TypeError):
            raise UnreadableError("geometry-unreadable", str(number), number) from None
    shapes = shapely.from_wkb(texts, on_invalid="ignore")
    for number, (shape, text) in enumerate(zip(shapes, texts, strict=True), start=1):
        if shape is None and text is not None:
            raise UnreadableError("geometry-unreadable", str(number), number)
    found: list[str | None] = shapely.to_geojson(shapes).tolist()
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(connection: sqlite3.Connection, reading: Reading, wanted: Wanted) -> TextTable:
    layer = _choose(connection, reading, wanted)
    column, stated = _geometry_of(connection, layer)
    names = [name for name in _columns(connection, layer) if name != column]
    count = connection.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()[0]  # noqa: S608 - quoted
    check_shape(count, len(names))
    listed = ", ".join(_quoted(name) for name in [*names, *([column] if column else [])])
    rows = connection.execute(f"SELECT {listed} FROM {_quoted(layer)}")  # noqa: S608 - kept because names are quoted
    frames: list[pl.DataFrame] = []
    blobs: list[bytes | None] = []
    while piece := rows.fetchmany(PIECE_RECORDS):
        records: list[dict[str, Any]] = [dict(zip(names, row, strict=False)) for row in piece]
        frames.append(frame_of(flatten(records), len(records)))
        if column:
            blobs += [row[-1] for row in piece]
    headers, frame = put_together(frames)
    lines = range(1, frame.height + 1)
    faults: tuple[Fault, ...] = (Fault("numbered-by-record"),)
    crs = None
    if column:
        texts = pl.Series("geometry", _as_geojson(blobs), dtype=pl.String)
        placed = with_geometry(headers, frame, texts, stated, reading, lines)
        headers, frame, crs, faults = placed.headers, placed.rows, placed.crs, (*faults, *placed.faults)
    numbered = frame.with_columns(pl.Series(LINE, lines, dtype=pl.Int64))
    return TextTable(
        headers, numbered, 1, "utf-8", None, layer, faults, format="geopackage", crs=crs, numbered="record"
    )


def read_geopackage(path: Path, reading: Reading, wanted: Wanted) -> TextTable:
    """Read the pinned layer, or the one that names most wanted columns; ``line_number`` is the record's number.

    Raises:
        UnreadableError: not a GeoPackage, no such layer, damaged, or a coordinate system that is not known.
    """
    _check_whole(path)
    connection = None
    try:
        connection = _open(path)
        return _read(connection, reading, wanted)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the second: what SQLite says of broken names is broken too
        raise UnreadableError("not-a-table", f"GeoPackage: {str(error)[:80]}") from None
    finally:
        if connection is not None:
            connection.close()
