"""Metrics: read from the state, documented, bounded, and shown to the operator alone."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from governance.api.app import create_app
from governance.decisions.opa import OpaDecisionPoint
from governance.metrics.collect import PlatformCollector
from governance.metrics.definitions import METRICS
from governance.metrics.journal_counts import JournalCounts
from governance.pipeline import steps
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.failures import JournalBroken
from governance.pipeline.harmonise import harmonise
from governance.pipeline.publish import publish
from governance.platform import Platform, open_platform
from tests.api.small_platform import InProcess, Running, served, small_platform
from tests.decisions.engine import free_port
from tests.pipeline.conftest import World, place

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


def _parsed(text: str) -> Figures:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _collected(platform: Platform) -> Figures:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in PlatformCollector(platform).collect()
        for sample in family.samples
    }


def _value(figures: Figures, name: str, **labels: str) -> float:
    return figures[name, tuple(sorted(labels.items()))]


@pytest.mark.services
def test_every_metric_is_documented_and_every_documented_one_is_exposed(running: Running) -> None:
    client = running.client()
    client.get("/v1/feeds/subventions")
    text = client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    told = {f"archipel_{metric.name}{'_info' if metric.kind == 'info' else ''}" for metric in METRICS}
    assert {name for name in families if name.startswith("archipel_")} == told
    for metric in METRICS:
        family = families[f"archipel_{metric.name}{'_info' if metric.kind == 'info' else ''}"]
        assert family.documentation == metric.said
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), metric.name


@pytest.mark.services
def test_promtool_finds_nothing_to_say_of_names_and_units(running: Running) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("needs Debian's prometheus")
    text = running.client().get("/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.services
def test_only_this_machine_or_the_token_reads_them(running: Running) -> None:
    client = running.client()
    assert client.get("/metrics").status_code == 200
    for header in ("X-Forwarded-For", "Forwarded"):
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer anything"}).status_code == 200
    settings = running.platform.settings.model_copy(update={"metrics_token": "t0ken", "console_port": free_port()})
    settings = type(settings).model_validate(settings.model_dump())
    app = InProcess(create_app(replace(running.platform, settings=settings)))
    strange = {"X-Forwarded-For": "203.0.113.7"}
    assert app.get("/metrics", headers={**strange, "Authorization": "Bearer t0ken"}).status_code == 200
    for wrong in ("Bearer other", "Bearer ", "Basic t0ken"):
        assert app.get("/metrics", headers={**strange, "Authorization": wrong}).status_code == 404


@pytest.mark.services
def test_decisions_and_denials_are_those_of_the_journal_and_survive_a_restart(running: Running) -> None:
    client = running.client()
    before = _parsed(client.get("/metrics").text)
    client.get("/v1/feeds/subventions").raise_for_status()
    assert client.get("/v1/feeds/consommation_energie").status_code == 401
    after = _parsed(client.get("/metrics").text)
    allowed = {"channel": "feed", "outcome": "allowed"}
    known = before.get(("archipel_decisions_total", tuple(sorted(allowed.items()))), 0.0)
    assert _value(after, "archipel_decisions_total", **allowed) == known + 1
    assert _value(after, "archipel_denials_total", reason="subject_unknown") >= 1
    again = _collected(open_platform(running.platform.settings))
    for name, labels in after:
        if name in ("archipel_decisions_total", "archipel_denials_total", "archipel_journal_entries_total"):
            assert again[name, labels] == after[name, labels]


@pytest.mark.services
def test_requests_are_counted_by_route_and_never_by_what_a_stranger_types(running: Running) -> None:
    client = running.client()
    before = len(_parsed(client.get("/metrics").text))
    for number in range(20):
        client.get(f"/nothing/{number}")
        client.get(f"/v1/feeds/none-{number}")
    client.get("/fr/datasets/subventions")
    client.request("BREW", "/v1/feeds")
    figures = _parsed(client.get("/metrics").text)
    assert _value(figures, "archipel_http_requests_total", method="GET", route="unmatched", status="404") >= 20
    assert _value(figures, "archipel_http_requests_total", method="GET", route="/datasets/{dataset}", status="200") >= 1
    assert len(figures) - before < 120
    assert not any("none-" in value for _, labels in figures for _, value in labels)


@pytest.mark.services
def test_requests_that_fail_inside_are_counted(running: Running) -> None:
    class Broken:
        def decide(self, _request: object) -> None:
            raise RuntimeError("inside")

    app = create_app(replace(running.platform, pdp=Broken()))  # type: ignore[arg-type]
    assert InProcess(app).get("/v1/feeds/subventions").status_code == 500
    labels = {"method": "GET", "route": "/v1/feeds/{dataset}", "status": "500"}
    assert app.state.registry.get_sample_value("archipel_http_requests_total", labels) == 1


def test_rows_freshness_and_states_are_those_of_the_last_files(world: World) -> None:
    world.write("donges", place(1), place(2), "44052-C-003,,44052,Parking,2026-01-15,true,-2.07,47.32")
    world.harvest()
    figures = _collected(world.platform)
    source = {"member": "donges", "source": "lieux_covoiturage", "dataset": "lieux_covoiturage"}
    rows = [_value(figures, "archipel_source_rows", **source, **{"class": name}) for name in ("read", "accepted")]
    assert rows == [3, 2]
    assert _value(figures, "archipel_source_rows", **source, **{"class": "quarantined"}) == 1
    age = datetime.now(UTC).timestamp() - _value(figures, "archipel_source_last_success_timestamp_seconds", **source)
    assert 0 <= age < 600
    assert _value(figures, "archipel_source_overdue_seconds", **source) == 0
    assert _value(figures, "archipel_sources", state="invalid") == 1
    assert _value(figures, "archipel_runs_total", outcome="failed") == 1
    assert _value(figures, "archipel_collector_up", part="sources") == 1


def test_a_source_is_overdue_once_two_of_its_times_have_passed(world: World) -> None:
    from governance.metrics.collect import _overdue

    good = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)  # half past four in Paris, after the run of four
    assert _overdue("0 4 * * *", good, good + timedelta(hours=30)) == 0
    assert _overdue("0 4 * * *", good, datetime(2026, 3, 4, 4, 0, tzinfo=UTC)) == 3600


@pytest.mark.services
def test_drift_says_that_the_catalogue_is_not_that_of_now(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    harmonise(world.platform)
    with with_policy_engine(world.platform.settings) as settings:
        platform = replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings))
        publish(platform)
        figures = _collected(platform)
        assert _value(figures, "archipel_catalogue_drift", of="data") == 0
        assert _value(figures, "archipel_catalogue_drift", of="policies") == 0
        assert _value(figures, "archipel_policy_engine", verdict="active") == 1
        world.write("donges", place(1), place(2))
        world.harvest()
        harmonise(platform)
        assert _value(_collected(platform), "archipel_catalogue_drift", of="data") == 1
        (settings.state_dir / "catalogue" / "published-policies").write_text("another", encoding="utf-8")
        assert _value(_collected(platform), "archipel_catalogue_drift", of="policies") == 1


def test_what_cannot_be_read_hides_nothing_else(world: World) -> None:
    world.platform.engine.dispose()
    broken = replace(world.platform, engine=open_platform(world.platform.settings).engine)
    with broken.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE receipts")
    figures = _collected(broken)
    assert _value(figures, "archipel_collector_up", part="sources") == 0
    assert _value(figures, "archipel_collector_up", part="disk") == 1
    assert _value(figures, "archipel_disk_size_bytes") > 0


def test_a_verification_is_remembered(world: World) -> None:
    journal = world.platform.journal
    assert journal.last_verification() is None
    journal.append("access", {"outcome": "refused", "reasons": ["token_expired"]})
    assert journal.verify() is None
    figures = _collected(world.platform)
    assert _value(figures, "archipel_journal_intact") == 1
    assert _value(figures, "archipel_denials_total", reason="token_expired") == 1


def test_broken_journal_fails_its_nightly_step_in_words_and_raises_the_figure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, journal = world.platform.settings, world.platform.journal
    monkeypatch.setattr(steps, "load_settings", lambda: settings)
    for number in range(4):
        journal.append("access", {"outcome": "refused", "number": number})
    assert steps.verify_step() == journal.length()
    assert _value(_collected(world.platform), "archipel_journal_intact") == 1
    with world.platform.engine.begin() as connection:
        for (trigger,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("UPDATE journal_entries SET target = 'meters' WHERE sequence = 3")
    with pytest.raises(JournalBroken, match=r"(?s)entrée.*3.*entry.*3"):
        steps.verify_step()
    assert _value(_collected(world.platform), "archipel_journal_intact") == 0
    noted = journal.last_verification()
    assert noted is not None and noted.found is not None and noted.found.sequence == 3
    client = InProcess(create_app(world.platform))
    for language, words in (("fr", "Le journal est rompu"), ("en", "The journal is broken")):
        text = client.get(f"/{language}/health").text
        assert words in text and "/journal?verify=1" in text


def test_counts_kept_in_a_file_are_the_counts_of_the_journal(world: World, tmp_path: Path) -> None:
    journal = world.platform.journal
    for _ in range(1100):
        journal.append("access", {"outcome": "refused", "reasons": ["token_expired"]})
    first = JournalCounts(journal, tmp_path).now()
    assert (tmp_path / "metrics" / "journal_counts.json").is_file()
    assert JournalCounts(journal, tmp_path).now() == first
    assert first.denials == {"token_expired": 1100} and first.sequence == journal.length()
    ahead = first.model_copy(update={"sequence": journal.length() + 5, "denials": {"token_expired": 9999}})
    (tmp_path / "metrics" / "journal_counts.json").write_text(ahead.model_dump_json(), encoding="utf-8")
    assert JournalCounts(journal, tmp_path).now().denials == {"token_expired": 1100}


@pytest.mark.services
def test_a_trace_id_is_taken_from_the_caller_told_and_journalled(running: Running) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    client = running.client()
    answer = client.get("/v1/feeds/subventions", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    assert answer.headers["traceparent"].split("-")[1] == trace_id
    for malformed in ("", "00-short-1-01", "garbage", f"00-{'0' * 32}-00f067aa0ba902b7-01"):
        told = client.get("/health/live", headers={"traceparent": malformed}).headers["traceparent"].split("-")
        assert len(told[1]) == 32 and told[1] not in (trace_id, "0" * 32)
    assert httpx.get(f"{running.url}/nothing").headers["traceparent"]


def test_two_processes_tell_the_same_installation(running: Running) -> None:
    other = running.platform.settings.model_copy(update={"console_port": free_port()})
    with served(replace(running.platform, settings=other)) as url:
        one, two = _parsed(running.client().get("/metrics").text), _parsed(httpx.get(f"{url}/metrics").text)
    same = [key for key in one if key[0] in ("archipel_decisions_total", "archipel_source_rows", "archipel_runs_total")]
    assert same and all(one[key] == two[key] for key in same)
