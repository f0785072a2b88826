"""One file that a catalogue or a portal offers: found by asking an API, taken like any file.

What is remembered of it (``Validators.etag``) has three parts, ``address:state:etag``: hashes of the file's address and
of what the catalogue said of its state, then the file's own ETag. The state spares even the question to the file where
the catalogue can be believed; validators of one address are never shown to another, where an older date would pass
for "not changed".
"""

import hashlib
from dataclasses import dataclass

from connectors.api import Api
from connectors.base import Checked, Fetched, FetchRequest, Validators
from connectors.http_file import check_file, take_file


@dataclass(frozen=True)
class Offer:
    """A file as it is offered; ``state`` changes whenever the file does, and is "" where nobody can tell."""

    url: str
    state: str = ""
    filename: str | None = None


def check_offer(api: Api, offer: Offer) -> Checked:
    """Say what the headers of the file promise.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    checked = check_file(api.session, api.file_order(offer.url))
    validators = checked.validators.model_copy(update={"etag": _mark(offer, checked.validators.etag)})
    return checked.model_copy(update={"filename": offer.filename or checked.filename, "validators": validators})


def take_offer(api: Api, request: FetchRequest, offer: Offer) -> Fetched:
    """Take the file unless the catalogue, the file's own validators or its hash say that it is the one we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    since = request.since
    address, state, etag = (*(since.etag or "").split(":", 2), "", "", "")[:3]
    same_address = bool(since.sha256) and address == _digest(offer.url)
    if same_address and offer.state and state == _digest(offer.state):
        return untouched(api, offer, since)
    known = {"etag": etag or None} if same_address else {"etag": None, "last_modified": None}
    fetched = take_file(api.session, api.file_order(offer.url), request.into, since.model_copy(update=known))
    validators = fetched.validators.model_copy(update={"etag": _mark(offer, fetched.validators.etag)})
    told = {"filename": offer.filename or fetched.filename, "attempts": max(api.attempts, fetched.attempts)}
    return fetched.model_copy(update={**told, "validators": validators})


def state_mark(offer: Offer) -> str:
    """What is remembered of an offer where the file itself has no validators."""
    return _mark(offer, None)


def untouched(api: Api, offer: Offer, since: Validators) -> Fetched:
    """What to hand over when the catalogue says that nothing changed."""
    return Fetched(
        not_modified=True,
        path=None,
        sha256=since.sha256,
        size=None,
        filename=offer.filename or offer.url.partition("?")[0].rpartition("/")[2] or "file",
        media_type=None,
        validators=since,
        attempts=api.attempts,
    )


def _mark(offer: Offer, etag: str | None) -> str:
    return f"{_digest(offer.url)}:{_digest(offer.state) if offer.state else ''}:{etag or ''}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
