"""Shapefile, GeoPackage, Parquet, XML and ZIP are read; what is dangerous in them is refused with words."""

import datetime
import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shapefile
import shapely

from governance.federation import Reading
from governance.intake import limits
from governance.intake.header import Wanted
from governance.intake.reading import read_file
from governance.intake.table import TextTable, UnreadableError
from tests.intake.examples import contract_of

WANTED = Wanted.of(contract_of({"name": "id"}, {"name": "ville"}), {}, ())
LAMBERT = (305_000.0, 6_700_000.0)
CSV = b"id;ville\n1;Donges\n"


def read(file: Path, **pinned: object) -> TextTable:
    return read_file(file, Reading.model_validate(pinned), WANTED)


def refused(file: Path, **pinned: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(file, **pinned)
    return caught.value


def cells(table: TextTable) -> list[dict[str, Any]]:
    return [dict(zip((*table.headers, "line"), row, strict=True)) for row in table.rows.rows()]


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def layer(crs: str | None = None, encoding: str = "utf-8") -> dict[str, bytes]:
    """A Shapefile of one point in Lambert-93, as its parts."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding=encoding) as writer:
        for name, kind in (("id", "N"), ("ville", "C")):
            writer.field(name, kind)
        writer.point(*LAMBERT)
        writer.record(7, "Besné")
    parts = {"l.shp": shp.getvalue(), "l.shx": shx.getvalue(), "l.dbf": dbf.getvalue()}
    return parts if crs is None else parts | {"l.prj": crs.encode()}


def geopackage(path: Path, srs: int = 2154) -> Path:
    base = sqlite3.connect(path)
    base.executescript(
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id, definition);"
        "CREATE TABLE gpkg_contents (table_name, data_type, srs_id);"
        "CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m);"
        "CREATE TABLE other (a TEXT); CREATE TABLE places (fid INTEGER PRIMARY KEY, geom BLOB, id TEXT, ville TEXT);"
        "INSERT INTO gpkg_contents VALUES ('other','attributes',0),('places','features',2154);"
    )
    base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', ?, 'EPSG', ?, '')", (srs, srs))
    base.execute("INSERT INTO gpkg_geometry_columns VALUES ('places','geom','POINT',?,0,0)", (srs,))
    header = b"GP\x00\x01" + struct.pack("<i", srs)
    base.execute("INSERT INTO places VALUES (1,?,'a','Donges')", (header + shapely.to_wkb(shapely.Point(*LAMBERT)),))
    base.execute("INSERT INTO places VALUES (2,NULL,'b',NULL)")
    base.commit()
    base.close()
    return path


def test_shapefile_in_a_zip_is_read_in_its_stated_system(tmp_path: Path) -> None:
    table = read(packed(tmp_path / "a.zip", layer('PROJCS["RGF93_Lambert_93",' + WKT)))
    row = cells(table)[0]
    assert (row["id"], row["ville"], row["line"]) == ("7", "Besné", 1)
    assert 47 < float(row["geometry.latitude"] or 0) < 47.6 and -2.4 < float(row["geometry.longitude"] or 0) < -2.1
    assert (table.format, table.member, table.numbered) == ("shapefile", "l.shp", "record")
    assert "numbered-by-record" in {fault.rule for fault in table.faults}


WKT = (
    'GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],'
    'PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",49.0],'
    'PARAMETER["Standard_Parallel_2",44.0],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]'
)


def test_shapefile_of_an_old_program_has_its_accents(tmp_path: Path) -> None:
    table = read(packed(tmp_path / "a.zip", layer(encoding="cp1252")), crs="EPSG:2154")
    assert (cells(table)[0]["ville"], table.encoding) == ("Besné", "cp1252")


def test_shapefile_without_its_attributes_is_refused(tmp_path: Path) -> None:
    parts = layer()
    del parts["l.dbf"]
    assert refused(packed(tmp_path / "a.zip", parts)).fault.rule == "not-a-table"


def test_geopackage_layer_with_the_columns_is_read(tmp_path: Path) -> None:
    table = read(geopackage(tmp_path / "g.gpkg"))
    rows = cells(table)
    assert (table.sheet, table.crs, len(rows)) == ("places", "EPSG:2154", 2)
    assert 47 < float(rows[0]["geometry.latitude"] or 0) < 47.6
    assert rows[1]["geometry"] is None and rows[1]["ville"] is None


def test_geopackage_with_a_broken_geometry_is_said(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "g.gpkg")
    base = sqlite3.connect(path)
    base.execute("UPDATE places SET geom = x'00112233445566778899' WHERE fid = 1")
    base.commit()
    base.close()
    assert refused(path).fault.rule == "geometry-unreadable"


def test_sqlite_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "x.gpkg")
    base.execute("CREATE TABLE t (a)")
    base.commit()
    base.close()
    assert refused(tmp_path / "x.gpkg").fault.rule == "not-a-table"
    assert refused(tmp_path / "x.gpkg", sheet="t").fault.rule == "not-a-table"


def test_parquet_types_become_text(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pl.DataFrame(
        {
            "id": [1, None], "ville": ["Besné", "b"], "jour": [datetime.date(2024, 3, 1), None], "oui": [True, False],
            "liste": [["a", "é"], None], "quand": [datetime.datetime(2024, 3, 1, 8, 30), None], "x": [1.5, 2.0],
        }
    ).write_parquet(path)  # fmt: skip
    table = read(path)
    assert cells(table)[0] == {
        "id": "1", "ville": "Besné", "jour": "2024-03-01", "oui": "true", "liste": '["a","é"]',
        "quand": "2024-03-01T08:30:00", "x": "1.5", "line": 1,
    }  # fmt: skip
    assert cells(table)[1]["liste"] is None and table.numbered == "record"


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(b"PAR1" + b"\x00" * 100 + b"PAR1")
    assert refused(path).fault.rule == "not-a-table"


XML = """<?xml version="1.0" encoding="cp1252"?>
<b:budget xmlns:b="urn:x"><lignes>
  <ligne id="1"><ville nom="Besné">é</ville><m>1</m><m>2</m></ligne>

  <ligne id="2"/>
</lignes></b:budget>"""


def test_xml_rows_are_at_the_declared_path_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(XML.encode("cp1252"))
    rows = cells(read(path, path="budget/lignes/ligne"))
    assert rows[0] == {"@id": "1", "ville.@nom": "Besné", "ville": "é", "m": '["1","2"]', "line": 3}
    assert (rows[1]["@id"], rows[1]["ville"], rows[1]["line"]) == ("2", None, 5)
    needed = refused(path).fault
    assert needed.rule == "path-needed" and "budget/lignes/ligne (2 ×)" in needed.detail
    assert refused(path, path="budget/autre").fault.rule == "path-not-found"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>', "xml-entities"),
        ('<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a><b/></a>', "xml-entities"),
        ("<a>\n<b></a>", "xml-malformed"),
        ("<a>" * 1000, "xml-malformed"),
    ],
)
def test_xml_with_entities_or_broken_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(text)
    assert refused(path, path="a/b").fault.rule == rule


def test_zip_of_one_file_is_read_as_that_file(tmp_path: Path) -> None:
    table = read(packed(tmp_path / "a.zip", {"d/": b"", "d/x.csv": CSV, "__MACOSX/d/x.csv": b"", "lisezmoi.md": b"x"}))
    assert (table.member, table.delimiter, table.rows.height) == ("d/x.csv", ";", 1)


def test_zip_of_several_needs_a_declared_member(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"x.csv": CSV, "y.json": b'[{"id": 1}]'})
    assert refused(path).fault.rule == "member-needed"
    assert read(path, member="y.json").format == "json"
    assert refused(path, member="z.csv").fault.rule == "member-not-found"


def test_member_that_leads_out_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"../../escaped.csv": CSV})
    assert refused(path).fault.rule == "archive-unsafe"


def test_encrypted_member_is_said(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"x.csv": CSV})
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(raw))
    assert refused(path).fault.rule == "archive-encrypted"


def test_workbook_with_a_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(2_000) + "EncryptedPackage".encode("utf-16-le") + bytes(2_000))
    assert refused(path).fault.rule == "archive-encrypted"


def test_bomb_is_stopped_by_what_comes_out_not_by_what_it_says(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"x.csv": b"0" * (limits.RATIO_FROM_BYTES + 2 * limits.MIB)})
    raw = path.read_bytes()
    size = struct.pack("<I", limits.RATIO_FROM_BYTES + 2 * limits.MIB)
    path.write_bytes(raw.replace(size, struct.pack("<I", 100 * limits.MIB)))  # claims to be larger: read on
    assert refused(path).fault.rule == "too-large"


@pytest.mark.parametrize("pinned", ["json", "xlsx", "xml"])
def test_file_in_another_format_than_declared_is_refused(tmp_path: Path, pinned: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(CSV)
    assert refused(path, format=pinned).fault.rule == "format-differs"


Maker = Callable[[Path], Path]


@pytest.mark.parametrize("cut", [20, 60, 120])
def test_truncated_file_of_any_kind_never_ends_in_a_crash(tmp_path: Path, cut: int) -> None:
    whole = tmp_path / "w.parquet"
    pl.DataFrame({"id": [1], "ville": ["a"]}).write_parquet(whole)
    samples = {
        "zip": packed(tmp_path / "w.zip", layer(WKT)), "gpkg": geopackage(tmp_path / "w.gpkg"), "parquet": whole,
    }  # fmt: skip
    for kind, path in samples.items():
        broken = tmp_path / f"broken-{kind}"
        broken.write_bytes(path.read_bytes()[:-cut])
        assert refused(broken).fault.rule in {"not-a-table", "member-needed"}, kind
    (tmp_path / "j").write_text(json.dumps([{"id": 1, "ville": "a"}])[:-1])
    assert refused(tmp_path / "j").fault.rule == "json-malformed"
