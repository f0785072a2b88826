"""Sends what waits in the outbox. Whatever goes wrong is written beside the notice; nobody's harvest fails for it.

A notice is taken before it is sent and settled afterwards. Where a sender dies in between, nobody can know whether the
message left: it goes out once more, under the same ``Message-ID`` or ``webhook-id``, which is how a receiver tells.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from governance.decisions.agreements import load_agreements
from governance.decisions.model import ENGINE_REASON_CODES
from governance.federation import DeclarationError
from governance.notifications.failures import NotDelivered
from governance.notifications.feed_events import FeedEvent, event_of_notice, may_read, purposes_of, queue_feed_events
from governance.notifications.letter import subject_of, write_letter
from governance.notifications.mail import MailServer
from governance.notifications.news import News, news_of
from governance.notifications.webhook import event_of, feed_event_of, post
from governance.notifications.words import WORDS
from governance.platform import Platform
from governance.state.outbox import Notice, NoticeState, find_due, put_off, settle_notice, take
from governance.subscriptions import Subscription

log = logging.getLogger(__name__)

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600))
"""After the first failure, the second …; the last one again and again until the notice is given up."""
AT_ONCE = 500
"""Notices of one pass."""


@dataclass(frozen=True)
class Delivery:
    """What became of one notice in one pass; ``waiting`` where it is tried again later, or nothing was sent at all."""

    notice: Notice
    state: NoticeState
    channel: str
    subject: str
    failure_fr: str = ""
    failure_en: str = ""


@dataclass
class _Pass:
    """One pass over what is due; a mail server that failed once is not asked again in it."""

    platform: Platform
    now: datetime
    mail: MailServer
    broken: NotDelivered | None = field(default=None)


def subscription_of(platform: Platform, notice: Notice) -> Subscription | None:
    """Return the subscription that a notice is for, or None where it is declared no more."""
    organisation = platform.federation.organisations.get(notice.member_id)
    declared = organisation.subscriptions if organisation is not None else ()
    return next((known for known in declared if known.key == notice.subscription), None)


def look_at_waiting(platform: Platform) -> Iterator[Delivery]:
    """Give what a pass would send now, and send nothing."""
    for notice in find_due(platform.engine, datetime.now(UTC), AT_ONCE):
        subscription = subscription_of(platform, notice)
        try:
            told = _what_is_told(platform, notice, subscription)
        except NotDelivered as failure:
            yield Delivery(notice, "waiting", "", "", failure.failure_fr, failure.failure_en)
            continue
        if subscription is None or told is None:
            yield Delivery(notice, "withdrawn", "", "")
        else:
            yield Delivery(notice, "waiting", channel_of(subscription), _subject(platform, notice, subscription, told))


def send_waiting(platform: Platform, now: datetime | None = None) -> list[Delivery]:
    """Send what is due, and return what became of each notice.

    Raises:
        SQLAlchemyError: the database refused; what was sent before is settled.
    """
    with MailServer(platform.settings) as mail:
        one_pass = _Pass(platform, now or datetime.now(UTC), mail)
        try:
            queue_feed_events(platform, one_pass.now)
        except DeclarationError:  # an agreement that cannot be read keeps back what is told of feeds, not the rest
            log.exception("nothing is queued about feeds")
        due = find_due(platform.engine, one_pass.now, AT_ONCE)
        return [_deliver(one_pass, notice) for notice in due if take(platform.engine, notice, one_pass.now)]


def channel_of(subscription: Subscription) -> str:
    """``email`` or ``webhook``."""
    return "email" if subscription.email is not None else "webhook"


def _deliver(one_pass: _Pass, notice: Notice) -> Delivery:
    platform = one_pass.platform
    subscription = subscription_of(platform, notice)
    try:
        told = _what_is_told(platform, notice, subscription)
        if subscription is None or told is None:
            return _settled(one_pass, notice, "withdrawn", "", "")
        _send(one_pass, subscription, notice, told)
        subject = _subject(platform, notice, subscription, told)
    except NotDelivered as failure:
        return _failed(one_pass, notice, subscription, failure)
    except Exception:  # kept this wide because one notice that cannot be written must not keep back the others
        log.exception("notice %s of %s: unexpected", notice.id, notice.member_id)
        defect = NotDelivered("Archipel n'a pas su écrire ce message : c'est une anomalie.", "A defect of Archipel.")
        return _failed(one_pass, notice, subscription, defect)
    return _settled(one_pass, notice, "sent", channel_of(subscription), subject)


def _what_is_told(platform: Platform, notice: Notice, subscription: Subscription | None) -> News | FeedEvent | None:
    """What a notice has to tell, or None where there is nothing any more.

    Raises:
        NotDelivered: nobody can say now whether it may be told.
    """
    if subscription is None:
        return None
    if notice.occasion != "feed":
        return news_of(platform, notice, subscription)
    event = event_of_notice(notice)
    if event.type == "dataset.withdrawn":
        return event
    organisation = platform.federation.organisations[notice.member_id]
    agreements = load_agreements(platform.settings.federation_dir)
    decision = may_read(platform, organisation, event.dataset, purposes_of(agreements, organisation, event.dataset))
    if set(decision.codes) & set(ENGINE_REASON_CODES):
        raise NotDelivered(decision.reasons[0].text_fr, decision.reasons[0].text_en)
    # What was closed while the notice waited is told by its own withdrawal, not by what was before.
    return event if decision.allow else None


def _subject(platform: Platform, notice: Notice, subscription: Subscription, told: News | FeedEvent) -> str:
    """What a notice is about, in one line."""
    if isinstance(told, News):
        return subject_of(subscription, told)
    who = platform.federation.organisations[notice.member_id].name
    return WORDS[subscription.language][f"feed_{told.type}"].format(who=who, dataset=told.dataset)


def _send(one_pass: _Pass, subscription: Subscription, notice: Notice, told: News | FeedEvent) -> None:
    platform = one_pass.platform
    if subscription.webhook is not None:
        address = platform.settings.public_address
        event = event_of(told, address) if isinstance(told, News) else feed_event_of(notice, told, address)
        post(platform.settings, platform.limits, subscription, notice.id, event, one_pass.now)
        return
    assert isinstance(told, News)  # feeds are told to webhooks alone
    if one_pass.broken is not None:
        raise one_pass.broken
    try:
        one_pass.mail.send(write_letter(platform.settings, platform.federation.head, subscription, told))
    except NotDelivered as failure:
        one_pass.broken = failure if failure.is_of_all else None
        raise


def _settled(one_pass: _Pass, notice: Notice, state: NoticeState, channel: str, subject: str) -> Delivery:
    settle_notice(one_pass.platform.engine, notice, state, one_pass.now, failure_fr="", failure_en="")
    return Delivery(notice, state, channel, subject)


def _failed(one_pass: _Pass, notice: Notice, subscription: Subscription | None, failure: NotDelivered) -> Delivery:
    engine, now = one_pass.platform.engine, one_pass.now
    why = {"failure_fr": failure.failure_fr, "failure_en": failure.failure_en}
    next_try = now + WAITS[min(notice.attempts, len(WAITS) - 1)]
    patience = timedelta(hours=one_pass.platform.settings.notify_give_up_hours)
    state: NoticeState = "waiting"
    if failure.is_final or next_try > notice.due_at + patience:
        state = "given_up"
        settle_notice(engine, notice, state, now, **why)
    else:
        put_off(engine, notice, next_try, **why)
    return Delivery(notice, state, channel_of(subscription) if subscription else "", "", **why)
