"""Open311: windows, what is read again, and that nothing personal is kept unless it was declared."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import open311
from connectors.base import Fetched
from connectors.problems import BadOptions, SourceRefused, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.report_server import FIRST, ReportServer, report
from tests.connectors.api.served import Reply

Keep = Callable[[Fetched], Path]


@pytest.fixture
def server(serve: Serve[ReportServer]) -> ReportServer:
    return serve(ReportServer())


@pytest.fixture
def city(server: ReportServer) -> dict[str, Any]:
    day = FIRST.date().isoformat()
    return {"url": f"{server.address}/v2", "jurisdiction_id": "commune.example", "from_day": day}


def _rows(fetched: Fetched) -> list[dict[str, Any]]:
    assert fetched.path is not None
    return [json.loads(line) for line in fetched.path.read_text("utf-8").splitlines()]


def _spans(server: ReportServer) -> list[timedelta]:
    spans = [(ask.query["start_date"], ask.query["end_date"]) for ask in server.asked]
    return [datetime.fromisoformat(end) - datetime.fromisoformat(start) for start, end in spans]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_all_requests_since_the_first_day_are_taken(
    server: ReportServer, ask: Ask, city: dict[str, Any], form: str
) -> None:
    rows = _rows(open311.fetch(ask(server, **city, format=form)))
    assert [row["service_request_id"] for row in rows] == [f"{number:05}" for number in range(190)]
    assert max(_spans(server)) <= timedelta(days=90)
    assert {ask.path for ask in server.asked} == {f"/v2/requests.{form}"}


def test_what_may_name_a_person_is_not_kept(server: ReportServer, ask: Ask, city: dict[str, Any]) -> None:
    request = ask(server, **city)
    fetched = open311.fetch(request)
    assert fetched.path is not None
    written = fetched.path.read_bytes()
    assert not [word for word in (b"email", b"exemple@", b"first_name", b"texte libre") if word in written]
    assert list(request.into.iterdir()) == [fetched.path]


def test_field_is_kept_when_it_is_declared(server: ReportServer, ask: Ask, city: dict[str, Any]) -> None:
    rows = _rows(open311.fetch(ask(server, **city, fields=["description"])))
    assert set(rows[0]) == {"service_request_id", "requested_datetime", "description"}


def test_full_answer_is_cut_in_two_and_nothing_is_lost(server: ReportServer, ask: Ask, city: dict[str, Any]) -> None:
    server.reports = [report(number, days=number / 100) for number in range(2500)]
    assert len(_rows(open311.fetch(ask(server, **city)))) == 2500


def test_more_than_an_answer_holds_within_an_hour_is_refused(
    server: ReportServer, ask: Ask, city: dict[str, Any]
) -> None:
    server.reports = [report(number, days=1) for number in range(1001)]
    with pytest.raises(UnexpectedAnswer, match="over 1000 requests within an hour"):
        open311.fetch(ask(server, **city))


def test_only_the_last_days_are_read_again(server: ReportServer, ask: Ask, city: dict[str, Any], keep: Keep) -> None:
    first = open311.fetch(ask(server, **city, refresh_days=30))
    previous = keep(first)
    server.asked.clear()
    server.reports[10] = report(10, status="closed")
    server.reports[180] = report(180, status="closed")
    again = open311.fetch(ask(server, first.validators, previous=previous, **city, refresh_days=30))
    status = {row["service_request_id"]: row["status"] for row in _rows(again)}
    assert (status["00010"], status["00180"], len(status)) == ("open", "closed", 190)
    assert server.asked[0].query["start_date"] == (FIRST + timedelta(days=159)).isoformat().replace("+00:00", "Z")


def test_withdrawn_report_is_told_and_kept(server: ReportServer, ask: Ask, city: dict[str, Any], keep: Keep) -> None:
    first = open311.fetch(ask(server, **city, refresh_days=30))
    previous = keep(first)
    del server.reports[180]
    again = open311.fetch(ask(server, first.validators, previous=previous, **city, refresh_days=30))
    assert (again.gone, again.not_modified) == (1, True)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_error_is_told_by_code_and_description(server: ReportServer, ask: Ask, city: dict[str, Any], form: str) -> None:
    options = {**city, "jurisdiction_id": "other", "format": form}
    with pytest.raises(SourceRefused, match="400, jurisdiction_id was not provided"):
        open311.fetch(ask(server, **options))


@pytest.mark.parametrize("body", [b"<html>login</html>", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_xml_that_is_no_list_of_requests_is_refused(
    server: ReportServer, ask: Ask, city: dict[str, Any], body: bytes
) -> None:
    server.refusal = Reply(body)
    with pytest.raises(UnexpectedAnswer):
        open311.fetch(ask(server, **city, format="xml"))


@pytest.mark.parametrize("form", ["json", "xml"])
def test_check_wants_the_declared_services(server: ReportServer, ask: Ask, city: dict[str, Any], form: str) -> None:
    assert open311.check(ask(server, **city, format=form, service_codes=["voirie"])).filename == "requests.ndjson"
    with pytest.raises(UnexpectedAnswer, match="no service 'eau'"):
        open311.check(ask(server, **city, format=form, service_codes=["eau"]))


def test_first_day_must_be_declared(server: ReportServer, ask: Ask) -> None:
    with pytest.raises(BadOptions, match="from_day"):
        open311.fetch(ask(server))
