"""OGC API Features on the real server: what the standard asks for, and GDAL as the client."""

import json
from typing import Any

import httpx
import pyogrio
import pytest
import shapely
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from governance.api.ogc import CONFORMS_TO, OPENAPI_TYPE
from tests.api.small_platform import LIEUX, ROWS, Running, write_shared

pytestmark = pytest.mark.services
BASE = "/v1/ogc"
ITEMS = f"{BASE}/collections/lieux/items"


def get(running: Running, address: str, **params: str) -> Any:
    answer = running.client().get(address, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(answer: httpx.Response) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


def link(document: Any, rel: str) -> str:
    found = [one["href"] for one in document["links"] if one["rel"] == rel]
    assert len(found) == 1, document["links"]
    return str(found[0])


def test_the_landing_page_leads_to_everything(running: Running) -> None:
    page = get(running, BASE)
    conformance = httpx.get(link(page, "conformance")).json()
    assert tuple(conformance["conformsTo"]) == CONFORMS_TO
    definition = httpx.get(link(page, "service-desc"))
    assert definition.headers["content-type"] == OPENAPI_TYPE
    OpenAPIV30SpecValidator(definition.json()).validate()
    assert f"{ITEMS.replace('lieux', '{dataset}')}" in definition.json()["paths"]
    assert httpx.get(link(page, "service-doc")).status_code == 200
    collections = httpx.get(link(page, "data")).json()["collections"]
    assert [one["id"] for one in collections] == ["lieux"]


def test_the_whole_document_is_valid_openapi(running: Running) -> None:
    OpenAPIV31SpecValidator(get(running, "/v1/openapi.json")).validate()


def test_a_collection_says_where_it_lies_and_how_it_is_read(running: Running) -> None:
    collection = get(running, f"{BASE}/collections/lieux")
    assert collection["extent"]["spatial"]["bbox"] == [[-2.2137, 47.2735, -1.9, 47.3266]]
    assert collection["itemType"] == "feature"
    assert httpx.get(link(collection, "items")).headers["content-type"] == "application/geo+json"


def test_features_come_by_pages_that_are_linked(running: Running) -> None:
    seen: list[str] = []
    address = f"{running.url}{ITEMS}?limit=2"
    while address:
        page = httpx.get(address).json()
        assert page["numberMatched"] == 5
        assert page["numberReturned"] == len(page["features"]) <= 2
        assert link(page, "self") == address
        seen += [feature["id"] for feature in page["features"]]
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert len(set(seen)) == len(seen) == 5


def test_a_feature_keeps_its_name_over_versions(running: Running) -> None:
    first = get(running, ITEMS, id_lieu="L-1")["features"][0]
    write_shared(running.platform, "renamed", **{**ROWS, "lieux": LIEUX.replace("Aire exemple 1'", "Autre nom'")})
    try:
        again = get(running, f"{ITEMS}/{first['id']}")
        assert (again["properties"]["nom"], again["geometry"]) == ("Autre nom", first["geometry"])
        assert link(again, "collection").endswith("/collections/lieux")
    finally:
        write_shared(running.platform, "v1", **ROWS)
    unknown = running.client().get(f"{ITEMS}/nothing")
    assert (unknown.status_code, codes(unknown)) == (404, ["feature_unknown"])


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"bbox": "-2.3,47.2,-2.0,47.4"}, ["L-1", "L-2"]),
        ({"datetime": "2025-06-01T00:00:00Z/.."}, ["L-2", "L-3"]),
        ({"datetime": "2025-01-15"}, ["L-1"]),
        ({"datetime": "../2025-12-31"}, ["L-1", "L-2"]),
        ({"datetime": "../.."}, ["L-1", "L-2", "L-3"]),
        ({"member_id": "donges"}, ["L-1", "L-2"]),
        ({"limit": "99999999"}, ["L-1", "L-2", "L-3", "L-4", "L-5"]),
    ],
)
def test_what_is_asked_is_what_comes(running: Running, params: dict[str, str], found: list[str]) -> None:
    assert [feature["properties"]["id_lieu"] for feature in get(running, ITEMS, **params)["features"]] == found


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"bbox": "1,2"}, "bbox_unreadable"),
        ({"limit": "0"}, "parameter_invalid"),
        ({"limit": "-3"}, "parameter_invalid"),
        ({"limit": "ten"}, "parameter_invalid"),
        ({"datetime": "tomorrow"}, "parameter_invalid"),
        ({"datetime": "2026-02-01/2026-01-01"}, "parameter_invalid"),
        ({"nothing": "1"}, "column_unknown"),
        ({"cursor": "x"}, "cursor_invalid"),
    ],
)
def test_a_wrong_question_is_a_400(running: Running, params: dict[str, str], code: str) -> None:
    answer = running.client().get(ITEMS, params=params)
    assert (answer.status_code, codes(answer)) == (400, [code])


def test_what_may_not_be_read_or_has_no_geometry_is_no_collection(running: Running) -> None:
    refused = running.client().get(f"{BASE}/collections/consommation_energie/items")
    assert refused.status_code == 401
    mine = running.client("exemple-startup", **{"Archipel-Purpose": "dpv:ResearchAndDevelopment"})
    without = mine.get(f"{BASE}/collections/consommation_energie")
    assert (without.status_code, codes(without)) == (404, ["collection_without_geometry"])
    assert running.client().get(f"{BASE}/collections/nothing").status_code == 404


def test_gdal_reads_it_page_by_page(running: Running) -> None:
    source = f"OAPIF:{running.url}{BASE}"
    assert [name for name, _ in pyogrio.list_layers(source)] == ["lieux"]
    found = pyogrio.read_info(source, layer="lieux", PAGE_SIZE=2)
    assert (found["features"], found["crs"]) == (5, "EPSG:4326")
    meta, ids, shapes, fields = pyogrio.raw.read(source, layer="lieux", PAGE_SIZE=2)
    names = dict(zip(meta["fields"], fields, strict=True))
    assert list(names["id_lieu"]) == ["L-1", "L-2", "L-3", "L-4", "L-5"]
    assert shapely.from_wkb(shapes)[0].wkt == "POINT (-2.2137 47.2735)"
    boxed = pyogrio.raw.read(source, layer="lieux", bbox=(-2.3, 47.2, -2.0, 47.4))
    assert list(dict(zip(boxed[0]["fields"], boxed[3], strict=True))["id_lieu"]) == ["L-1", "L-2"]


def test_every_reading_is_in_the_journal(running: Running) -> None:
    answer = running.client().get(f"{ITEMS}?limit=2")
    entry = running.platform.journal.search()[0]
    assert (entry.target, entry.fields["outcome"], entry.fields["rows"]) == ("lieux", "allowed", 2)
    assert entry.fields["decision_id"] == answer.headers["archipel-decision"]
    again = running.client().get(f"{ITEMS}?limit=2", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert running.platform.journal.search()[0].fields["outcome"] == "not_modified"
    assert json.loads(running.client(**{"Accept-Encoding": "gzip"}).get(ITEMS).content)["numberReturned"] == 5
