"""JSON, NDJSON and GeoJSON are read as written, each record with the line it starts on."""

import json
from pathlib import Path
from typing import Any

import pytest

from governance.federation import Reading
from governance.intake.header import Wanted
from governance.intake.reading import read_file
from governance.intake.table import TextTable, UnreadableError
from tests.intake.examples import blocking, contract_of, examined

CONTRACT = contract_of(
    {"name": "id", "constraints": {"required": True}}, {"name": "ville"}, {"name": "montant", "type": "number"}
)
WANTED = Wanted.of(CONTRACT, {}, ())


def table_of(folder: Path, content: str, **pinned: object) -> TextTable:
    path = folder / "file"
    path.write_text(content, encoding="utf-8")
    return read_file(path, Reading.model_validate(pinned), WANTED)


def cells(table: TextTable) -> list[dict[str, Any]]:
    return [dict(zip((*table.headers, "line"), row, strict=True)) for row in table.rows.rows()]


def refused(folder: Path, content: str, **pinned: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        table_of(folder, content, **pinned)
    return caught.value


def test_list_of_objects_is_a_table_and_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = (
        '[\n  {"id": "1", "ville": "Besné", "montant": 12.50},\n\n  {"id": 2, "montant": 123456789012345678901234}\n]'
    )
    table = table_of(tmp_path, text)
    assert cells(table) == [
        {"id": "1", "ville": "Besné", "montant": "12.50", "line": 2},
        {"id": "2", "ville": None, "montant": "123456789012345678901234", "line": 4},
    ]
    assert (table.format, table.sheet, table.numbered) == ("json", "", "line")


def test_nested_objects_have_dotted_names_and_lists_stay_json_text(tmp_path: Path) -> None:
    text = (
        '[{"id": 1, "adresse": {"rue": "a", "cp": {"v": 44600}}, "x": [1.50, "é"]}, {"id": 2, "adresse": {"tel": []}}]'
    )
    rows = cells(table_of(tmp_path, text))
    assert rows[0]["adresse.rue"] == "a" and rows[0]["adresse.cp.v"] == "44600"
    assert rows[0]["x"] == '[1.50, "é"]'
    assert (rows[1]["adresse.rue"], rows[1]["adresse.tel"]) == (None, "[]")


def test_list_is_found_where_it_names_the_columns(tmp_path: Path) -> None:
    text = json.dumps({"pages": [{"n": 1}], "data": {"results": [{"id": 1, "ville": "Donges"}]}})
    table = table_of(tmp_path, text)
    assert (table.sheet, cells(table)[0]["ville"]) == ("data.results", "Donges")


def test_declared_path_wins(tmp_path: Path) -> None:
    text = json.dumps({"data": [{"id": 1}], "old": {"data": [{"id": 9}]}})
    assert [row["id"] for row in cells(table_of(tmp_path, text, path="$.old.data[*]"))] == ["9"]
    assert refused(tmp_path, text, path="data.absent").fault.rule == "path-not-found"


@pytest.mark.parametrize("first_has", ["ville", "autre"])
def test_record_with_names_of_its_own_loses_nothing(tmp_path: Path, first_has: str) -> None:
    records = [{"id": n, first_has: "x"} for n in range(10_001)] + [{"id": "z", "nouveau": "y", "ville": ["l"]}]
    rows = cells(table_of(tmp_path, json.dumps(records)))
    assert len(rows) == 10_002
    assert (rows[-1]["id"], rows[-1]["nouveau"], rows[-1]["ville"]) == ("z", "y", '["l"]')


def test_json_lines_keep_their_numbers_over_blank_lines(tmp_path: Path) -> None:
    table = table_of(tmp_path, '{"id": 1, "ville": "a"}\r\n\r\n{"id": 2, "ville": "b"}\r\n')
    assert [(row["id"], row["line"]) for row in cells(table)] == [("1", 1), ("2", 3)]
    assert table.format == "ndjson"


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ('[\n{"id": 1},\n{"id": }\n]', "json-malformed", 3),
        ('{"id": 1}\n{"id": 2\n{"id": 3}\n', "json-malformed", 2),
        ('{"id": [1}\n{"id": 2], "x": {}}\n', "json-malformed", 1),
        ('[{"id": 1},\n3]', "json-record", 2),
        ("[]", "no-rows", None),
        ("[" * 100_000, "json-malformed", None),
        ('{"type": "FeatureCollection"}', "path-not-found", None),
    ],
)
def test_broken_json_is_said_with_its_line(tmp_path: Path, text: str, rule: str, line: int | None) -> None:
    fault = refused(tmp_path, text).fault
    assert (fault.rule, fault.line if line else None) == (rule, line)


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: object, **more: object) -> str:
    head = json.dumps({"type": "FeatureCollection", **more})[:-1]
    return head + ', "features": [\n' + ",\n".join(json.dumps(item) for item in features) + "\n]}"


def point(*coordinates: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": list(coordinates)}


def test_features_have_properties_geometry_and_the_coordinates_of_points(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[-2.2, 47.2], [-2.3, 47.3]]}
    text = collection(feature(point(-2.213, 47.273), id="a", montant=1.0), feature(line, id="b"), feature(None, id="c"))
    table = table_of(tmp_path, text)
    rows = cells(table)
    assert [row["line"] for row in rows] == [2, 3, 4]
    assert (rows[0]["geometry.longitude"], rows[0]["geometry.latitude"]) == ("-2.213", "47.273")
    assert (rows[1]["geometry.longitude"], json.loads(rows[1]["geometry"] or "")) == (None, line)
    assert rows[2]["geometry"] is None
    assert (table.crs, table.sheet, table.format) == ("EPSG:4326", "features", "geojson")


@pytest.mark.parametrize("stated", [True, False])
def test_stated_or_declared_system_becomes_wgs84(tmp_path: Path, stated: bool) -> None:
    crs = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}} if stated else {}
    pinned = {} if stated else {"crs": "EPSG:2154"}
    table = table_of(tmp_path, collection(feature(point(700_000, 6_600_000), id="a"), **crs), **pinned)
    row = cells(table)[0]
    # the origin of Lambert-93 by its definition: 3° east, 46.5° north
    assert (row["geometry.longitude"], row["geometry.latitude"]) == ("3.0", "46.5")
    assert table.crs == "EPSG:2154"


def test_metres_without_a_stated_system_block_the_file_and_say_which_it_may_be(tmp_path: Path) -> None:
    text = collection(feature(point(305_000, 6_700_000), id="a"))
    answer = examined(tmp_path, text, CONTRACT)
    assert blocking(answer) == [(None, None, "crs-missing")]
    assert "EPSG:2154" in answer.report.errors[0].message_fr


def test_system_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path, collection(feature(point(1, 2), id=1)), crs="EPSG:999999").fault.rule == "crs-unknown"


def test_exchanged_axes_are_reported_and_not_mended_unless_pinned(tmp_path: Path) -> None:
    text = collection(feature(point(47.273, -2.213), id="a"), feature(point(-2.2, 47.2), id="b"))
    table = table_of(tmp_path, text)
    assert [(f.rule, f.line, f.detail) for f in table.faults] == [("swapped-axes", 2, "-2.213, 47.273")]
    assert cells(table)[0]["geometry.longitude"] == "47.273"
    mended = table_of(tmp_path, collection(feature(point(47.273, -2.213), id="a")), axes="lat-lon")
    assert cells(mended)[0]["geometry.longitude"] == "-2.213" and mended.faults == ()


def test_unreadable_geometry_is_said_with_its_line(tmp_path: Path) -> None:
    text = collection(feature(point(1, 2), id=1), feature({"type": "Nothing"}, id=2))
    assert refused(tmp_path, text, crs="EPSG:2154").fault.line == 3
