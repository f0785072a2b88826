"""Shapefile (Esri, with its .dbf, .prj and .cpg beside it) to a table of text with GeoJSON geometry."""

import struct
import warnings
from pathlib import Path

import msgspec
import polars as pl

from governance.federation import Reading
from governance.intake.geometry import with_geometry
from governance.intake.limits import check_shape
from governance.intake.records import PIECE_RECORDS, flatten, frame_of, put_together
from governance.intake.table import LINE, Fault, TextTable, UnreadableError

CODE_PAGES = {"1252": "cp1252", "ansi 1252": "cp1252", "88591": "latin-1", "iso88591": "latin-1", "utf8": "utf-8"}


def _encoding(path: Path, pinned: str | None) -> str:
    """Return the encoding of the attributes: pinned, as the .cpg says, else UTF-8 if they are, else cp1252."""
    if pinned:
        return pinned
    said = path.with_suffix(".cpg")
    if said.is_file():
        name = said.read_text("ascii", "ignore").strip().casefold()
        return CODE_PAGES.get(name.replace("-", "").replace("_", ""), name or "utf-8")
    try:
        path.with_suffix(".dbf").read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError):
        return "cp1252"
    return "utf-8"


def _stated_crs(path: Path) -> str | None:
    said = path.with_suffix(".prj")
    return said.read_text("utf-8", "replace").strip() or None if said.is_file() else None


def read_shapefile(path: Path, reading: Reading) -> TextTable:
    """Read a layer; ``line_number`` is the number of the record, from 1.

    Raises:
        UnreadableError: a part is missing or damaged, or its coordinate system is not known.
    """
    import shapefile

    if not path.with_suffix(".dbf").is_file():
        raise UnreadableError("not-a-table", "Shapefile: .dbf ?")
    encoding = _encoding(path, reading.encoding)
    frames: list[pl.DataFrame] = []
    shapes: list[str | None] = []
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            shapefile.Reader(str(path), encoding=encoding, encodingErrors="replace") as layer,
        ):
            check_shape(len(layer), len(layer.fields))
            records = []
            for item in layer.iterShapeRecords():
                records.append(item.record.as_dict())
                kind = item.shape.shapeTypeName
                shapes.append(None if kind == "NULL" else msgspec.json.encode(item.shape.__geo_interface__).decode())
                if len(records) == PIECE_RECORDS:
                    frames.append(frame_of(flatten(records), len(records)))
                    records = []
            if records:
                frames.append(frame_of(flatten(records), len(records)))
    except (shapefile.ShapefileException, struct.error, OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("not-a-table", f"Shapefile: {str(error)[:80]}") from None
    headers, rows = put_together(frames)
    lines = range(1, rows.height + 1)
    texts = pl.Series("geometry", shapes, dtype=pl.String)
    placed = with_geometry(headers, rows, texts, _stated_crs(path), reading, lines)
    damaged = placed.rows.select(pl.any_horizontal(pl.all().str.contains("\ufffd", literal=True).any())).item()
    return TextTable(
        placed.headers, placed.rows.with_columns(pl.Series(LINE, lines, dtype=pl.Int64)), 1, encoding, None, "",
        (Fault("numbered-by-record"), *placed.faults), bool(damaged), bool(damaged), "shapefile", crs=placed.crs,
        numbered="record",
    )  # fmt: skip
