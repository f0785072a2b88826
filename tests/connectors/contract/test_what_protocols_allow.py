"""What holds wherever the protocol allows it; which do not, and why, is on the page for whoever chooses."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from stamina.instrumentation import set_on_retry_hooks

from connectors.problems import BadOptions, SourceUnavailable
from connectors.registry import connector_names
from tests.connectors.contract.adapter import FACTS, SECRET, SourceAdapter
from tests.connectors.contract.conftest import ADAPTERS
from tests.connectors.contract.test_every_source import connector_of, fetch

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "choose-a-connector.md"


def test_every_connector_has_an_adapter_of_its_name() -> None:
    assert sorted(ADAPTERS) == list(connector_names())
    assert all(adapter.connector == name for name, adapter in ADAPTERS.items())


def test_exceptions_are_exactly_those_that_the_page_names() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    declared = [(name, fact, reason) for name, a in sorted(ADAPTERS.items()) for fact, reason in a.cannot.items()]
    assert sorted(rows) == sorted(declared)
    assert {fact for _, fact, _ in declared} <= set(FACTS)


@pytest.mark.needs("unchanged_costs_nothing")
def test_unchanged_source_costs_no_byte(source: SourceAdapter) -> None:
    known = source.settle(fetch(source))
    again = fetch(source, source.request(known))
    assert (again.not_modified, again.received_bytes) == (True, 0)


@pytest.mark.needs("resumes_after_a_cut")
def test_cut_fetch_goes_on_and_is_whole(source: SourceAdapter) -> None:
    whole = fetch(source)
    assert whole.path is not None
    whole.path.unlink()
    source.cut_once()
    fetched = fetch(source)
    assert fetched.path is not None
    assert source.content_of(fetched.path) == source.expected()
    assert fetched.attempts == 2
    assert fetched.received_bytes < whole.received_bytes * 2


@pytest.mark.needs("retries_when_unavailable")
def test_source_out_of_reach_is_tried_again_and_then_unavailable(source: SourceAdapter, waits: list[float]) -> None:
    source.go_down()
    with pytest.raises(SourceUnavailable) as caught:
        fetch(source, source.request(backoff_seconds=0.004, backoff_max_seconds=0.1))
    assert caught.value.retryable
    assert len(waits) == 2
    assert all(wait >= 0.004 * 2**turn for turn, wait in enumerate(waits))
    assert source.left() == []


@pytest.mark.needs("obeys_retry_after")
def test_server_s_wish_to_wait_is_obeyed(source: SourceAdapter, waits: list[float]) -> None:
    source.ask_to_wait(1)
    assert fetch(source).path is not None
    assert waits == [1.0]


@pytest.mark.needs("cuts_a_slow_server")
@pytest.mark.parametrize("limits", [{"timeout_seconds": 0.3}, {"total_seconds": 0.3}], ids=str)
def test_silent_server_is_cut(source: SourceAdapter, limits: dict[str, Any]) -> None:
    source.stall()
    with pytest.raises(SourceUnavailable):
        fetch(source, source.request(attempts=1, **limits))
    assert source.left() == []


@pytest.mark.needs("sends_a_secret")
def test_missing_secret_is_said_and_nothing_is_asked(source: SourceAdapter) -> None:
    request = source.request().model_copy(update={"secret": None})
    with pytest.raises(BadOptions, match="secret"):
        fetch(source, request)


@pytest.mark.needs("sends_a_secret")
@pytest.mark.parametrize("fault", ["none", "refuse", "go_down", "stall"])
def test_secret_is_in_no_log_record_and_no_text(
    source: SourceAdapter, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    set_on_retry_hooks(None)
    if fault != "none":
        getattr(source, fault)()
    request = source.request(total_seconds=0.5) if fault == "stall" else source.request()
    seen = [repr(request), str(request)]
    try:
        seen.append(repr(fetch(source, request)))
    except Exception as problem:
        texts = [getattr(problem, name, "") for name in ("message_fr", "message_en", "remedy_fr", "remedy_en")]
        seen += [repr(problem), repr(problem.__cause__), *texts]
    seen += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert not [text for text in seen for part in _parts(source) if part in text]


def _parts(source: SourceAdapter) -> list[str]:
    """The secret's own part, and the middle of it should somebody shorten it."""
    proof = (source.secret or "").partition(":")[2] or source.secret or SECRET
    line = max(proof.splitlines(), key=len)
    return [line, line[len(line) // 3 : 2 * len(line) // 3]]


@pytest.mark.needs("has_a_watermark")
def test_watermark_is_of_the_rows_received_and_only_moves_forward(source: SourceAdapter) -> None:
    first = source.settle(fetch(source))
    source.change()
    second = fetch(source, source.request(first))
    assert first.watermark is not None
    assert second.validators.watermark is not None
    assert second.validators.watermark > first.watermark
    assert connector_of(source).fetch(source.request(first)).validators.watermark == second.validators.watermark


@pytest.mark.needs("tells_what_is_gone")
def test_row_that_is_gone_is_told_and_stays(source: SourceAdapter) -> None:
    known = source.settle(fetch(source))
    source.remove()
    source.change()
    again = fetch(source, source.request(known))
    assert again.gone == 1
    assert again.path is not None
    assert source.content_of(again.path) == source.expected()
