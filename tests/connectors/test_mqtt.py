"""What is particular about MQTT: no message is lost between runs or by a failed one, and none counts twice."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors import mqtt
from connectors.base import Fetched, FetchRequest, Validators
from connectors.mqtt_session import Message, Session
from connectors.problems import BadOptions, SourceRefused, SourceUnavailable, TooLarge
from tests.connectors.contract.adapters.mqtt import Adapter
from tests.connectors.contract.servers import Servers


@pytest.fixture
def source(tmp_path: Path, servers: Servers) -> Iterator[Adapter]:
    with ExitStack() as stack:
        yield Adapter(tmp_path, servers, stack)


def _all(source: Adapter, since: Validators | None = None, **options: Any) -> FetchRequest:
    declared = {**source.options(), "keep": "all", "topics": [f"{source.source}/+/pas"], **options}
    return source.request(since).model_copy(update={"options": declared})


def _say(source: Adapter, *payloads: str, sensor: str = "x") -> None:
    source.server.publish(*((f"{source.source}/{sensor}/pas", payload, False) for payload in payloads))


def _payloads(path: Path | None) -> list[Any]:
    assert path is not None
    return sorted((json.loads(line)["payload"] for line in path.read_text("utf-8").splitlines()), key=repr)


def _run(source: Adapter, since: Validators | None = None, **options: Any) -> tuple[Validators, Fetched]:
    """A run that is settled."""
    fetched = mqtt.fetch(_all(source, since, **options))
    return source.settle(fetched), fetched


def test_messages_sent_between_two_runs_are_not_lost(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, "1", "2", "3")
    _run(source, known)
    assert _payloads(source.previous) == [1, 2, 3]


def test_equal_messages_are_as_many_rows_as_were_sent(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, "7", "7", "7")
    known, _ = _run(source, known)
    assert len(_payloads(source.previous)) == 3
    _, again = _run(source, known)
    assert again.not_modified


def test_settled_messages_are_acknowledged_and_come_no_more(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, "1", "2")
    known, _ = _run(source, known)
    _, first = _run(source, known)
    _, second = _run(source, known)
    assert first.received_bytes > 0
    assert (second.not_modified, second.received_bytes) == (True, 0)


def test_messages_of_a_failed_run_come_again_beside_newer_ones(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, "1", "2")
    failed = mqtt.fetch(_all(source, known))
    assert failed.path is not None
    failed.path.unlink()
    _say(source, "3")
    _run(source, known)
    assert _payloads(source.previous) == [1, 2, 3]


def test_equal_message_of_a_failed_run_is_not_taken_for_the_settled_one(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, "7")
    known, _ = _run(source, known)
    _say(source, "7")
    failed = mqtt.fetch(_all(source, known))
    assert failed.path is not None
    failed.path.unlink()
    _run(source, known)
    assert _payloads(source.previous) == [7, 7]


def test_run_takes_at_most_so_many_and_the_rest_comes_next(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, *map(str, range(5)))
    known, first = _run(source, known, max_messages=3)
    assert _payloads(source.previous) == [0, 1, 2]
    _run(source, known)
    assert _payloads(source.previous) == [0, 1, 2, 3, 4]


def test_last_of_many_messages_of_a_topic_wins_also_when_sent_again(source: Adapter) -> None:
    known = source.settle(mqtt.fetch(source.request()))
    topic = f"{source.source}/c/bruit"
    source.server.publish(*((topic, f'{{"db": {level}}}', False) for level in (1, 2, 3)))
    known = source.settle(mqtt.fetch(source.request(known)))
    source.server.publish((topic, '{"db": 4}', False))
    known = source.settle(mqtt.fetch(source.request(known)))
    assert source.content_of(source.previous)[topic] == {"db": 4}
    assert mqtt.fetch(source.request(known)).not_modified
    assert source.content_of(source.previous)[topic] == {"db": 4}


def test_cut_line_ends_listening_and_keeps_what_came(source: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    known, _ = _run(source)
    listen = Session.messages

    def say_while_listening(self: Session, seconds: float, most: int) -> Iterator[Message]:
        source.cut_bytes = 3000
        source.cut_once()
        _say(source, *(json.dumps("x" * 500) for _ in range(20)))
        yield from listen(self, seconds, most)

    with monkeypatch.context() as patched:
        patched.setattr(Session, "messages", say_while_listening)
        known, first = _run(source, known)
    assert 0 < len(_payloads(source.previous)) < 20
    assert first.attempts == 1
    _run(source, known)
    assert len(_payloads(source.previous)) == 20


def test_line_cut_before_anything_came_is_tried_again(source: Adapter, waits: list[float]) -> None:
    source.proxy.faults.cut_after, source.proxy.faults.cuts_left = 2, 3
    with pytest.raises(SourceUnavailable):
        mqtt.fetch(source.request())
    assert len(waits) == 2


@pytest.mark.parametrize("payload", ["texte libre", "NaN", "1e999", '{"a": ', "é"])
def test_payload_that_is_no_json_stays_the_text_that_came(source: Adapter, payload: str) -> None:
    known, _ = _run(source)
    _say(source, payload)
    _run(source, known)
    assert _payloads(source.previous) == [payload]


def test_row_has_topic_instant_and_payload(source: Adapter) -> None:
    fetched = mqtt.fetch(source.request())
    assert fetched.path is not None
    row = json.loads(fetched.path.read_text("utf-8").splitlines()[0])
    assert set(row) == {"topic", "received_at", "payload"}
    assert row["payload"] == {"db": 41.5, "lieu": {"nom": "a"}}
    assert row["received_at"].endswith("+00:00")


def test_message_over_the_limit_is_refused_and_stays_with_the_broker(source: Adapter) -> None:
    known, _ = _run(source)
    _say(source, json.dumps("x" * 500))
    request = _all(source, known)
    small = request.limits.model_copy(update={"max_bytes": 100})
    with pytest.raises(TooLarge):
        mqtt.fetch(request.model_copy(update={"limits": small}))
    _run(source, known)
    assert _payloads(source.previous) == ["x" * 500]


@pytest.mark.parametrize("topic", ["", "a/#/b", "a+/b", "a/b#", "a\0b"])
def test_topic_that_is_no_filter_is_a_wrong_option(source: Adapter, topic: str) -> None:
    with pytest.raises(BadOptions, match="topic"):
        mqtt.fetch(_all(source, topics=[topic]))


def test_broker_that_wants_a_name_refuses_who_gives_none(source: Adapter) -> None:
    with pytest.raises(SourceRefused, match="Not authorized"):
        mqtt.fetch(_all(source, anonymous=True).model_copy(update={"secret": None}))
    with pytest.raises(SourceRefused, match="Not authorized"):
        mqtt.check(_all(source, anonymous=True).model_copy(update={"secret": None}))


def test_check_leaves_no_session_with_the_broker(source: Adapter) -> None:
    mqtt.check(_all(source))
    _say(source, "1")
    _run(source)
    assert source.previous.read_bytes() == b""
