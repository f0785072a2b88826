"""Posts a notice to a program, signed so that it can tell who sent it (Standard Webhooks 1.0)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

import connectors.problems as refused
from connectors.base import Limits
from connectors.session import Order, Session
from governance.notifications.failures import NotDelivered
from governance.notifications.feed_events import FeedEvent
from governance.notifications.news import News
from governance.settings import Settings
from governance.source_secrets import resolve_secret
from governance.state.outbox import Notice
from governance.subscriptions import Subscription

_PREFIX = "whsec_"
_PATIENCE_SECONDS = 15.0
_GONE = 410
"""The receiver says that it wants no more of these."""


def event_of(news: News, address: str) -> dict[str, object]:
    """Return the body of a notice: ``type``, ``timestamp``, ``data``; ``address`` is that of the console."""
    told = news.model_dump(mode="json", exclude={"notice_id", "occasion", "runs"})
    runs = [
        {**run.model_dump(mode="json", exclude={"runs"}), "link": f"{address}/fr/runs/{run.run_id}"}
        for run in news.runs
    ]
    kind = "receipt.recorded" if news.occasion == "run" else "receipts.digest"
    return {"type": kind, "timestamp": told.pop("until"), "data": {**told, "receipts": runs}}


def signed_headers(notice_id: str, at: datetime, body: bytes, secret: str) -> Mapping[str, str]:
    """Return the three headers that the specification asks for; ``secret`` is ``whsec_`` and base64.

    Raises:
        ValueError: the secret is not written so, or is shorter than 24 bytes.
    """
    if not secret.startswith(_PREFIX):
        raise ValueError("no whsec_")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
    if len(key) < 24:
        raise ValueError("too short")
    name, instant = f"msg_{notice_id}", str(int(at.timestamp()))
    signature = hmac.new(key, f"{name}.{instant}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": instant,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def feed_event_of(notice: Notice, event: FeedEvent, address: str) -> dict[str, object]:
    """Return the body of a notice about a feed; ``address`` is the platform's."""
    told = event.model_dump(mode="json", exclude={"type"}, exclude_none=True)
    feed = f"{address}/v1/feeds/{event.dataset}"
    links = {"feed": feed, "description": f"{feed}/description"}
    return {"type": event.type, "timestamp": notice.due_at.isoformat(), "data": {**told, **links}}


def post(
    settings: Settings,
    limits: Limits,
    subscription: Subscription,
    notice_id: str,
    event: Mapping[str, object],
    now: datetime,
) -> None:
    """Post a notice to its subscription's address.

    Raises:
        NotDelivered: it was not taken, or nobody knows; the same ``webhook-id`` comes with the next attempt.
    """
    assert subscription.webhook is not None and subscription.secret is not None
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        secret = resolve_secret(settings, subscription.secret).get_secret_value()
        signed = signed_headers(notice_id, now, body, secret)
    except refused.ConnectorProblem:
        # In words of our own: a page for everybody shows them, and those of the source name the reference.
        raise NotDelivered("Le secret du webhook manque.", "The webhook's secret is missing.") from None
    except ValueError:
        raise NotDelivered(
            "Le secret du webhook n'est pas de la forme whsec_… (base64, 24 octets au moins).",
            "The webhook's secret is not written whsec_… (base64, at least 24 bytes).",
        ) from None
    _require_protection(subscription.webhook, limits)
    order = Order(subscription.webhook, {**signed, "Content-Type": "application/json"})
    patience = {"timeout_seconds": _PATIENCE_SECONDS, "total_seconds": _PATIENCE_SECONDS, "attempts": 1}
    try:
        with Session(limits.model_copy(update=patience)) as session:
            session.hand_over(order, body)
    except refused.SourceRefused as problem:
        raise NotDelivered(problem.message_fr, problem.message_en, is_final=problem.status == _GONE) from None
    except refused.ConnectorProblem as problem:
        raise NotDelivered(problem.message_fr, problem.message_en) from None


def _require_protection(address: str, limits: Limits) -> None:
    """Without TLS anybody on the way reads and alters a receipt; only an address that is excepted may do without."""
    host = address.removeprefix("http://").split("/")[0]
    if address.startswith("http://") and host not in limits.egress.exceptions:
        raise NotDelivered(
            "L'adresse du webhook doit commencer par https://.", "The webhook's address must begin with https://."
        )
