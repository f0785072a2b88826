"""Which subscriptions a receipt concerns. A failure that lasts is told once; a digest says that it lasts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from croniter import croniter
from sqlalchemy import Connection

from governance.federation import Federation
from governance.legal_time import LEGAL_TIME
from governance.state.cursors import SourceKey
from governance.state.outbox import Notice, notice_id, queue_notices
from governance.state.receipts import Receipt, newest_receipts, store_receipts
from governance.subscriptions import Subscription

DIGESTS = {"daily": "0 7 * * *", "weekly": "0 7 * * 1"}
"""When a digest is due, as cron lines in legal time: before offices open."""


def keep_receipts(connection: Connection, federation: Federation, receipts: Sequence[Receipt]) -> None:
    """Keep receipts and queue whom they concern, in the caller's transaction: both or neither."""
    told = [receipt for receipt in receipts if _subscriptions(federation, receipt)]
    before = newest_receipts(connection, [(receipt.member_id, receipt.source_id) for receipt in told])
    store_receipts(connection, receipts)
    queue_notices(connection, list(notices_of(federation, before, told)))


def notices_of(
    federation: Federation, before: Mapping[SourceKey, Receipt], receipts: Sequence[Receipt]
) -> Iterator[Notice]:
    """Give a notice for each subscription that a receipt concerns; ``before`` is the receipt of each source before."""
    for receipt in receipts:
        for subscription in _subscriptions(federation, receipt):
            if subscription.when == "digest":
                yield _of_period(subscription, receipt)
            elif concerns(subscription, receipt, before.get((receipt.member_id, receipt.source_id))):
                yield _of_run(subscription, receipt)


def concerns(subscription: Subscription, receipt: Receipt, before: Receipt | None) -> bool:
    """Say whether a subscription that is no digest is to be told of a receipt, by the one before it."""
    if subscription.when == "always":
        return True
    lasts = (
        before is not None
        and receipt.outcome == before.outcome == "failed"
        and receipt.report_status == before.report_status
    )
    is_wrong = receipt.outcome in ("failed", "rejected", "held") or bool(receipt.rows_quarantined)
    if subscription.when == "on_error":
        return is_wrong and not lasts
    is_back = before is not None and before.outcome == "failed" and receipt.outcome != "failed"
    return is_back or (receipt.outcome != "unchanged" and not lasts)


def _subscriptions(federation: Federation, receipt: Receipt) -> list[Subscription]:
    organisation = federation.organisations.get(receipt.member_id)
    declared = organisation.subscriptions if organisation is not None else ()
    return [subscription for subscription in declared if subscription.covers(receipt.source_id)]


def _of_run(subscription: Subscription, receipt: Receipt) -> Notice:
    return Notice(
        id=notice_id(subscription.key, receipt.run_id),
        member_id=receipt.member_id,
        subscription=subscription.key,
        occasion="run",
        run_id=receipt.run_id,
        due_at=receipt.finished_at,
        next_try_at=receipt.finished_at,
    )


def _of_period(subscription: Subscription, receipt: Receipt) -> Notice:
    """The digest of the period that the receipt falls into: queued by the first receipt of it."""
    schedule = croniter(DIGESTS[subscription.every or "daily"], receipt.finished_at.astimezone(LEGAL_TIME))
    ends = schedule.get_next(datetime).astimezone(UTC)
    begins = schedule.get_prev(datetime).astimezone(UTC)
    return Notice(
        id=notice_id(subscription.key, ends.isoformat()),
        member_id=receipt.member_id,
        subscription=subscription.key,
        occasion="digest",
        since=begins,
        due_at=ends,
        next_try_at=ends,
    )
