"""The addresses of the feeds API; each body is a few lines over functions that the console uses as well."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response

from governance.api.callers import Caller, CallerGate, Dataset, Purpose
from governance.api.cursor import read_cursor, write_cursor
from governance.api.feeds import FeedDescription, FeedList, describe_feed, list_feeds
from governance.api.formats import format_of
from governance.api.gate import Asked, Gate, OpenFeed, open_feed, record
from governance.api.problems import MEDIA_TYPE, Problem, ProblemError
from governance.api.query import LARGEST_LIMIT, RESERVED, FeedQuery, Shape, read_query
from governance.api.rows import MEDIA_TYPES, FileFormat

router = APIRouter(prefix="/v1", tags=["feeds"])
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {MEDIA_TYPE: {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((401, 403, 404, 422, 503), _PROBLEM)


@router.get("/feeds", operation_id="list_feeds", responses={503: _PROBLEM, 401: _PROBLEM})
def get_feeds(gate: CallerGate, caller: Caller, purpose: Purpose) -> FeedList:
    """Every feed, and whether you may read it now; if not, which rule says so and what would change it."""
    return list_feeds(gate, caller, purpose)


@router.get("/feeds/{dataset}/description", operation_id="describe_feed", responses=_REFUSALS)
def get_description(gate: CallerGate, caller: Caller, purpose: Purpose, dataset: Dataset) -> FeedDescription:
    """One feed: contract, columns as you see them, conditions, formats."""
    return describe_feed(gate, caller, dataset, purpose)


_ROWS_CONTENT = {
    "application/json": {"schema": {"type": "array", "items": {"type": "object", "additionalProperties": True}}},
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
}
_FILTERS = {
    "name": "filters",
    "in": "query",
    "required": False,
    "style": "form",
    "explode": True,
    "description": "column=value, or column__operator=value; operators: ne, lt, lte, gt, gte, in, isnull, startswith, "
    "contains",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"member_id": "donges", "montant__gte": "1000"},
}


async def _shape_of(
    columns: Annotated[str | None, Query(description="names, separated by commas")] = None,
    sort: Annotated[str | None, Query(description="names, separated by commas; - before a name: descending")] = None,
    limit: Annotated[str | None, Query(description=f"rows of a page, 1 to {LARGEST_LIMIT}")] = None,
    cursor: Annotated[str | None, Query(max_length=400, description="from the link to the next page")] = None,
    _format: Annotated[str | None, Query(alias="format", description="csv, json or parquet")] = None,
) -> Shape:
    return Shape(columns, sort, limit, cursor)


AskedShape = Annotated[Shape, Depends(_shape_of)]


@router.head("/feeds/{dataset}", include_in_schema=False)
@router.get(
    "/feeds/{dataset}",
    operation_id="read_feed",
    response_class=Response,
    responses={
        **_REFUSALS,
        406: _PROBLEM,
        410: _PROBLEM,
        200: {"content": _ROWS_CONTENT},
        304: {"description": "unchanged"},
    },
    openapi_extra={"parameters": [_FILTERS]},
)
def get_rows(
    request: Request, gate: CallerGate, caller: Caller, purpose: Purpose, dataset: Dataset, shape: AskedShape
) -> Response:
    """Rows you may read. Without filter, limit, columns or sort: the whole feed in one file, with byte ranges.

    Otherwise a page; `Link: rel="next"` leads to the following one and `Total-Count` says how many rows fit.
    """
    file_format = format_of(request.query_params.get("format"), request.headers.get("accept"))
    feed = open_feed(gate, Asked(caller, dataset, "feed", purpose, request.headers.get("archipel-agreement")))
    query = _query_of(gate, feed, request, shape)
    etag = f'"{feed.fingerprint(file_format, query, shape.cursor)[:40]}"'
    if etag in [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]:
        record(gate, feed.asked, feed.decision_id, feed.decision, "not_modified")
        return Response(status_code=304, headers=_headers(feed, etag))
    if query.limit is None:
        return _whole(gate, feed, file_format, etag)
    return _page(gate, feed, query, shape.cursor, file_format, etag, request)


def _query_of(gate: Gate, feed: OpenFeed, request: Request, shape: Shape) -> FeedQuery:
    filters = [(name, value) for name, value in request.query_params.multi_items() if name not in RESERVED]
    try:
        return read_query(filters, shape, feed.visible, feed.hidden)
    except ProblemError:
        record(gate, feed.asked, feed.decision_id, feed.decision, "invalid")
        raise


def _headers(feed: OpenFeed, etag: str) -> dict[str, str]:
    is_public = feed.asked.subject.organisation is None
    headers = {
        "ETag": etag,
        "Cache-Control": "public, no-cache" if is_public else "private, no-cache",
        "Vary": "Accept, Authorization, Archipel-Purpose, Archipel-Agreement",
        "Archipel-Decision": feed.decision_id,
        "Archipel-Policy": feed.decision.policy_version or "",
        "Archipel-Data-Version": feed.table.sha256[:16],
    }
    if feed.decision.duties:
        duties = (f"{duty.code}; days={duty.days}" if duty.days else duty.code for duty in feed.decision.duties)
        headers["Archipel-Duties"] = ", ".join(duties)
    if feed.contract.licence and feed.contract.classification == "open":
        headers["Link"] = f'<{feed.contract.licence}>; rel="license"'
    return headers


class _FeedFileResponse(FileResponse):
    chunk_size = 1 << 19
    """Bytes a step: small enough to go from read to send within the processor's cache, large enough that the change of
    thread for each does not count; the framework's 64 KiB are half as fast."""


def _whole(gate: Gate, feed: OpenFeed, file_format: FileFormat, etag: str) -> Response:
    file = gate.rows.whole(feed.asked.dataset, feed.relation, feed.fingerprint(file_format), file_format)
    record(gate, feed.asked, feed.decision_id, feed.decision, "allowed", file.rows)
    headers = {**_headers(feed, etag), "Row-Count": str(file.rows), "Total-Count": str(file.rows)}
    name = f"{feed.asked.dataset}.{file_format}"
    return _FeedFileResponse(file.path, media_type=MEDIA_TYPES[file_format], headers=headers, filename=name)


def _page(
    gate: Gate,
    feed: OpenFeed,
    query: FeedQuery,
    cursor: str | None,
    file_format: FileFormat,
    etag: str,
    request: Request,
) -> Response:
    bound_to = feed.fingerprint(query.columns, query.filters, query.sort)
    offset = read_cursor(gate.cursor_key, cursor, bound_to) if cursor else 0
    total = gate.rows.count(feed.relation, query)
    with gate.rows.page(feed.relation, query, offset, file_format) as file:
        content, rows = file.path.read_bytes(), file.rows
    record(gate, feed.asked, feed.decision_id, feed.decision, "allowed", rows)
    headers = {**_headers(feed, etag), "Row-Count": str(rows), "Total-Count": str(total)}
    if offset + rows < total and rows:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        following = urlencode([*kept, ("cursor", write_cursor(gate.cursor_key, offset + rows, bound_to))])
        address = f"{gate.platform.settings.public_address}{request.url.path}?{following}"
        headers["Link"] = ", ".join(filter(None, (headers.get("Link"), f'<{address}>; rel="next"')))
    return Response(content, media_type=MEDIA_TYPES[file_format], headers=headers)
