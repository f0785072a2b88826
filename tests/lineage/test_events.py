"""Lineage events: from harvest to publication, as OpenLineage has them, kept whatever a lineage server does."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from openlineage.client.serde import Serde
from sqlalchemy import select

from governance.decisions.opa import OpaDecisionPoint
from governance.lineage.store import LineageStore, in_words
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise
from governance.pipeline.publish import publish
from governance.state.database import lineage_events
from governance.telemetry.trace_context import current_trace_id, step
from tests.pipeline.conftest import World, place


def _events(world: World) -> list[dict[str, Any]]:
    with world.platform.engine.connect() as connection:
        told: Sequence[str] = connection.execute(select(lineage_events.c.told)).scalars().all()
    return sorted(map(json.loads, told), key=lambda event: event["eventTime"])


def _last(world: World, job: str) -> Any:
    runs = {run.job: run for run in LineageStore(world.platform.engine).last_runs()}
    return runs[job]


@pytest.mark.services
def test_one_number_can_be_followed_from_the_catalogue_to_the_file(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.write("trignac", place(3, "44210"))
    with step("main_job"):
        trace_id = current_trace_id()
        receipts = world.harvest()
        harmonise(world.platform)
        with with_policy_engine(world.platform.settings) as settings:
            publish(replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings)))

    published = _last(world, "publish.lieux_covoiturage")
    assert set(published.outputs) >= {"catalogue/lieux_covoiturage", "catalogue/lieux_covoiturage--donges"}
    assert published.publication.engine_decisions and published.publication.policy_version
    made = _last(world, "harmonise.lieux_covoiturage")
    assert made.outputs == published.inputs == ("shared/lieux_covoiturage",)
    assert made.version.version == published.publication.version
    assert made.version.rows == 3
    for served in made.version.rests_on:
        receipt = receipts[served.member_id]
        found = LineageStore(world.platform.engine).find_run(served.run_id)
        assert found is not None and found.receipt is not None
        assert found.receipt.file_sha256 == receipt.file_sha256
        assert found.receipt.rows_accepted == served.rows == receipt.rows_accepted
        assert found.inputs == (f"sources/{served.member_id}/lieux_covoiturage",)
        assert found.outputs == made.inputs
    assert {run.trace_id for run in LineageStore(world.platform.engine).last_runs()} == {trace_id}


def test_each_run_has_a_start_an_end_and_the_standard_facets(world: World) -> None:
    world.write("donges", place(1), place(2), "44052-C-003,,44052,Parking,2026-01-15,true,-2.07,47.32")
    world.harvest()
    by_run: dict[str, list[dict[str, Any]]] = {}
    for event in _events(world):
        by_run.setdefault(event["run"]["runId"], []).append(event)
        assert event["schemaURL"].startswith("https://openlineage.io/spec/2-")
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    for started, ended in by_run.values():
        assert started["eventType"] == "START" and ended["eventType"] in {"COMPLETE", "FAIL", "ABORT"}
        assert started["job"] == ended["job"]
    donges = next(e for e in _events(world) if e["job"]["name"].startswith("harvest.donges") and e["outputs"])
    metrics = donges["inputs"][0]["inputFacets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == 3
    assert donges["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 2
    facts = donges["run"]["facets"]["archipel_receipt"]
    assert (facts["rows_read"], facts["rows_accepted"], facts["rows_quarantined"]) == (3, 2, 1)
    (trignac,) = [e for e in _events(world) if e["job"]["name"].startswith("harvest.trignac") and e["inputs"]]
    assert trignac["eventType"] == "FAIL" and trignac["run"]["facets"]["errorMessage"]["message"]


def test_events_are_kept_in_the_words_of_the_client(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    keep = LineageStore.keep

    def keep_and_note(store: LineageStore, events: Sequence[Any]) -> None:
        told.extend(events)
        keep(store, events)

    monkeypatch.setattr(LineageStore, "keep", keep_and_note)
    world.write("donges", place(1), place(2))
    with step("main_job"):
        world.harvest()
        harmonise(world.platform)
    assert {event.eventType.value for event in told} == {"START", "COMPLETE", "FAIL"}
    for event in told:
        assert json.loads(in_words(event)) == json.loads(Serde.to_json(event))


def test_the_columns_of_what_is_accepted_are_told_by_what_is_made_of_it(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    harmonise(world.platform)
    made = next(e for e in _events(world) if e["job"]["name"] == "harmonise.lieux_covoiturage" and e["outputs"])
    columns = [column.name for column in world.platform.contracts["lieux_covoiturage"].columns]
    for dataset in (*made["inputs"], *made["outputs"]):
        assert [field["name"] for field in dataset["facets"]["schema"]["fields"]] == columns


def test_what_changes_nothing_is_no_event_and_a_file_that_fails_keeps_the_last_good_run(world: World) -> None:
    world.write("donges", place(1))
    good = world.harvest()["donges"]
    before = len(_events(world))
    world.write("trignac", place(2, "44210"))
    assert world.harvest()["donges"].outcome == "unchanged"
    assert len(_events(world)) == before + 2
    (world.folders["donges"] / "lieux.csv").write_text("nothing to read\n", encoding="utf-8")
    assert world.harvest()["donges"].outcome == "rejected"
    assert _last(world, "harvest.donges.lieux_covoiturage").run_id == good.run_id


def test_events_older_than_their_days_go_and_the_last_good_run_of_each_job_stays(world: World) -> None:
    world.write("donges", place(1))
    first = world.harvest()["donges"]
    world.write("donges", place(1), place(2))
    second = world.harvest()["donges"]
    store = LineageStore(world.platform.engine)
    assert store.prune(30, datetime.now(UTC)) == 0
    assert store.find_run(first.run_id) is not None
    assert store.prune(30, datetime.now(UTC) + timedelta(days=31)) >= 1
    assert store.find_run(first.run_id) is None
    assert store.find_run(second.run_id) == _last(world, "harvest.donges.lieux_covoiturage")
    assert _last(world, "harvest.donges.lieux_covoiturage").receipt.file_sha256 == second.file_sha256


def test_a_source_is_known_by_its_address_without_what_may_be_secret(world: World) -> None:
    options = {"url": "https://clerk:word@files.example/a.csv?key=k3y-0f-theirs#part"}
    declared = world.declare("donges", connector="http_file", options=options)
    declared.harvest()
    told = json.dumps(_events(world))
    assert "https://files.example/a.csv" in told
    assert "k3y-0f-theirs" not in told and "word@" not in told


@contextmanager
def _lineage_server(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes events as Marquez does; ``status`` is what it answers."""
    taken: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.append({"path": self.path, "token": self.headers.get("Authorization"), **event})
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()


def _sending_to(world: World, url: str) -> World:
    settings = world.platform.settings.model_copy(update={"lineage_url": url})
    return replace(world, platform=replace(world.platform, settings=settings))


def test_events_reach_a_lineage_server(world: World) -> None:
    world.write("donges", place(1))
    with _lineage_server(201) as (url, taken):
        _sending_to(world, url).harvest()
    assert {one["path"] for one in taken} == {"/api/v1/lineage"}
    assert [one["eventType"] for one in taken if one["job"]["name"] == "harvest.donges.lieux_covoiturage"] == [
        "START",
        "COMPLETE",
    ]


def test_a_lineage_server_that_fails_is_said_once_and_stops_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.write("donges", place(1))
    with _lineage_server(500) as (url, taken):
        sending = _sending_to(world, url)
        assert sending.harvest()["donges"].outcome == "accepted"
        world.write("donges", place(1), place(2))
        assert sending.harvest()["donges"].outcome == "accepted"
    assert len(taken) == 1
    assert len([record for record in caplog.records if "did not take the events" in record.message]) == 1
    assert _last(world, "harvest.donges.lieux_covoiturage").receipt.rows_accepted == 2


def test_events_that_cannot_be_kept_stop_no_run(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write("donges", place(1))
    with world.platform.engine.begin() as connection:
        lineage_events.drop(connection)
    assert world.harvest()["donges"].outcome == "accepted"
    assert "were not all kept" in caplog.text
