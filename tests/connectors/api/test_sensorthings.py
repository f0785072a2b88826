"""SensorThings: expanded observations over all pages, and what a watermark may and may not skip."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import sensorthings
from connectors.base import Fetched
from connectors.problems import BadOptions, EgressForbidden, SourceRefused, SourceUnavailable
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.sensor_server import SensorServer, observation
from tests.connectors.api.served import json_reply

Keep = Callable[[Fetched], Path]


@pytest.fixture
def server(serve: Serve[SensorServer]) -> SensorServer:
    return serve(SensorServer())


@pytest.fixture
def air(server: SensorServer) -> dict[str, Any]:
    return {"url": f"{server.address}/v1.1", "watermark": "phenomenonTime"}


def _rows(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_all_pages_are_read_and_expanded(server: SensorServer, ask: Ask) -> None:
    fetched = sensorthings.fetch(ask(server, url=f"{server.address}/v1.1", expand="Datastream"))
    rows = _rows(fetched.path)
    assert (len(rows), rows[0]["Datastream"]["name"]) == (250, "NO2")
    assert fetched.filename == "Observations.ndjson"
    assert len(server.asked) == 3


def test_observations_of_the_last_instant_are_asked_for_again(
    server: SensorServer, ask: Ask, air: dict[str, Any], keep: Keep
) -> None:
    first = sensorthings.fetch(ask(server, **air))
    previous = keep(first)
    server.asked.clear()
    server.observations.append(observation(250, phenomenonTime="2025-01-01T00:04:09Z"))
    again = sensorthings.fetch(ask(server, first.validators, previous=previous, **air))
    assert len(_rows(again.path)) == 251
    assert server.asked[0].query["$filter"] == "phenomenonTime ge 2025-01-01T00:04:09Z"


def test_end_of_an_interval_is_its_mark(server: SensorServer, ask: Ask, air: dict[str, Any]) -> None:
    server.observations.append(observation(250, phenomenonTime="2025-01-01T00:00:00Z/2025-01-01T01:00:00Z"))
    assert sensorthings.fetch(ask(server, **air)).validators.watermark == "2025-01-01T01:00:00Z"


def test_own_filter_is_kept_beside_the_watermark(
    server: SensorServer, ask: Ask, air: dict[str, Any], keep: Keep
) -> None:
    options = {**air, "filter": "resultTime ge 2025-01-01T00:00:00Z"}
    first = sensorthings.fetch(ask(server, **options))
    previous = keep(first)
    server.asked.clear()
    sensorthings.fetch(ask(server, first.validators, previous=previous, **options))
    asked = server.asked[0].query["$filter"]
    assert asked == "(resultTime ge 2025-01-01T00:00:00Z) and phenomenonTime ge 2025-01-01T00:04:09Z"


def test_only_observations_have_a_watermark(server: SensorServer, ask: Ask) -> None:
    with pytest.raises(BadOptions, match="only Observations"):
        sensorthings.fetch(ask(server, entity="Things", watermark="phenomenonTime"))


def test_next_page_on_an_inner_host_is_refused(server: SensorServer, ask: Ask, air: dict[str, Any]) -> None:
    server.instead = [json_reply({"value": [], "@iot.nextLink": "http://10.0.0.7:8080/v1.1/Observations"})]
    with pytest.raises(EgressForbidden, match=r"10\.0\.0\.7"):
        sensorthings.fetch(ask(server, **air))


def test_fewer_observations_than_announced_are_not_handed_over(
    server: SensorServer, ask: Ask, air: dict[str, Any]
) -> None:
    server.announced = 400
    with pytest.raises(SourceUnavailable, match="250 records came of 400"):
        sensorthings.fetch(ask(server, **air))


def test_error_is_told_in_the_server_s_words(server: SensorServer, ask: Ask, air: dict[str, Any]) -> None:
    with pytest.raises(SourceRefused, match="400, Failed to parse filter: result is big"):
        sensorthings.check(ask(server, **air, filter="result is big"))
