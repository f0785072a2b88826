"""Who is told of what: each occasion of each subscription, once."""

from datetime import UTC, datetime

import pytest

from governance.notifications.occasions import concerns
from governance.state.outbox import Notice, list_notices, queue_notices
from governance.state.receipts import Receipt
from governance.subscriptions import Subscription
from tests.notifications.conftest import subscribe
from tests.pipeline.conftest import World, place

TO = {"email": "donnees@donges.example"}


def _receipt(outcome: str, **facts: object) -> Receipt:
    at = datetime(2026, 3, 2, 5, tzinfo=UTC)
    given = {"run_id": "1", "member_id": "donges", "source_id": "s", "dataset": "s", "message_fr": "", "message_en": ""}
    return Receipt.model_validate({**given, "started_at": at, "finished_at": at, "outcome": outcome, **facts})


FINE, WRONG = _receipt("accepted", rows_quarantined=0), _receipt("accepted", rows_quarantined=2)
SILENT, REFUSED = _receipt("failed", report_status="unavailable"), _receipt("failed", report_status="refused")
SAME = _receipt("unchanged")


@pytest.mark.parametrize(
    ("when", "before", "receipt", "is_told"),
    [
        ("always", FINE, SAME, True),
        ("on_error", FINE, FINE, False),
        ("on_error", FINE, WRONG, True),
        ("on_error", FINE, _receipt("held"), True),
        ("on_error", None, SILENT, True),
        ("on_error", SILENT, SILENT, False),
        ("on_error", SILENT, REFUSED, True),
        ("on_error", WRONG, SAME, False),
        ("on_change", None, FINE, True),
        ("on_change", FINE, FINE, True),
        ("on_change", FINE, SAME, False),
        ("on_change", SILENT, SILENT, False),
        ("on_change", SILENT, SAME, True),
    ],
)
def test_subscription_is_told_of_what_it_asked_for(
    when: str, before: Receipt | None, receipt: Receipt, is_told: bool
) -> None:
    subscription = Subscription.model_validate({**TO, "when": when})
    assert concerns(subscription, receipt, before) is is_told


def _notices(world: World) -> list[Notice]:
    return list_notices(world.platform.engine, "donges")


def test_receipt_and_notice_are_kept_together_and_once(world: World) -> None:
    told = subscribe(world, {**TO, "when": "always"}, {**TO, "when": "always", "sources": ["lieux_covoiturage"]})
    told.write("donges", place(1))
    receipt = told.harvest()["donges"]
    notices = _notices(told)
    assert {notice.run_id for notice in notices} == {receipt.run_id}
    assert len({notice.id for notice in notices}) == 2
    assert told.harvest()["donges"].outcome == "unchanged"
    assert len(_notices(told)) == 4


def test_notice_is_not_queued_where_the_receipt_cannot_be_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = subscribe(world, {**TO, "when": "always"})
    told.write("donges", place(1))

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("governance.pipeline.settle.store_cursors", broken)
    with pytest.raises(OSError, match="full"):
        told.harvest()
    assert _notices(told) == []


def test_digest_of_a_period_is_queued_once_and_due_in_the_morning(world: World) -> None:
    told = subscribe(world, {**TO, "when": "digest", "every": "weekly"})
    told.write("donges", place(1))
    told.harvest()
    told.write("donges", place(1), place(2))
    told.harvest()
    (notice,) = _notices(told)
    assert notice.occasion == "digest" and notice.since is not None
    assert (notice.due_at - notice.since).days in (6, 7)  # six and twenty-three hours where the clocks change
    assert notice.due_at.weekday() == 0


def test_notice_that_another_process_queued_meanwhile_stays_as_it_is(world: World) -> None:
    told = subscribe(world, {**TO, "when": "digest", "every": "daily"})
    told.write("donges", place(1))
    told.harvest()
    (notice,) = _notices(told)
    changed = notice.model_copy(update={"attempts": 3})
    with told.platform.engine.begin() as connection:
        queue_notices(connection, [changed, changed])
    assert _notices(told) == [notice]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"when": "always"}, "either email or webhook"),
        ({**TO, "webhook": "https://a.example/", "secret": "env:A", "when": "always"}, "either email or webhook"),
        ({"webhook": "https://a.example/", "when": "always"}, "needs a secret"),
        ({**TO, "when": "digest"}, "goes with when: digest"),
        ({**TO, "when": "always", "every": "daily"}, "goes with when: digest"),
        ({"email": "Jean <a@b.example>", "when": "always"}, "match pattern"),
        ({"email": "a@b.example\nBcc: c@d.example", "when": "always"}, "match pattern"),
    ],
)
def test_subscription_that_cannot_be_meant_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Subscription.model_validate(wrong)
