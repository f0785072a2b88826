"""The decision point fails closed: whatever the engine does wrong, nothing leaves and a reason says so."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.decisions.bundle import build_bundle, revisions_of, write_bundle
from governance.decisions.model import Decision
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import PolicyEngineError, bundle_path, opa_command, wait_for_revision
from governance.decisions.policy_client import PolicyClient
from governance.decisions.revisions import GRACE, Revisions
from governance.federation import Federation
from governance.lake import write_atomically
from governance.settings import PROJECT_ROOT, Settings
from tests.decisions.engine import NOW, AnyRevision, agreement, ask, facts_of, free_port, running
from tests.decisions.impostor import Answer, impostor

GOOD: dict[str, Any] = {
    "allow": True, "agreement_id": "a1", "column_masks": {"name": {"mask": "show"}}, "duties": [],
    "policy_version": "pushed", "reasons": [{"code": "c", "rule": "r", "text_fr": "f", "text_en": "e"}],
    "valid_until": "2026-11-23T10:05:00Z",
}  # fmt: skip


def _decide(address: str, timeout: float = 1.0) -> Decision:
    point = OpaDecisionPoint(PolicyClient.at(address, timeout), AnyRevision(Path("none")))
    try:
        return point.decide(ask())
    finally:
        point.close()


def _says(document: Any, filter_document: Any = None) -> Answer:
    def answer(path: str) -> tuple[int, bytes]:
        return 200, json.dumps(filter_document if "/compile/" in path else document).encode()

    return answer


def test_good_answer_of_the_impostor_is_allowed_so_that_the_other_cases_prove_something() -> None:
    with impostor(_says({"result": GOOD}, {"result": {"query": {}}})) as address:
        decision = _decide(address)
    assert decision.allow
    assert decision.row_filter == {}


def test_engine_that_is_not_there_refuses() -> None:
    decision = _decide(f"http://127.0.0.1:{free_port()}")
    assert (decision.allow, decision.codes) == (False, ("policy_engine_unavailable",))
    assert decision.row_filter is None


def test_engine_that_is_late_refuses() -> None:
    release = threading.Event()

    def answer(_path: str) -> tuple[int, bytes]:
        release.wait(5)
        return 200, json.dumps({"result": GOOD}).encode()

    with impostor(answer) as address:
        decision = _decide(address, timeout=0.2)
        release.set()
    assert decision.codes == ("policy_engine_unavailable",)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda _: (500, b"{}"), "policy_engine_unavailable"),
        (lambda _: (200, b"<html>"), "policy_answer_malformed"),
        (lambda _: (200, b""), "policy_answer_malformed"),
        (_says({}), "policy_engine_unavailable"),
        (_says([]), "policy_answer_malformed"),
        (_says({"result": True}), "policy_answer_malformed"),
        (_says({"result": {"allow": True}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"allow": "perhaps"}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"reasons": []}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"column_masks": {"name": {"mask": "unveil"}}}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"allow": False}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"surprise": 1}}), "policy_answer_malformed"),
        (_says({"result": GOOD | {"policy_version": "older"}}), "policy_engine_outdated"),
    ],
)
def test_answer_that_does_not_count_refuses(answer: Answer, code: str) -> None:
    with impostor(answer) as address:
        decision = _decide(address)
    assert (decision.allow, decision.codes, dict(decision.column_masks)) == (False, (code,), {})


@pytest.mark.parametrize("document", [{}, {"result": {}}, {"result": None}, {"result": {"query": None}}, []], ids=str)
def test_filter_without_query_lets_no_row_through(document: Any) -> None:
    with impostor(_says({"result": GOOD}, document)) as address:
        decision = _decide(address)
    assert decision.row_filter is None


def test_filter_is_compiled_again_once_its_decision_no_longer_holds_or_the_question_differs() -> None:
    compiled: list[str] = []

    def answer(path: str) -> tuple[int, bytes]:
        if "/compile/" in path:
            compiled.append(path)
            return 200, json.dumps({"result": {"query": {}}}).encode()
        return 200, json.dumps({"result": GOOD}).encode()

    with impostor(answer) as address:
        point = OpaDecisionPoint(PolicyClient.at(address), AnyRevision(Path("none")))
        counts = []
        for request in (
            ask(),
            ask(),
            ask(instant=NOW + timedelta(minutes=4)),
            ask(instant=NOW + timedelta(minutes=5)),
            ask(instant=NOW - timedelta(seconds=1)),
            ask(purpose="dpv:Other"),
            ask(member_id="north"),
            ask("trees"),
            ask(organisation=None),
        ):
            assert point.decide(request).row_filter == {}
            counts.append(len(compiled))
        point.close()
    assert counts == [1, 1, 1, 2, 3, 4, 5, 6, 7]


def test_only_the_revision_in_force_counts_and_for_a_moment_its_predecessor(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path / "revisions.json")
    assert not revisions.is_acceptable("first")
    revisions.record("first", NOW)
    revisions.record("second", NOW + timedelta(hours=1))
    revisions.record("third", NOW + timedelta(hours=2))
    just_after, later = NOW + timedelta(hours=2, seconds=1), NOW + timedelta(hours=2) + GRACE * 2
    assert revisions.is_acceptable("third", later)
    assert revisions.is_acceptable("second", just_after)
    assert not revisions.is_acceptable("second", later)
    assert not revisions.is_acceptable("first", just_after)
    assert not revisions.is_acceptable("unheard of", just_after)


def test_revision_that_returns_is_in_force_again(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path / "revisions.json")
    for revision in ("first", "second", "first", "first"):
        revisions.record(revision)
    assert [one.revision for one in revisions.all()] == ["first", "second", "first"]
    assert Revisions(tmp_path / "revisions.json").current == "first"


@pytest.mark.services
def test_new_bundle_is_followed_and_a_broken_or_older_one_is_not(tmp_path: Path, federation: Federation) -> None:
    settings = Settings(state_dir=tmp_path, opa_port=free_port(), policies_dir=PROJECT_ROOT / "policies")

    def put(**difference: Any) -> str:
        revision, content = build_bundle(settings.policies_dir, facts_of(federation, agreement(**difference)))
        write_atomically(bundle_path(settings), content)
        revisions_of(settings).record(revision)
        return revision

    first = put()
    old_bundle = bundle_path(settings).read_bytes()
    with running(opa_command(settings)):
        wait_for_revision(settings, first)
        point = OpaDecisionPoint.from_settings(settings)
        assert point.decide(ask()).allow
        second = put(state="revoked")
        wait_for_revision(settings, second)
        assert point.decide(ask()).codes == ("agreement_revoked",)
        write_atomically(bundle_path(settings), b"not an archive")
        with pytest.raises(PolicyEngineError, match="not in force"):
            wait_for_revision(settings, "anything", timeout=1.5)
        assert point.decide(ask()).codes == ("agreement_revoked",)
        third = put(state="suspended")
        wait_for_revision(settings, third)
        write_atomically(bundle_path(settings), old_bundle)
        wait_for_revision(settings, first)
        assert point.decide(ask()).codes == ("policy_engine_outdated",)
        point.close()


@pytest.mark.services
def test_bundle_of_unchanged_declarations_is_not_written_again(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    revision = write_bundle(settings)
    written = bundle_path(settings).stat().st_mtime_ns
    assert write_bundle(settings) == revision
    assert bundle_path(settings).stat().st_mtime_ns == written
    assert len(revisions_of(settings).all()) == 1
    assert revisions_of(settings).all()[0].at <= datetime.now(UTC)


@pytest.mark.services
def test_engine_lets_nobody_write_or_read_out_its_facts(tmp_path: Path, federation: Federation) -> None:
    settings = Settings(state_dir=tmp_path, opa_port=free_port(), policies_dir=PROJECT_ROOT / "policies")
    revision, content = build_bundle(settings.policies_dir, facts_of(federation, agreement()))
    write_atomically(bundle_path(settings), content)
    revisions_of(settings).record(revision)
    with running(opa_command(settings)):
        wait_for_revision(settings, revision)
        at = f"{settings.opa_address}/v1"
        forged = {"x": {"manifest": {"revision": "forged"}}}
        refused = [
            httpx.put(f"{at}/data/system/bundles", json=forged, timeout=5),
            httpx.put(f"{at}/policies/mine", content="package mine", timeout=5),
            httpx.get(f"{at}/data/facts", timeout=5),
            httpx.post(f"{at}/query", json={"query": "data.facts = x"}, timeout=5),
        ]
        point = OpaDecisionPoint.from_settings(settings)
        assert [answer.status_code for answer in refused] == [401, 401, 401, 401]
        assert point.decide(ask()).allow
        point.close()
