"""OGC API - Features: pages, coordinates, what a service must declare; every feature once, in a stable order."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from connectors import ogc_features
from connectors.problems import SourceRefused, SourceUnavailable, TooLarge, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.geo_services import CORE, LAMBERT, GeoServices
from tests.connectors.api.served import Reply, json_reply


@pytest.fixture
def service(serve: Serve[GeoServices]) -> GeoServices:
    return serve(GeoServices())


def _collection(path: Path | None) -> dict[str, Any]:
    assert path is not None
    value: dict[str, Any] = json.loads(path.read_bytes())
    assert value["type"] == "FeatureCollection"
    return value


def test_all_pages_become_one_collection(service: GeoServices, ask: Ask) -> None:
    fetched = ogc_features.fetch(ask(service, layer="bornes"))
    assert _collection(fetched.path)["features"] == service.features
    assert (fetched.filename, fetched.media_type) == ("bornes.geojson", "application/geo+json")
    assert service.paths() == ["/conformance"] + ["/collections/bornes/items"] * 3


def test_other_order_of_the_same_features_is_no_change(service: GeoServices, ask: Ask) -> None:
    first = ogc_features.fetch(ask(service, layer="bornes"))
    random.Random(7).shuffle(service.features)
    assert ogc_features.fetch(ask(service, first.validators, layer="bornes")).not_modified


def test_feature_that_comes_twice_is_there_once(service: GeoServices, ask: Ask) -> None:
    service.features.insert(100, service.features[99])
    assert len(_collection(ogc_features.fetch(ask(service, layer="bornes")).path)["features"]) == 250


def test_features_without_id_are_all_there(service: GeoServices, ask: Ask) -> None:
    for feature in service.features:
        del feature["id"]
    service.features.append(dict(service.features[0]))
    assert len(_collection(ogc_features.fetch(ask(service, layer="bornes")).path)["features"]) == 251


def test_layer_without_features_is_an_empty_collection(service: GeoServices, ask: Ask) -> None:
    service.features = []
    assert _collection(ogc_features.fetch(ask(service, layer="bornes")).path)["features"] == []


def test_fewer_features_than_announced_are_not_handed_over(service: GeoServices, ask: Ask) -> None:
    service.announced = 251
    request = ask(service, layer="bornes")
    with pytest.raises(SourceUnavailable, match="250 records came of 251 announced"):
        ogc_features.fetch(request)
    assert list(request.into.iterdir()) == []


def test_area_and_coordinates_are_asked_for_and_named_in_the_file(service: GeoServices, ask: Ask) -> None:
    options = {"layer": "bornes", "bbox": [-2.5, 47.2, -2.1, 47.4], "crs": LAMBERT}
    fetched = ogc_features.fetch(ask(service, **options))
    query = service.asked[1].query
    assert (query["bbox"], query["crs"]) == ("-2.5,47.2,-2.1,47.4", LAMBERT)
    assert _collection(fetched.path)["crs"]["properties"]["name"] == LAMBERT


def test_coordinates_in_another_system_than_asked_are_refused(service: GeoServices, ask: Ask) -> None:
    service.speaks_crs = False
    with pytest.raises(UnexpectedAnswer, match="coordinates in 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'"):
        ogc_features.fetch(ask(service, layer="bornes", crs=LAMBERT))


def test_service_that_does_not_declare_what_is_needed_is_refused(service: GeoServices, ask: Ask) -> None:
    service.conforms = [CORE]
    assert ogc_features.fetch(ask(service, layer="bornes")).path is not None
    with pytest.raises(UnexpectedAnswer, match="conf/crs"):
        ogc_features.fetch(ask(service, layer="bornes", crs=LAMBERT))
    service.conforms = []
    with pytest.raises(UnexpectedAnswer, match="conf/core"):
        ogc_features.check(ask(service, layer="bornes"))


def test_absent_layer_is_told_in_the_service_s_words(service: GeoServices, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="NotFound, Collection not found"):
        ogc_features.fetch(ask(service, layer="absent"))


@pytest.mark.parametrize("answer", [Reply(b"<html/>"), json_reply({"type": "Feature"}), Reply(b'{"features": NaN}')])
def test_answer_that_is_no_collection_is_refused(service: GeoServices, ask: Ask, answer: Reply) -> None:
    service.instead = [json_reply({"conformsTo": [CORE]}), answer]
    with pytest.raises(UnexpectedAnswer):
        ogc_features.fetch(ask(service, layer="bornes"))


def test_all_pages_together_meet_the_limit(service: GeoServices, ask: Ask) -> None:
    request = ask(service, limits={"max_bytes": 20_000}, layer="bornes")
    with pytest.raises(TooLarge, match="in all"):
        ogc_features.fetch(request)
    assert list(request.into.iterdir()) == []


def test_secret_stays_with_the_service_when_a_page_is_elsewhere(
    service: GeoServices, serve: Serve[GeoServices], ask: Ask
) -> None:
    other = serve(GeoServices())
    link = {"rel": "next", "href": f"{other.address}/collections/bornes/items?limit=1000"}
    page = {"type": "FeatureCollection", "features": service.features[:1], "links": [link]}
    service.instead = [json_reply({"conformsTo": [CORE]}), json_reply(page)]
    request = ask(service, secret="s3cret", auth="bearer", layer="bornes")
    rules = request.limits.egress.model_copy(update={"exceptions": (service.endpoint, other.endpoint)})
    ogc_features.fetch(request.model_copy(update={"limits": request.limits.model_copy(update={"egress": rules})}))
    assert service.asked[1].headers["Authorization"] == "Bearer s3cret"
    assert "Authorization" not in other.asked[0].headers
