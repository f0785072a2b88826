"""``ogc_features`` against a real MapServer, by both of its protocols."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import ogc_features
from connectors.base import Fetched
from connectors.problems import SourceRefused
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.map_server import MapServer


@pytest.fixture
def server(serve: Serve[MapServer], tmp_path: Path) -> MapServer:
    folder = tmp_path / "mapserver"
    folder.mkdir()
    return serve(MapServer(folder))


@pytest.fixture(params=["api", "wfs"])
def layer(server: MapServer, request: pytest.FixtureRequest) -> dict[str, Any]:
    path = {"api": "ogcapi", "wfs": "wfs"}[request.param]
    return {"url": f"{server.address}/{path}", "protocol": request.param, "layer": "bornes", "page_size": 10}


def _places(fetched: Fetched) -> list[list[float]]:
    assert fetched.path is not None
    return _rounded(json.loads(fetched.path.read_bytes())["features"])


def _rounded(features: list[dict[str, Any]]) -> list[list[float]]:
    return sorted([round(number, 4) for number in one["geometry"]["coordinates"]] for one in features)


def test_all_features_come_in_longitude_and_latitude(server: MapServer, ask: Ask, layer: dict[str, Any]) -> None:
    fetched = ogc_features.fetch(ask(server, **layer))
    assert _places(fetched) == _rounded(server.features)
    assert ogc_features.fetch(ask(server, fetched.validators, **layer)).not_modified


def test_box_keeps_what_it_touches(server: MapServer, ask: Ask, layer: dict[str, Any]) -> None:
    fetched = ogc_features.fetch(ask(server, **layer, bbox=[-2.20005, 47.2, -2.19945, 47.4]))
    assert len(_places(fetched)) == 6


def test_absent_layer_is_refused(server: MapServer, ask: Ask, layer: dict[str, Any]) -> None:
    with pytest.raises(SourceRefused):
        ogc_features.check(ask(server, **{**layer, "layer": "absent"}))
