"""One id leads from a log line to dbt's, to the engine's decision in the journal, to the lineage event, to the span."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from governance.decisions.engine_records import EngineRecords
from governance.decisions.opa import OpaDecisionPoint
from governance.journal.model import Search
from governance.lineage.store import LineageStore
from governance.pipeline.declared import set_off_by
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.run import run_main_job
from governance.settings import is_tracing_asked
from governance.telemetry.logs import set_up_logs
from governance.telemetry.set_up import as_task, the_one
from governance.telemetry.trace_context import context_of, current_trace_id, current_traceparent, step
from tests.api.small_platform import served
from tests.decisions.engine import free_port
from tests.pipeline.conftest import World, place

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _json_lines(world: World, capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """Write log lines as JSON; those of the block are in the list at its end."""
    levels = {name: logging.getLogger(name).level for name in ("governance", "connectors", "dbt_build")}
    set_up_logs(world.platform.settings.model_copy(update={"log_format": "json", "log_level": "INFO"}))
    lines: list[dict[str, Any]] = []
    yield lines
    root = logging.getLogger()
    for handler in [known for known in root.handlers if known.get_name() == "archipel"]:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    lines += [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


@pytest.mark.services
def test_one_id_is_in_the_logs_the_journal_and_the_events_of_one_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write("donges", place(1))
    started = _now()
    with with_policy_engine(world.platform.settings) as settings, _json_lines(world, capsys) as lines:
        platform = replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings))
        run_main_job(platform, lambda _: None, lambda _: None)
    (harvested,) = [line for line in lines if line["event"].startswith("donges/lieux_covoiturage: accepted")]
    trace_id = harvested["trace_id"]
    assert harvested["rows_accepted"] == 1 and harvested["level"] == "info" and harvested["at"].endswith("Z")
    of_dbt = [line for line in lines if line["logger"] == "dbt_build"]
    assert len(of_dbt) > 10 and {line["trace_id"] for line in of_dbt} == {trace_id}
    manifest = json.loads((settings.state_dir / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["metadata"]["invocation_id"] in {line["dbt_invocation_id"] for line in of_dbt}
    decisions = platform.journal.search(Search(kind="decision"))
    assert decisions and all(entry.fields["trace_id"] == trace_id for entry in decisions)
    cited = {entry.fields["engine_decision_id"] for entry in decisions}
    logged = {one.decision_id: one.trace_id for one in EngineRecords(platform.engine).decisions(started, _now())}
    assert cited <= logged.keys() and {logged[number] for number in cited} == {trace_id}
    assert {run.trace_id for run in LineageStore(platform.engine).last_runs()} == {trace_id}


def test_two_runs_have_two_ids_and_nothing_has_one_outside(world: World) -> None:
    assert current_trace_id() is None
    found = []
    for number in (1, 2):
        world.write("donges", *(place(n) for n in range(number)), place(9))
        world.harvest()
        found.append({run.trace_id for run in LineageStore(world.platform.engine).last_runs()})
    first, second = found
    assert first and second and current_trace_id() is None


def test_an_exception_is_one_json_line_with_its_trace(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with _json_lines(world, capsys) as lines, step("work"):
        try:
            raise ValueError("é\nsecond line")
        except ValueError:
            logging.getLogger("governance.anything").exception("broke")
    (line,) = lines
    assert line["event"] == "broke" and "second line" in line["exception"] and len(line["trace_id"]) == 32


def test_harmonising_goes_on_under_the_id_of_the_one_harvest_that_set_it_off() -> None:
    class Told:
        def __init__(self, traceparent: str | None) -> None:
            self.extra = {"traceparent": traceparent} if traceparent else {}

    one = set_off_by({"archipel://accepted": [Told(TRACEPARENT), Told(TRACEPARENT), Told(None)]})
    with as_task("harmonise task", the_one(one)):
        assert current_trace_id() == TRACE_ID
    other = "00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01"
    for several in ([], None, [Told(TRACEPARENT), Told(other)], [Told("garbage")]):
        events = {"archipel://accepted": several} if several is not None else None
        with as_task("harmonise task", the_one(set_off_by(events))):
            assert current_trace_id() not in (None, TRACE_ID, other.split("-")[1])


def test_a_malformed_traceparent_is_as_if_it_had_not_come() -> None:
    assert context_of(TRACEPARENT) is not None
    for wrong in (None, "", "00", TRACEPARENT.upper() + "x", f"ff{TRACEPARENT[2:]}", f"00-{'0' * 32}-{'1' * 16}-01"):
        assert context_of(wrong) is None
    with step("work", under=context_of(TRACEPARENT)):
        assert (current_traceparent() or "").startswith(f"00-{TRACE_ID}-")


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_spans_are_off_until_the_standard_variables_ask(
    variables: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_tracing_asked() is asked


@contextmanager
def _collector() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A receiver of OTLP over HTTP, protobuf, as OpenTelemetry's collector is; gives the spans that came."""
    spans: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        told = {each.key: each.value for each in span.attributes}
                        ids = {
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                        }
                        spans.append({"name": span.name, "service": service, "told": told, **ids})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()


def _run_job(world: World, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = world.platform.settings
    own = {
        "ARCHIPEL_FEDERATION_DIR": str(settings.federation_dir),
        "ARCHIPEL_STATE_DIR": str(settings.state_dir),
        "ARCHIPEL_SOURCE_FOLDERS": json.dumps([str(path) for path in settings.source_folders]),
        "ARCHIPEL_OPA_PORT": str(free_port()),
    }
    command = [str(Path(sys.executable).parent / "archipel"), "run"]
    return subprocess.run(command, env={**os.environ, **own, **variables}, capture_output=True, text=True, check=False)


@pytest.mark.services
def test_a_run_is_one_trace_whose_spans_reach_a_collector(world: World) -> None:
    world.write("donges", place(1))
    with _collector() as (url, spans):
        ran = _run_job(world, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_SERVICE_NAME="archipel-essai")
    assert ran.returncode == 0, ran.stderr
    by_id = {span["id"]: span for span in spans}
    names = {span["name"] for span in spans}
    assert {
        "main_job",
        "harvest",
        "fetch",
        "land",
        "validate",
        "settle",
        "harmonise",
        "dbt build",
        "publish",
        "decide",
    } <= names
    (root,) = [span for span in spans if span["name"] == "main_job"]
    assert root["parent"] == "" and {span["service"] for span in spans} == {"archipel-essai"}
    mine = [span for span in spans if span["trace"] == root["trace"]]
    assert len(mine) == len(spans) and all(span["parent"] in by_id for span in mine if span is not root)
    fetch = next(
        span for span in spans if span["name"] == "fetch" and span["told"]["archipel.member"].string_value == "donges"
    )
    assert by_id[fetch["parent"]]["name"] == "harvest"
    assert {run.trace_id for run in LineageStore(world.platform.engine).last_runs()} == {root["trace"]}


@pytest.mark.services
def test_a_collector_that_is_down_stops_no_run(world: World) -> None:
    world.write("donges", place(1))
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    ran = _run_job(world, **variables)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stdout


@pytest.mark.services
def test_a_request_is_a_span_under_the_callers_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = world.platform.settings.model_copy(update={"console_port": free_port()})
    with _collector() as (url, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with served(replace(world.platform, settings=settings)) as address:
            httpx.get(f"{address}/v1/feeds", headers={"traceparent": TRACEPARENT}).raise_for_status()
    (span,) = [span for span in spans if span["trace"] == TRACE_ID]
    assert span["name"] == "GET /v1/feeds" and span["parent"] == "00f067aa0ba902b7"
    assert span["told"]["http.response.status_code"].int_value == 200
    assert span["service"] == "archipel-console"
