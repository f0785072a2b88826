"""Each format holds the rows that the decision leaves, as its own specification says, and other libraries read it."""

import csv
import gzip
import io
import json
from typing import Any

import httpx
import pyarrow.ipc
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from backports import zstd
from markupsafe import escape

from governance.api.formats import FORMATS, format_of, formats_of
from governance.api.problems import ProblemError
from governance.console.languages import LANGUAGES
from tests.api.small_platform import Running

pytestmark = pytest.mark.services
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}
PLACES = "/v1/feeds/lieux"
ALL = [known.name for known in FORMATS]


def ask(running: Running, file_format: str, address: str = PLACES, **headers: str) -> httpx.Response:
    answer = running.client(**headers).get(address, params={"format": file_format})
    assert answer.status_code == 200, answer.text
    return answer


def test_excel_of_france_gets_its_own_signs(running: Running) -> None:
    content = ask(running, "csv-excel-fr", "/v1/feeds/subventions").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["montant"] for row in rows] == ["1500,50", "200,00", "99999,00", "1500,50", "7,25"]
    assert [row["notifie"] for row in rows] == ["VRAI", "FAUX", "VRAI", "", "VRAI"]
    assert [row["objet"] for row in rows] == ["'=1+1", "plain", "-12,5", "", "100 %"]
    assert rows[4]["beneficiaire"] == 'Association « exemple » 05, dite "cinq"'
    assert b"\r\n" in content and b"\r\n\r\n" not in content


def test_ndjson_is_one_object_a_line(running: Running) -> None:
    lines = ask(running, "ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == ask(running, "json").json()


def test_geojson_is_what_rfc_7946_says(running: Running) -> None:
    answer = ask(running, "geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    assert collection["type"] == "FeatureCollection"
    features = collection["features"]
    assert [feature["geometry"] for feature in features] == [
        {"type": "Point", "coordinates": [-2.2137, 47.2735]},
        {"type": "Point", "coordinates": [-2.0653, 47.3266]},
        {"type": "Point", "coordinates": [-1.9, 47.3]},
        None,
        None,
    ]
    assert all(set(feature) == {"type", "id", "geometry", "properties"} for feature in features)
    assert len({feature["id"] for feature in features}) == 5
    assert [feature["properties"] for feature in features] == ask(running, "json").json()


def test_geojson_of_no_row_is_a_collection_of_none(running: Running) -> None:
    answer = running.client().get(PLACES, params={"format": "geojson", "nom": "nothing"})
    assert answer.json() == {"type": "FeatureCollection", "features": []}


def test_parquet_of_places_is_geoparquet(running: Running) -> None:
    content = ask(running, "parquet").content
    file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    assert geo["primary_column"] == "geometry"
    assert geo["columns"]["geometry"]["encoding"] == "WKB"
    assert geo["columns"]["geometry"].get("crs", "OGC:CRS84") is not None  # absent means OGC:CRS84
    drawn = shapely.from_wkb(file.read()["geometry"].to_pylist())
    assert [shape.wkt if shape else None for shape in drawn] == [
        "POINT (-2.2137 47.2735)", "POINT (-2.0653 47.3266)", "POINT (-1.9 47.3)", None, None,
    ]  # fmt: skip
    plain = pyarrow.parquet.ParquetFile(io.BytesIO(ask(running, "parquet", "/v1/feeds/subventions").content))
    assert b"geo" not in (plain.schema_arrow.metadata or {})


def test_parquet_without_its_coordinates_draws_nothing(running: Running) -> None:
    content = running.client().get(PLACES, params={"format": "parquet", "columns": "nom"}).content
    assert pyarrow.parquet.ParquetFile(io.BytesIO(content)).schema_arrow.names == ["nom"]


def test_arrow_stream_is_read_by_arrow(running: Running) -> None:
    table = pyarrow.ipc.open_stream(ask(running, "arrow").content).read_all()
    as_json = [{name: str(value) for name, value in row.items()} for row in ask(running, "json").json()]
    numbers = {"Xlong": float, "Ylat": float}
    as_arrow = [
        {name: str(numbers.get(name, str)(value) if value is not None else None) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    assert as_arrow == as_json
    assert str(table.schema.field("date_maj").type) == "date32[day]"
    empty = running.client().get(PLACES, params={"format": "arrow", "nom": "nothing"})
    assert pyarrow.ipc.open_stream(empty.content).read_all().num_rows == 0


def test_gdal_reads_the_geojson(running: Running) -> None:
    found = pyogrio.read_info(io.BytesIO(ask(running, "geojson").content))
    assert (found["features"], found["geometry_type"], found["crs"]) == (5, "Point", "EPSG:4326")


@pytest.mark.parametrize("file_format", ALL)
def test_no_format_holds_a_hidden_byte_compressed_or_not(running: Running, file_format: str) -> None:
    client = running.client("exemple-startup")
    params = {**RESEARCH, "format": file_format}
    for more in ({}, {"limit": "2"}, {"sort": "-mois"}):
        for encoding in ("identity", "gzip", "zstd"):
            answer = client.get(
                "/v1/feeds/consommation_energie", params={**params, **more}, headers={"Accept-Encoding": encoding}
            )
            if file_format == "geojson":
                assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (406, "format_needs_geometry")
                continue
            assert answer.status_code == 200
            for hidden in (b"PDL-EXEMPLE", b"Rue exemple", b"44210"):
                assert hidden not in answer.content


@pytest.mark.parametrize("file_format", [known.name for known in FORMATS if known.is_compressible])
@pytest.mark.parametrize("params", [{}, {"limit": "4"}])
def test_compression_is_negotiated(running: Running, file_format: str, params: dict[str, str]) -> None:
    address = "/v1/feeds/lieux"
    raw: dict[str, bytes] = {}
    tags = set()
    for asked in ("identity", "gzip", "zstd"):
        client = running.client(**{"Accept-Encoding": asked})
        with client.stream("GET", address, params={"format": file_format, **params}) as answer:
            raw[asked] = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding", "identity") == asked
        assert "Accept-Encoding" in answer.headers["vary"]
        tags.add(answer.headers["etag"])
    assert len(tags) == 3
    assert gzip.decompress(raw["gzip"]) == zstd.decompress(raw["zstd"]) == raw["identity"]


@pytest.mark.parametrize(
    ("accepted", "used"),
    [("gzip, zstd", "zstd"), ("gzip;q=1, zstd;q=0.5", "gzip"), ("br", None), ("*", "zstd"), ("gzip;q=0, br", None)],
)
def test_the_encoding_is_the_one_preferred(running: Running, accepted: str, used: str | None) -> None:
    client = running.client(**{"Accept-Encoding": accepted})
    with client.stream("GET", "/v1/feeds/lieux?format=csv") as answer:
        assert answer.headers.get("content-encoding") == used


def test_a_range_is_of_the_file_itself_and_parquet_is_not_compressed_twice(running: Running) -> None:
    client = running.client(**{"Accept-Encoding": "gzip, zstd"})
    part = client.get("/v1/feeds/lieux?format=csv", headers={"Range": "bytes=0-6"})
    assert (part.status_code, part.content) == (206, b"id_lieu")
    assert "content-encoding" not in client.get("/v1/feeds/lieux?format=parquet").headers


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("application/geo+json", "geojson"),
        ("application/x-ndjson", "ndjson"),
        ("application/vnd.apache.arrow.stream", "arrow"),
        ("text/*", "csv"),
        ("application/json;q=0, application/*", "ndjson"),
        ("text/csv;q=0.5, */*;q=0.1", "csv"),
        ("", "json"),
    ],
)
def test_the_most_specific_range_of_accept_counts(accept: str, name: str) -> None:
    assert format_of(None, accept, formats_of(has_geometry=True)).name == name


def test_geojson_is_not_made_of_what_has_no_geometry() -> None:
    with pytest.raises(ProblemError) as refused:
        format_of("geojson", None, formats_of(has_geometry=False))
    assert (refused.value.status, refused.value.reasons[0].code) == (406, "format_needs_geometry")
    with pytest.raises(ProblemError):
        format_of(None, "application/geo+json", formats_of(has_geometry=False))


def test_the_table_of_formats_is_what_description_openapi_and_page_show(running: Running) -> None:
    client = running.client()
    described = client.get(f"{PLACES}/description").json()["formats"]
    assert [(one["format"], one["media_type"]) for one in described] == [(k.name, k.media_type) for k in FORMATS]
    without = client.get("/v1/feeds/subventions/description").json()["formats"]
    assert "geojson" not in {one["format"] for one in without}
    operation = client.get("/v1/openapi.json").json()["paths"]["/v1/feeds/{dataset}"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {known.media_type for known in FORMATS}
    for language in LANGUAGES:
        page = client.get(f"/{language}/datasets/lieux").text
        for known in FORMATS:
            assert f"format={known.name}" in page
            assert str(escape(known.said(language))) in page
