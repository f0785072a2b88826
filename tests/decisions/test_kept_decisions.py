"""An answer is used again for the same question only, for a moment only, and never under other rules."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.decisions.model import Context, Decision, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.policy_client import PolicyClient
from governance.decisions.revisions import Revisions
from tests.decisions.engine import NOW
from tests.decisions.impostor import impostor

KEPT = 5.0
ANSWER: dict[str, Any] = {
    "allow": True, "agreement_id": None, "column_masks": {}, "duties": [], "policy_version": "first",
    "reasons": [{"code": "open", "rule": "r", "text_fr": "f", "text_en": "e"}],
    "valid_until": (NOW + timedelta(hours=1)).isoformat(),
}  # fmt: skip


class _Engine:
    """Speaks OPA's protocol and counts what it is asked."""

    def __init__(self) -> None:
        self.answer = dict(ANSWER)
        self.decisions = 0
        self.is_down = False

    def reply(self, path: str) -> tuple[int, bytes]:
        if self.is_down:
            return 500, b"{}"
        if "/compile/" in path:
            return 200, b'{"result": {"query": {}}}'
        self.decisions += 1
        return 200, json.dumps({"result": self.answer}).encode()


@pytest.fixture
def engine() -> _Engine:
    return _Engine()


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    found = Revisions(tmp_path / "revisions.json")
    found.record("first", NOW)
    return found


@pytest.fixture
def point(engine: _Engine, revisions: Revisions) -> Iterator[OpaDecisionPoint]:
    with impostor(engine.reply) as address:
        yield OpaDecisionPoint(PolicyClient.at(address), revisions, keep_seconds=KEPT)


def _ask(point: OpaDecisionPoint, seconds: float = 0.0, organisation: str = "000000042") -> Decision:
    context = Context(instant=NOW + timedelta(seconds=seconds))
    subject = Subject(id="one", organisation=organisation)
    return point.decide(DecisionRequest(subject=subject, target=Target(dataset="subventions"), context=context))


def test_same_question_is_asked_once_within_the_moment(point: OpaDecisionPoint, engine: _Engine) -> None:
    assert [_ask(point, seconds).allow for seconds in (0, 1, KEPT - 0.01)] == [True, True, True]
    assert engine.decisions == 1


def test_question_is_asked_again_after_the_moment(point: OpaDecisionPoint, engine: _Engine) -> None:
    _ask(point)
    _ask(point, KEPT)
    assert engine.decisions == 2


def test_another_subject_is_another_question(point: OpaDecisionPoint, engine: _Engine) -> None:
    _ask(point)
    _ask(point, organisation="000000026")
    assert engine.decisions == 2


def test_engine_that_is_gone_closes_within_the_moment(point: OpaDecisionPoint, engine: _Engine) -> None:
    _ask(point)
    engine.is_down = True
    assert _ask(point, KEPT).codes == ("policy_engine_unavailable",)
    assert not _ask(point, KEPT + 1).allow


def test_new_rules_are_asked_at_once(point: OpaDecisionPoint, engine: _Engine, revisions: Revisions) -> None:
    assert _ask(point).allow
    revisions.record("second", NOW)
    engine.answer |= {"allow": False, "policy_version": "second"}
    assert not _ask(point, 0.1).allow


def test_answer_is_never_kept_past_its_own_end(point: OpaDecisionPoint, engine: _Engine) -> None:
    engine.answer["valid_until"] = (NOW + timedelta(seconds=2)).isoformat()
    _ask(point)
    engine.answer["allow"] = False
    assert not _ask(point, 2).allow


def test_earlier_instant_does_not_get_a_later_answer(point: OpaDecisionPoint, engine: _Engine) -> None:
    _ask(point)
    _ask(point, -1)
    assert engine.decisions == 2
