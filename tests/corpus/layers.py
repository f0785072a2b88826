"""Spoiled Parquet, GeoPackage and Shapefile: types that do not fit, parts that are missing, bytes that were cut.

Their records have no line; they are numbered from 1.
"""

import datetime
import io
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import shapefile
import shapely

from tests.corpus.archives import packed
from tests.corpus.case import Case, Outcome, all_bad, case, refused, rows

LAMBERT = (305_000.0, 6_700_000.0)
BROKEN = refused("not-a-table", has_lines=False)
IDS, DAYS = ["a", "b"], [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]


def parquet(**columns: object) -> bytes:
    """Return a Parquet file of two records, with other columns than the right ones."""
    target = io.BytesIO()
    pl.DataFrame({"id": IDS, "montant": [1.5, 2.0], "jour": DAYS} | columns).write_parquet(target)
    return target.getvalue()


def with_byte_changed() -> bytes:
    """Return a Parquet file in which one byte of the first page's head is another, so that its sizes lie."""
    changed = bytearray(parquet())
    changed[76] = 0xFF
    return bytes(changed)


PARQUET: dict[str, tuple[bytes, Outcome]] = {
    "right": (parquet(), rows([1, 2])),
    "integers-as-identifier": (parquet(id=[7, 8]), rows([1, 2])),
    "identifier-null": (parquet(id=["a", None]), rows([1], {2: "required"})),
    "identifier-empty": (parquet(id=["a", ""]), rows([1], {2: "required"})),
    "text-for-number": (parquet(montant=["1", "x"]), rows([1], {2: "type-error"})),
    "truth-for-number": (parquet(montant=[None, True]), rows([1], {2: "type-error"})),
    "list-for-number": (parquet(montant=[None, [1.0]]), rows([1], {2: "type-error"})),
    "record-for-number": (parquet(montant=[None, {"x": 1}]), rows([1], {2: "type-error"})),
    "infinite": (parquet(montant=[1.0, float("inf")]), rows([1], {2: "type-error"})),
    "instant-for-day": (parquet(jour=[None, datetime.datetime(2024, 1, 2, 8)]), rows([1], {2: "type-error"})),
    "text-for-day": (parquet(jour=["2024-01-01", "hier"]), rows([1], {2: "type-error"})),
    "whole-numbers-for-day": (parquet(jour=[None, 20240102]), rows([1], {2: "type-error"})),
    "bytes-in-text": (parquet(ville=[b"\x00\xff", None]), rows([1, 2])),
    "key-twice": (parquet(id=["a", "a"]), rows([1], {2: "primary-key"})),
    "record-twice": (parquet(id=["a", "a"], montant=[1.0, 1.0], jour=DAYS[:1] * 2), rows([1], twice=[2])),
    "start-alone": (b"PAR1PAR1", BROKEN),
    "zeros-inside": (b"PAR1" + b"\x00" * 100 + b"PAR1", BROKEN),
    "end-that-lies": (parquet()[:-8] + b"\xff\xff\xff\x7fPAR1", BROKEN),
    **{f"cut-at-{part}-tenths": (parquet()[: len(parquet()) * part // 10], BROKEN) for part in (1, 3, 5, 7, 9)},
    "cut-at-the-end": (parquet()[:-1], BROKEN),
}


def geopackage(*changes: str, empty: bool = False) -> Callable[[], bytes]:
    """Return what makes a GeoPackage of two places in Lambert-93, after some changes in SQL."""

    def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "g.gpkg"
            base = sqlite3.connect(path)
            base.executescript(
                "CREATE TABLE gpkg_spatial_ref_sys"
                " (srs_name, srs_id, organization, organization_coordsys_id, definition);"
                "CREATE TABLE gpkg_contents (table_name, data_type, srs_id);"
                "CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m);"
                "CREATE TABLE places (fid INTEGER PRIMARY KEY, geom BLOB, id TEXT, ville TEXT, montant);"
                "INSERT INTO gpkg_contents VALUES ('places', 'features', 2154);"
                "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 2154, 'EPSG', 2154, '');"
                "INSERT INTO gpkg_geometry_columns VALUES ('places', 'geom', 'POINT', 2154, 0, 0);"
            )
            point = b"GP\x00\x01" + struct.pack("<i", 2154) + shapely.to_wkb(shapely.Point(*LAMBERT))
            places = [] if empty else [(1, point, "a", "Donges", 1.5), (2, point, "b", "Besné", 2)]
            base.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?)", places)
            for change in changes:
                base.execute(change)
            base.commit()
            base.close()
            return path.read_bytes()

    return make


def cut(make: Callable[[], bytes], tenths: int) -> Callable[[], bytes]:
    """Return what makes only the first tenths of a file."""
    return lambda: (whole := make())[: len(whole) * tenths // 10]


def with_broken_name() -> bytes:
    """Return a GeoPackage in which a byte of the table of contents' definition is no text."""
    whole = geopackage()()
    return whole.replace(b"gpkg_contents (table_name", b"gpkg_contents (table_\x80ame")


GEOPACKAGE: dict[str, tuple[Callable[[], bytes], Outcome]] = {
    "right": (geopackage(), rows([1, 2])),
    "identifier-null": (geopackage("UPDATE places SET id = NULL WHERE fid = 2"), rows([1], {2: "required"})),
    "identifier-empty": (geopackage("UPDATE places SET id = '' WHERE fid = 2"), rows([1], {2: "required"})),
    "text-for-number": (geopackage("UPDATE places SET montant = 'x' WHERE fid = 2"), rows([1], {2: "type-error"})),
    "bytes-for-number": (geopackage("UPDATE places SET montant = x'00ff' WHERE fid = 2"), rows([1], {2: "type-error"})),
    "key-twice": (geopackage("UPDATE places SET id = 'a'"), rows([1], {2: "primary-key"})),
    "without-geometry": (geopackage("UPDATE places SET geom = NULL"), rows([1, 2])),
    "geometry-broken": (
        geopackage("UPDATE places SET geom = x'0011223344' WHERE fid = 2"),
        refused("geometry-unreadable", 2),
    ),
    "geometry-a-text": (geopackage("UPDATE places SET geom = 'x' WHERE fid = 2"), refused("geometry-unreadable", 2)),
    "system-unsaid": (geopackage("DELETE FROM gpkg_geometry_columns"), rows([1, 2])),
    "system-zero": (
        geopackage("UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 0"),
        all_bad([1, 2], "crs-missing", None),
    ),
    "system-unknown": (
        geopackage("UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 999999"),
        refused("crs-unknown"),
    ),
    "no-layer": (geopackage("DELETE FROM gpkg_contents"), BROKEN),
    "layer-gone": (geopackage("DROP TABLE places"), BROKEN),
    "contents-gone": (geopackage("DROP TABLE gpkg_contents"), BROKEN),
    "no-record": (geopackage(empty=True), refused("no-rows", has_lines=False)),
    "names-unknown": (
        geopackage("DROP TABLE places", "CREATE TABLE places (geom BLOB, x)", "INSERT INTO places VALUES (NULL, 1)"),
        refused("header-not-found", has_lines=False),
    ),
    **{f"cut-at-{part}-tenths": (cut(geopackage(), part), BROKEN) for part in (1, 4, 6, 9)},
}


def shapes(second: object = 2.0) -> dict[str, bytes]:
    """Return a Shapefile of two places as its parts."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding="utf-8") as writer:
        writer.field("id", "C")
        writer.field("montant", "C")
        for name, value in (("a", "1.5"), ("b", second)):
            writer.point(-2.2, 47.3)
            writer.record(name, str(value))
    return {"l.shp": shp.getvalue(), "l.shx": shx.getvalue(), "l.dbf": dbf.getvalue()}


def without(*parts: str, **changed: bytes) -> bytes:
    """Return the archive of a Shapefile without some of its parts, or with others."""
    found = {name: content for name, content in shapes().items() if name[2:] not in parts}
    return packed(found | {f"l.{part}": content for part, content in changed.items()})


SHAPEFILE: dict[str, tuple[bytes, Outcome]] = {
    "right": (packed(shapes()), rows([1, 2])),
    "text-for-number": (packed(shapes("x")), rows([1], {2: "type-error"})),
    "without-attributes": (without("dbf"), BROKEN),
    "without-shapes": (without("shp"), refused("member-needed")),
    "attributes-alone": (without("shp", "shx"), refused("member-needed")),
    "system-no-system": (without(prj=b"bonjour"), refused("crs-unknown")),
    "shapes-cut": (without(shp=shapes()["l.shp"][:110]), BROKEN),
    "shapes-only-a-head": (without(shp=shapes()["l.shp"][:50]), BROKEN),
    "shapes-empty": (without(shp=b""), refused("empty-file")),
    "attributes-empty": (without(dbf=b""), BROKEN),
    "attributes-cut": (without(dbf=shapes()["l.dbf"][:40]), BROKEN),
    "attributes-one-record-short": (without(dbf=shapes()["l.dbf"][:-101]), BROKEN),
    "two-layers": (
        packed(shapes() | {f"m{name[1:]}": content for name, content in shapes().items()}),
        refused("member-needed"),
    ),
}


def cases() -> Iterator[Case]:
    """Give every file."""
    for name, (content, outcome) in PARQUET.items():
        yield case(f"parquet-{name}", "file.parquet", content, outcome)
    yield case("parquet-byte-changed", "file.parquet", with_byte_changed, BROKEN)
    for name, (make, outcome) in GEOPACKAGE.items():
        yield case(f"geopackage-{name}", "file.gpkg", make, outcome)
    yield case("geopackage-name-of-a-table-no-text", "file.gpkg", with_broken_name, BROKEN)
    for name, (content, outcome) in SHAPEFILE.items():
        yield case(f"shapefile-{name}", "file.zip", content, outcome)
