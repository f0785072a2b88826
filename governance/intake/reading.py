"""Which reader reads a file: by what its bytes are, never by what its name says.

A ZIP is opened and what is in it read the same way; longitudes and latitudes are looked at whatever the format.
"""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

from governance.federation import Reading
from governance.intake.archive import open_archive, unpacked
from governance.intake.axes import check_axes
from governance.intake.decoding import Text, decode
from governance.intake.delimited import read_delimited
from governance.intake.geopackage import START as SQLITE
from governance.intake.geopackage import read_geopackage
from governance.intake.header import Wanted
from governance.intake.json_records import read_json, read_json_lines
from governance.intake.limits import check_file_size
from governance.intake.parquet import START as PARQUET
from governance.intake.parquet import read_parquet
from governance.intake.shapefile_layer import read_shapefile
from governance.intake.spreadsheet import read_workbook
from governance.intake.table import TextTable, UnreadableError
from governance.intake.xml_records import is_xml, read_xml

ZIP, OLE2, SHAPES = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x00\x00\x27\x0a"
START_BYTES = 512
PROTECTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which a workbook with a password is kept (MS-OFFCRYPTO 2.3.4)."""
_NEXT_OBJECT = re.compile(rb"\s*\{")
GEOMETRIC = frozenset({"geojson", "shapefile", "geopackage"})


def _kind_of_zip(path: Path) -> str:
    with open_archive(path) as archive:
        names = set(archive.namelist())
    if "[Content_Types].xml" in names and any(name.startswith("xl/workbook.") for name in names):
        return "xlsx"
    return "ods" if {"mimetype", "content.xml"} <= names else "zip"


def kind_of(path: Path) -> str:
    """Tell what a file is: a format, ``zip``, or ``text``.

    Raises:
        UnreadableError: a ZIP that cannot be opened.
    """
    with path.open("rb") as opened:
        start = opened.read(START_BYTES)
    if start.startswith(ZIP) or (start.startswith(b"PK") and zipfile.is_zipfile(path)):
        return _kind_of_zip(path)
    for signature, kind in ((OLE2, "xls"), (PARQUET, "parquet"), (SQLITE, "geopackage"), (SHAPES, "shapefile")):
        if start.startswith(signature):
            return kind
    return "xml" if is_xml(start) else "text"


def _looks_like_lines(text: Text) -> bool:
    """Tell NDJSON from JSON: its first line is a whole object, and another one begins on the next."""
    start = len(text.content) - len(text.content.lstrip())
    feed = text.content.find(b"\n", start)
    if feed < 0:
        return False
    return text.content[start:feed].rstrip().endswith(b"}") and bool(_NEXT_OBJECT.match(text.content, feed))


def _read_text(text: Text, reading: Reading, wanted: Wanted) -> TextTable:
    start = text.content[:START_BYTES].lstrip()[:1]
    if reading.format in ("json", "geojson", "ndjson") and start not in (b"{", b"["):
        raise UnreadableError("format-differs", reading.format)
    is_json = start in (b"{", b"[") and reading.delimiter is None and reading.format != "csv"
    if not is_json:
        return read_delimited(text, reading, wanted)
    if reading.format == "ndjson" or (reading.format is None and start == b"{" and _looks_like_lines(text)):
        return read_json_lines(text)
    return read_json(text, reading, wanted)


def _read_zip(path: Path, reading: Reading, wanted: Wanted) -> TextTable:
    with unpacked(path, reading.member) as (name, member):
        if kind_of(member) == "zip":
            raise UnreadableError("member-needed", f"{name} (ZIP)")
        return replace(_read(member, reading, wanted), member=name)


def _read(path: Path, reading: Reading, wanted: Wanted) -> TextTable:
    check_file_size(path.stat().st_size)
    kind = kind_of(path)
    if kind == "zip":
        return _read_zip(path, reading, wanted)
    if reading.format is not None and reading.format != kind and (kind != "text" or reading.format not in _TEXTS):
        raise UnreadableError("format-differs", f"{kind} ≠ {reading.format}")
    if kind == "xls" and PROTECTED in path.read_bytes():
        raise UnreadableError("archive-encrypted", "XLSX")
    if kind in ("xlsx", "xls", "ods"):
        return read_workbook(path, reading, wanted, kind)
    if kind == "parquet":
        return read_parquet(path)
    if kind == "geopackage":
        return read_geopackage(path, reading, wanted)
    if kind == "shapefile":
        return read_shapefile(path, reading)
    if kind == "xml":
        return read_xml(path.read_bytes(), reading)
    return _read_text(decode(path.read_bytes(), reading.encoding), reading, wanted)


_TEXTS = frozenset({"csv", "json", "ndjson", "geojson"})


def read_file(path: Path, reading: Reading, wanted: Wanted) -> TextTable:
    """Read one file as text, whatever it is; what is not pinned is found.

    Raises:
        UnreadableError: with the reason to report.
        OSError: the file itself cannot be opened.
    """
    table = _read(path, reading, wanted)
    if table.format in GEOMETRIC:
        return table
    rows, faults = check_axes(table.headers, table.rows, wanted, reading)
    return replace(table, rows=rows, faults=(*table.faults, *faults)) if faults or rows is not table.rows else table
