"""Who is told of a member's receipts, and whether the last notices arrived.

The page is for everybody, so an address is shown only as far as whoever gave it knows it again.
"""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.federation import Member, Partner
from governance.platform import Platform
from governance.state.outbox import Notice, NoticeState, list_notices
from governance.subscriptions import Subscription


class Subscriber(Shown):
    """One subscription and what became of its notices; times are those of the last attempt that settled one."""

    channel: str
    address: str
    when: str
    every: str | None
    sources: tuple[str, ...]
    feeds: tuple[str, ...]
    """Datasets that it is told of, in place of receipts."""
    sent: int
    waiting: int
    given_up: int
    last_state: NoticeState | None
    last_at: datetime | None
    failure: Words | None
    """Why the newest notice that was not delivered was not."""


def subscribers_of(platform: Platform, organisation: Member | Partner) -> tuple[Subscriber, ...]:
    """Return a member's or partner's subscriptions in the order of its declaration."""
    notices = list_notices(platform.engine, organisation.id)
    return tuple(
        _subscriber(subscription, [notice for notice in notices if notice.subscription == subscription.key])
        for subscription in organisation.subscriptions
    )


def shown_address(subscription: Subscription) -> str:
    """Return a mailbox without all but its first letter, a web address without path and query, where keys hide."""
    if subscription.email is not None:
        name, _, domain = subscription.email.rpartition("@")
        return f"{name[0]}…@{domain}"
    parts = urlsplit(subscription.webhook or "")
    return f"{parts.scheme}://{parts.hostname or ''}/…"


def _subscriber(subscription: Subscription, notices: Iterable[Notice]) -> Subscriber:
    known = [notice for notice in notices if notice.state != "withdrawn"]
    tried = [notice for notice in known if notice.attempts]
    failed = next((notice for notice in tried if notice.failure_fr), None)
    is_mended = failed is not None and any(notice.state == "sent" and notice.due_at > failed.due_at for notice in tried)
    last = tried[0] if tried else None
    return Subscriber(
        channel="email" if subscription.email is not None else "webhook",
        address=shown_address(subscription),
        when=subscription.when,
        every=subscription.every,
        sources=subscription.sources,
        feeds=subscription.feeds,
        sent=sum(notice.state == "sent" for notice in known),
        waiting=sum(notice.state == "waiting" for notice in known),
        given_up=sum(notice.state == "given_up" for notice in known),
        last_state=last.state if last else None,
        last_at=(last.settled_at or last.due_at) if last else None,
        failure=Words(fr=failed.failure_fr, en=failed.failure_en) if failed and not is_mended else None,
    )
