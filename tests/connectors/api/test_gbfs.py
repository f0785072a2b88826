"""GBFS: discovery in both major versions, the two feeds joined, and no question before the feed's time is over."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import gbfs
from connectors.base import Fetched
from connectors.problems import SourceRefused, UnexpectedAnswer
from tests.connectors.api.bike_system import BikeSystem
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.served import json_reply


@pytest.fixture(params=["2.3", "3.0"])
def system(serve: Serve[BikeSystem], request: pytest.FixtureRequest) -> BikeSystem:
    return serve(BikeSystem(str(request.param)))


def _url(system: BikeSystem) -> str:
    return f"{system.address}/gbfs.json"


def _rows(fetched: Fetched) -> dict[str, dict[str, Any]]:
    assert fetched.path is not None
    return {row["station_id"]: row for row in map(json.loads, fetched.path.read_text("utf-8").splitlines())}


def test_stations_are_what_they_are_and_how_they_stand(system: BikeSystem, ask: Ask) -> None:
    fetched = gbfs.fetch(ask(system, url=_url(system)))
    rows = _rows(fetched)
    assert (len(rows), rows["s007"]) == (250, {"station_id": "s007", "capacity": 20, "num_bikes": 7})
    assert fetched.filename == "stations.ndjson"


def test_station_of_one_feed_only_is_there_too(system: BikeSystem, ask: Ask) -> None:
    del system.status["s001"], system.information["s002"]
    rows = _rows(gbfs.fetch(ask(system, url=_url(system))))
    assert rows["s001"] == {"station_id": "s001", "capacity": 20}
    assert rows["s002"] == {"station_id": "s002", "num_bikes": 2}


def test_nothing_is_asked_while_the_feed_holds(system: BikeSystem, ask: Ask) -> None:
    system.written, system.ttl = datetime.now(UTC), 3600
    first = gbfs.fetch(ask(system, url=_url(system)))
    system.asked.clear()
    again = gbfs.fetch(ask(system, first.validators, url=_url(system)))
    assert (again.not_modified, again.validators, again.received_bytes) == (True, first.validators, 0)
    assert system.asked == []


def test_feed_is_asked_for_once_it_no_longer_holds(system: BikeSystem, ask: Ask) -> None:
    first = gbfs.fetch(ask(system, url=_url(system)))
    system.status["s007"] = {"num_bikes": 99}
    assert _rows(gbfs.fetch(ask(system, first.validators, url=_url(system))))["s007"]["num_bikes"] == 99


def test_clock_far_ahead_does_not_silence_a_feed(system: BikeSystem, ask: Ask) -> None:
    system.written = datetime.now(UTC) + timedelta(days=400)
    first = gbfs.fetch(ask(system, url=_url(system)))
    system.asked.clear()
    gbfs.fetch(ask(system, first.validators, url=_url(system)))
    assert system.asked != []


def test_french_feeds_are_taken_unless_another_language_is_declared(serve: Serve[BikeSystem], ask: Ask) -> None:
    system = serve(BikeSystem("2.3"))
    gbfs.fetch(ask(system, url=_url(system)))
    gbfs.fetch(ask(system, url=_url(system), language="en"))
    assert [path for path in system.paths() if "status" in path] == [
        "/fr/station_status.json",
        "/en/station_status.json",
    ]
    with pytest.raises(UnexpectedAnswer, match="no language 'de' among en, fr"):
        gbfs.check(ask(system, url=_url(system), language="de"))


def test_system_without_stations_is_refused(system: BikeSystem, ask: Ask) -> None:
    system.feeds = ["vehicle_status"]
    with pytest.raises(SourceRefused, match="no feed 'station_information'"):
        gbfs.check(ask(system, url=_url(system)))


def test_station_without_id_is_refused(system: BikeSystem, ask: Ask) -> None:
    system.information = {"": {"capacity": 1}}
    with pytest.raises(UnexpectedAnswer, match="has no 'station_id'"):
        gbfs.fetch(ask(system, url=_url(system)))


@pytest.mark.parametrize("value", [{}, {"data": []}, {"data": {"feeds": 3}}, {"data": {"fr": []}}])
def test_discovery_that_is_none_is_refused(serve: Serve[BikeSystem], ask: Ask, value: Any) -> None:
    system = serve(BikeSystem())
    system.instead = [json_reply(value)]
    with pytest.raises(UnexpectedAnswer):
        gbfs.fetch(ask(system, url=_url(system)))


@pytest.mark.parametrize(
    "told", [{"last_updated": "soon", "ttl": 1}, {"last_updated": 1, "ttl": "x"}, {"last_updated": 1e30}]
)
def test_unreadable_instant_is_refused(serve: Serve[BikeSystem], ask: Ask, told: dict[str, Any]) -> None:
    system = serve(BikeSystem("3.0"))
    request = ask(system, url=_url(system))
    feed = json_reply({**told, "data": {"stations": []}})
    listed = [{"name": name, "url": f"{system.address}/{name}"} for name in system.feeds]
    system.instead = [json_reply({"data": {"feeds": listed}}), feed, feed]
    with pytest.raises(UnexpectedAnswer, match="unreadable"):
        gbfs.fetch(request)
    assert list(request.into.iterdir()) == []
