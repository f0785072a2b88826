"""The answers of a feed once it is open: the whole file, a page, a number of rows, or that nothing changed."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask

from governance.api.changes import CHANGE, changes_between, key_of
from governance.api.compression import Encoding, compress, encoding_of
from governance.api.cursor import Cursor, write_cursor
from governance.api.formats import Format
from governance.api.gate import Gate, OpenFeed, open_version, record
from governance.api.handed_over import hand_over
from governance.api.kept_pages import Page
from governance.api.problems import ProblemError
from governance.api.query import FeedQuery
from governance.api.rows import Relation
from governance.api.snapshots import read_since, write_since
from governance.api.words import reason
from governance.api.writing import Envelope
from governance.contracts.model import Contract

NEXT_SINCE = "Archipel-Next-Since"
_MOST_TRIES = 3
"""How often a whole file is made that somebody else takes away before it can be sent."""
_OPENED_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Question:
    """What is asked of an open feed, and how the answer is written."""

    feed: OpenFeed
    query: FeedQuery
    format: Format
    since: str | None = None
    cursor: Cursor | None = None

    @cached_property
    def bound_to(self) -> str:
        """What all pages of the question have in common."""
        query = self.query
        return self.feed.fingerprint(query.columns, query.filters, query.sort, self.since)

    def etag(self, encoding: Encoding | None, *more: object) -> str:
        """The entity tag of the answer (RFC 9110, 8.8.3); another for each encoding of it."""
        of_page = (self.query.limit, self.cursor.offset if self.cursor else 0)
        return f'"{self.feed.fingerprint(self.format.name, self.bound_to, of_page, encoding, *more)[:40]}"'


def answer(gate: Gate, request: Request, asked: Question) -> Response:
    """Return the rows asked for: a whole file, or a page with the way to the next one.

    Raises:
        ProblemError: 400 or 410, the changes asked for cannot be told; 503, reading took too long, or the file was
            taken away again and again.
    """
    encoding = encoding_of(request.headers, asked.format)
    etag = asked.etag(encoding)
    if is_known(request, etag):
        return not_modified(gate, asked.feed, etag)
    if asked.query.limit is None:
        return _whole(gate, asked, encoding, etag, request)
    return _page(gate, asked, encoding, etag, request)


def count(gate: Gate, request: Request, asked: Question) -> Response:
    """Return how many rows there are, over all pages."""
    etag = asked.etag(None, "count")
    if is_known(request, etag):
        return not_modified(gate, asked.feed, etag)
    relation, query = _rows_of(gate, asked)
    rows = gate.rows.count(relation, query)
    record_allowed(gate, asked.feed, 0)
    headers = {**headers_of(asked.feed, etag), "Total-Count": str(rows)}
    return JSONResponse({"count": rows, "version": asked.feed.version}, headers=headers)


def headers_of(feed: OpenFeed, etag: str) -> dict[str, str]:
    """Return what every answer of a feed says of itself.

    What nobody in particular asked for, the front may hand to others for as long as the decision holds; it alone
    reads that header and passes it to no one. Everybody else asks each time.
    """
    is_public = feed.asked.subject.organisation is None
    headers = {
        "ETag": etag,
        "Cache-Control": "public, no-cache" if is_public else "private, no-cache",
        "Vary": "Accept, Accept-Encoding, Authorization, Archipel-Purpose, Archipel-Agreement",
        "Archipel-Decision": feed.decision_id,
        "Archipel-Policy": feed.decision.policy_version or "",
        "Archipel-Data-Version": feed.version,
        "Archipel-Contract-Version": feed.contract.version,
        NEXT_SINCE: write_since(feed.version, feed.rights),
        **(feed.allowance.headers if feed.allowance else {}),
    }
    if is_public:
        headers["X-Accel-Expires"] = str(feed.holds_seconds)
    if feed.decision.duties:
        duties = (f"{duty.code}; days={duty.days}" if duty.days else duty.code for duty in feed.decision.duties)
        headers["Archipel-Duties"] = ", ".join(duties)
    links = []
    if feed.contract.licence and feed.contract.classification == "open":
        links.append(f'<{feed.contract.licence}>; rel="license"')
    if feed.contract.served_as is not None:
        links.append(f'</v1/feeds/{feed.asked.dataset}>; rel="successor-version"')
        headers["Sunset"] = _sunset(feed.contract)
    return {**headers, "Link": ", ".join(links)} if links else headers


def _sunset(contract: Contract) -> str:
    """The end of an earlier contract's last day, from when on it is served no more (RFC 8594)."""
    assert contract.supported_until is not None  # an earlier contract without an end is refused when it is read
    ends = datetime.combine(contract.supported_until + timedelta(days=1), time(), UTC)
    return format_datetime(ends, usegmt=True)


def is_known(request: Request, etag: str) -> bool:
    """Whether the caller has that answer already (RFC 9110, 13.1.2)."""
    sent = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    return etag in sent or "*" in sent


def not_modified(gate: Gate, feed: OpenFeed, etag: str) -> Response:
    """Say that the caller has the answer; that they asked is in the journal."""
    record(gate, feed.asked, feed.decision_id, feed.decision, "not_modified")
    return Response(status_code=304, headers=headers_of(feed, etag))


class _FeedFileResponse(FileResponse):
    chunk_size = 1 << 19
    """Bytes a step: small enough to go from read to send within the processor's cache, large enough that the change of
    thread for each does not count; the framework's 64 KiB are half as fast."""

    def named(self, path: Path) -> Self:
        """Send it by a name of its own, which is taken away once the server has opened it."""
        self.path, self.background = path, BackgroundTask(_forget_later, path)
        return self


async def _forget_later(path: Path) -> None:
    """Take a name away after a while: a server that sends a file by its name opens it after it was told to."""
    asyncio.get_running_loop().call_later(_OPENED_WITHIN_SECONDS, partial(path.unlink, missing_ok=True))


def record_allowed(gate: Gate, feed: OpenFeed, rows: int) -> None:
    """Write into the journal that rows are about to leave."""
    record(gate, feed.asked, feed.decision_id, feed.decision, "allowed", rows)


def _encoded(headers: Mapping[str, str], encoding: Encoding | None) -> dict[str, str]:
    return {**headers, "Content-Encoding": encoding} if encoding else dict(headers)


def _whole(gate: Gate, asked: Question, encoding: Encoding | None, etag: str, request: Request) -> Response:
    """The file, made again where it is taken away before it is ours to send: a new version or a sweep may do so."""
    feed, kind = asked.feed, asked.format
    for _ in range(_MOST_TRIES):
        with suppress(FileNotFoundError):
            file = gate.rows.whole(feed.kept_in, feed.relation, feed.fingerprint(kind.name), kind, encoding)
            headers = {**headers_of(feed, etag), "Row-Count": str(file.rows), "Total-Count": str(file.rows)}
            sent = _FeedFileResponse(
                file.path,
                media_type=kind.content_type,
                headers=_encoded(headers, encoding),
                filename=f"{feed.asked.dataset}.{kind.extension}",
            )
            handed = hand_over(request, sent, gate.rows.whole_folder, gate.front_key)
            apart = gate.rows.name_apart(file.path) if handed is sent else None
            if apart is not None:
                handed = sent.named(apart)
            record_allowed(gate, feed, file.rows)
            return handed
    raise ProblemError(503, reason("file_taken_away"), headers={"Retry-After": "5"})


def _rows_of(gate: Gate, asked: Question) -> tuple[Relation, FeedQuery]:
    """The relation to read and what is asked of it: the feed's rows, or what changed in them."""
    feed, query = asked.feed, asked.query
    if asked.since is None:
        return feed.relation, query
    key = key_of(feed.contract, feed.seen, feed.visible)
    is_keyed = key == feed.contract.primary_key
    before = open_version(gate, feed, read_since(asked.since, feed.rights), may_name_deleted=is_keyed)
    relation = changes_between((before, gate.rows.columns(before)), (feed.relation, feed.visible), key, query.filters)
    named = (CHANGE, *key, *(name for name in query.columns if name not in key))
    # Those that are gone first, so that whoever tells rows apart by less than the whole key loses none of them.
    sort = query.sort or ((CHANGE, False), *((name, False) for name in key))
    return relation, FeedQuery(columns=named, sort=sort, limit=query.limit)


def _page(gate: Gate, asked: Question, encoding: Encoding | None, etag: str, request: Request) -> Response:
    feed = asked.feed
    offset = asked.cursor.require(asked.bound_to) if asked.cursor else 0
    # Which changes may be told depends on what was deleted since, which no tag says.
    keep = gate.pages.get if asked.since is None else _made_each_time
    page = keep(etag, lambda: _make_page(gate, asked, encoding, offset))
    record_allowed(gate, feed, page.rows)
    headers = {**headers_of(feed, etag), "Row-Count": str(page.rows), "Total-Count": str(page.total)}
    if asked.since is not None:
        headers["Archipel-Change-Key"] = ", ".join(key_of(feed.contract, feed.seen, feed.visible))
    if offset + page.rows < page.total and page.rows:
        address = following_page(gate, request, Cursor(offset + page.rows, feed.version, asked.bound_to))
        headers["Link"] = ", ".join(filter(None, (headers.get("Link"), f'<{address}>; rel="next"')))
    return Response(page.body, media_type=asked.format.content_type, headers=_encoded(headers, encoding))


def _made_each_time(_tag: str, make: Callable[[], Page]) -> Page:
    return make()


def _make_page(gate: Gate, asked: Question, encoding: Encoding | None, offset: int) -> Page:
    relation, query = _rows_of(gate, asked)
    total = gate.rows.count(relation, query)
    with gate.rows.page(relation, query, offset, asked.format, Envelope({})) as file:
        return Page(compress(file.path.read_bytes(), encoding), file.rows, total)


def following_page(gate: Gate, request: Request, cursor: Cursor) -> str:
    """Return the address of the page that starts at a cursor: this one's, with the cursor."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    following = urlencode([*kept, ("cursor", write_cursor(gate.cursor_key, cursor))])
    return f"{gate.platform.settings.public_address}{request.url.path}?{following}"
