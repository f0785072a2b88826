"""WFS 2.0 through ``ogc_features``: capabilities first, pages by index, exceptions in XML whatever the status."""

import json

import pytest

from connectors import ogc_features
from connectors.problems import SourceRefused, SourceUnavailable, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.geo_services import GeoServices, exception
from tests.connectors.api.served import Reply

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><WFS_Capabilities version="2.0.0">&b;</WFS_Capabilities>'


@pytest.fixture
def service(serve: Serve[GeoServices]) -> GeoServices:
    return serve(GeoServices())


@pytest.fixture
def layer(service: GeoServices) -> dict[str, str]:
    return {"url": f"{service.address}/wfs", "protocol": "wfs", "layer": "commune:bornes"}


def test_all_pages_become_one_collection(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    fetched = ogc_features.fetch(ask(service, **layer))
    assert fetched.path is not None
    assert json.loads(fetched.path.read_bytes())["features"] == service.features
    assert fetched.filename == "commune_bornes.geojson"
    assert [one.query.get("STARTINDEX") for one in service.asked] == [None, "0", "100", "200"]


def test_the_service_s_own_name_for_geojson_is_used(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    service.formats = ["text/xml; subtype=gml/3.2", "application/json; subtype=geojson"]
    ogc_features.fetch(ask(service, **layer, bbox=[-2.5, 47.2, -2.1, 47.4], sort_by="nom"))
    query = service.asked[1].query
    assert (query["OUTPUTFORMAT"], query["SORTBY"]) == ("application/json; subtype=geojson", "nom")
    assert query["BBOX"] == "-2.5,47.2,-2.1,47.4,urn:ogc:def:crs:OGC:1.3:CRS84"


def test_service_of_gml_alone_is_refused_with_a_clear_word(
    service: GeoServices, ask: Ask, layer: dict[str, str]
) -> None:
    service.formats = ["text/xml; subtype=gml/3.2"]
    with pytest.raises(UnexpectedAnswer, match="GML only") as caught:
        ogc_features.fetch(ask(service, **layer))
    assert "que du GML" in caught.value.message_fr


def test_layer_that_is_not_listed_is_refused(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    with pytest.raises(SourceRefused, match="no layer 'commune:absent'"):
        ogc_features.check(ask(service, **{**layer, "layer": "commune:absent"}))


def test_layer_in_other_coordinates_only_needs_them_declared(
    service: GeoServices, ask: Ask, layer: dict[str, str]
) -> None:
    service.crs = "urn:ogc:def:crs:EPSG::2154"
    with pytest.raises(UnexpectedAnswer, match="option crs: urn:ogc:def:crs:EPSG::2154"):
        ogc_features.fetch(ask(service, **layer))
    fetched = ogc_features.fetch(ask(service, **layer, crs=service.crs))
    assert fetched.path is not None
    assert json.loads(fetched.path.read_bytes())["crs"]["properties"]["name"] == service.crs


@pytest.mark.parametrize("status", [200, 400])
def test_exception_is_told_whatever_its_status(
    service: GeoServices, ask: Ask, layer: dict[str, str], status: int
) -> None:
    capabilities = Reply(service._capabilities().encode())
    service.instead = [capabilities, exception("NoApplicableCode", "Cannot do natural order", status)]
    with pytest.raises((UnexpectedAnswer, SourceRefused), match="Cannot do natural order"):
        ogc_features.fetch(ask(service, **layer))


@pytest.mark.parametrize(
    "body",
    [BOMB, b"<html>login</html>", b"not xml", b'<WFS_Capabilities version="1.1.0"/>'],
    ids=lambda body: body[:12],
)
def test_what_is_no_wfs_2_is_refused(service: GeoServices, ask: Ask, layer: dict[str, str], body: bytes) -> None:
    service.instead = [Reply(body)]
    with pytest.raises(UnexpectedAnswer):
        ogc_features.fetch(ask(service, **layer))


def test_ids_made_up_at_each_answer_are_left_out(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    for number, feature in enumerate(service.features):
        feature["id"] = f"bornes.fid--5c6c{number:x}"
    first = ogc_features.fetch(ask(service, **layer))
    for number, feature in enumerate(service.features):
        feature["id"] = f"bornes.fid--77aa{number:x}"
    assert ogc_features.fetch(ask(service, first.validators, **layer)).not_modified


def test_server_that_ignores_the_index_is_left(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    page = Reply(json.dumps({"features": service.features[:2], "numberMatched": "unknown"}).encode())
    service.instead = [Reply(service._capabilities().encode()), page, page, page]
    with pytest.raises(UnexpectedAnswer, match="repeats"):
        ogc_features.fetch(ask(service, **layer))


def test_unknown_total_ends_with_an_empty_page(service: GeoServices, ask: Ask, layer: dict[str, str]) -> None:
    service.announced = "unknown"
    fetched = ogc_features.fetch(ask(service, **layer))
    assert fetched.path is not None
    assert len(json.loads(fetched.path.read_bytes())["features"]) == 250


def test_fewer_features_than_announced_are_not_handed_over(
    service: GeoServices, ask: Ask, layer: dict[str, str]
) -> None:
    service.announced = 300
    with pytest.raises(SourceUnavailable, match="250 records came of 300"):
        ogc_features.fetch(ask(service, **layer))
