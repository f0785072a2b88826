"""The decision point fails closed: whatever the engine does wrong, nothing leaves and a reason says so."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.decisions.bundle import bundle_path, revisions_of, write_bundles
from governance.decisions.bundle_names import BUNDLES
from governance.decisions.model import Decision
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.policy_client import PolicyClient
from governance.decisions.revisions import GRACE, Revisions
from tests.decisions.engine import NOW, AnyRevision, ask, free_port, new_settings
from tests.decisions.impostor import Answer, impostor

GOOD: dict[str, Any] = {
    "allow": True, "agreement_id": "a1", "column_masks": {"name": {"mask": "show"}}, "duties": [],
    "policy_version": "pushed+pushed", "reasons": [{"code": "c", "rule": "r", "text_fr": "f", "text_en": "e"}],
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


def test_a_clock_that_was_ahead_lets_no_older_bundle_answer_until_that_hour_comes(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path / "revisions.json")
    revisions.record("first", NOW - timedelta(hours=1))
    revisions.record("second", NOW + timedelta(hours=1))
    assert revisions.is_acceptable("second", NOW)
    assert not revisions.is_acceptable("first", NOW)


def test_revision_that_returns_is_in_force_again(tmp_path: Path) -> None:
    revisions = Revisions(tmp_path / "revisions.json")
    for revision in ("first", "second", "first", "first"):
        revisions.record(revision)
    assert [one.revision for one in revisions.all()] == ["first", "second", "first"]
    assert Revisions(tmp_path / "revisions.json").current == "first"


@pytest.mark.services
def test_bundles_of_unchanged_declarations_are_not_written_again(tmp_path: Path) -> None:
    settings = new_settings(tmp_path)
    revision = write_bundles(settings)
    written = [bundle_path(settings, name).stat().st_mtime_ns for name in BUNDLES]
    assert write_bundles(settings) == revision
    assert [bundle_path(settings, name).stat().st_mtime_ns for name in BUNDLES] == written
    assert len(revisions_of(settings).all()) == 1
    assert revisions_of(settings).all()[0].at <= datetime.now(UTC)
