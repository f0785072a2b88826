"""NGSI-LD: how entities are asked for, and that none is lost between pages or runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import ngsi_ld
from connectors.base import Fetched
from connectors.problems import SourceRefused, SourceUnavailable, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.context_broker import ContextBroker
from tests.connectors.api.served import json_reply

CONTEXT = "https://example.org/air/context.jsonld"


@pytest.fixture
def broker(serve: Serve[ContextBroker]) -> ContextBroker:
    return serve(ContextBroker())


@pytest.fixture
def air(broker: ContextBroker) -> dict[str, Any]:
    return {"url": f"{broker.address}/ngsi-ld/v1", "type": "AirQualityObserved"}


def test_entities_are_asked_for_in_simplified_form_under_their_context(
    broker: ContextBroker, ask: Ask, air: dict[str, Any]
) -> None:
    fetched = ngsi_ld.fetch(ask(broker, **air, context=CONTEXT, tenant="ville"))
    assert fetched.path is not None
    assert [json.loads(line) for line in fetched.path.read_text("utf-8").splitlines()] == broker.entities
    first = broker.asked[0]
    assert (first.query["options"], first.query["count"]) == ("keyValues", "true")
    assert first.headers["Link"].startswith(f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"')
    assert first.headers["NGSILD-Tenant"] == "ville"
    assert fetched.filename == "AirQualityObserved.ndjson"


def test_newer_brokers_are_asked_in_their_form(broker: ContextBroker, ask: Ask, air: dict[str, Any]) -> None:
    ngsi_ld.fetch(ask(broker, **air, form="format"))
    assert broker.asked[0].query["format"] == "simplified"


def test_order_of_the_broker_is_no_change(broker: ContextBroker, ask: Ask, air: dict[str, Any]) -> None:
    first = ngsi_ld.fetch(ask(broker, **air))
    broker.entities.reverse()
    assert ngsi_ld.fetch(ask(broker, first.validators, **air)).not_modified


def test_watermark_joins_the_declared_filter(
    broker: ContextBroker, ask: Ask, air: dict[str, Any], keep: Callable[[Fetched], Path]
) -> None:
    options = {**air, "watermark": "dateObserved", "q": "dateObserved>=2025-01-01T00:00:00Z"}
    first = ngsi_ld.fetch(ask(broker, **options))
    previous = keep(first)
    broker.asked.clear()
    again = ngsi_ld.fetch(ask(broker, first.validators, previous=previous, **options))
    assert again.not_modified
    assert broker.asked[0].query["q"] == "dateObserved>=2025-01-01T00:00:00Z;dateObserved>=2025-01-01T00:04:09Z"


def test_entity_without_the_attribute_moves_no_watermark(broker: ContextBroker, ask: Ask, air: dict[str, Any]) -> None:
    del broker.entities[-1]["dateObserved"]
    fetched = ngsi_ld.fetch(ask(broker, **air, watermark="dateObserved"))
    assert fetched.validators.watermark == "2025-01-01T00:04:08Z"


def test_entities_that_move_between_pages_are_asked_for_again(
    broker: ContextBroker, ask: Ask, air: dict[str, Any]
) -> None:
    page = json_reply(broker.entities[:100], NGSILD_Results_Count="200")
    broker.instead = [page, json_reply([], NGSILD_Results_Count="200")]
    with pytest.raises(SourceUnavailable, match="100 records came of 200"):
        ngsi_ld.fetch(ask(broker, **air))


def test_problem_is_told_in_the_broker_s_words(broker: ContextBroker, ask: Ask, air: dict[str, Any]) -> None:
    with pytest.raises(SourceRefused, match="Invalid query, no2 is big"):
        ngsi_ld.check(ask(broker, **air, q="no2 is big"))


def test_answer_that_is_no_list_is_refused(broker: ContextBroker, ask: Ask, air: dict[str, Any]) -> None:
    broker.instead = [json_reply({"id": "x"})]
    with pytest.raises(UnexpectedAnswer, match="not a list of objects"):
        ngsi_ld.fetch(ask(broker, **air))
