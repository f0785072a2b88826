"""The addresses of the feeds API; each body is a few lines over functions that the console uses as well."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import FileResponse, Response

from governance.api.cursor import read_cursor, write_cursor
from governance.api.feeds import FeedDescription, FeedList, describe_feed, list_feeds
from governance.api.gate import Asked, Gate, OpenFeed, open_feed, record
from governance.api.problems import MEDIA_TYPE, Problem, ProblemError
from governance.api.query import LARGEST_LIMIT, FeedQuery, read_query
from governance.api.rows import MEDIA_TYPES, FileFormat
from governance.api.words import reason
from governance.decisions.model import Subject
from governance.identity.refusals import TokenError

router = APIRouter(prefix="/v1", tags=["feeds"])
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {MEDIA_TYPE: {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {status: _PROBLEM for status in (401, 403, 404, 422, 503)}


def gate_of(request: Request) -> Gate:
    """Return the gate of the running application."""
    gate: Gate = request.app.state.gate
    return gate


def caller_of(request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None) -> Subject:
    """Return who asks: nobody in particular without a token; a token that is sent must be good.

    Raises:
        TokenError: with the check that failed.
    """
    if authorization is None:
        return Subject()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("token_malformed")
    return gate_of(request).verifier.verify(token.strip())


def purpose_of(
    purpose: Annotated[
        str | None, Query(max_length=120, description="why the data is read (DPV code)", examples=["dpv:ServiceProvision"])
    ] = None,
    archipel_purpose: Annotated[str | None, Header(max_length=120, description="the same, as a header")] = None,
) -> str | None:
    """Return the purpose of a request, from its address or its header.

    Raises:
        ProblemError: 422, they differ.
    """
    if purpose and archipel_purpose and purpose != archipel_purpose:
        raise ProblemError(422, reason("purpose_conflict"))
    return purpose or archipel_purpose


CallerGate = Annotated[Gate, Depends(gate_of)]
Caller = Annotated[Subject, Depends(caller_of)]
Purpose = Annotated[str | None, Depends(purpose_of)]
Dataset = Annotated[str, Path(max_length=80, description="id of the dataset", examples=["subventions"])]


def format_of(asked: str | None, accept: str | None) -> FileFormat:
    """Return the format that ``format=`` names, else the first that ``Accept`` admits; JSON when all are equal.

    Raises:
        ProblemError: 406, none of ours is asked for.
    """
    if asked is not None:
        for name in MEDIA_TYPES:
            if name == asked.lower():
                return name
        raise ProblemError(406, reason("format_not_available"))
    if not accept:
        return "json"
    ranges = [_range_of(part) for part in accept.split(",")]
    for wanted, weight in sorted(ranges, key=lambda pair: -pair[1]):
        for name, media in MEDIA_TYPES.items():
            own = media.partition(";")[0]
            if weight > 0 and wanted in (own, own.partition("/")[0] + "/*", "*/*"):
                return name
    raise ProblemError(406, reason("format_not_available"))


def _range_of(part: str) -> tuple[str, float]:
    wanted, *parameters = (piece.strip().lower() for piece in part.split(";"))
    try:
        return wanted, next((float(text[2:]) for text in parameters if text.startswith("q=")), 1.0)
    except ValueError:
        return wanted, 0.0


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
    "description": "column=value, or column__operator=value with ne, lt, lte, gt, gte, in, isnull, startswith, contains",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"member_id": "donges", "montant__gte": "1000"},
}


@router.get(
    "/feeds/{dataset}",
    operation_id="read_feed",
    response_class=Response,
    responses={**_REFUSALS, 406: _PROBLEM, 410: _PROBLEM, 200: {"content": _ROWS_CONTENT}, 304: {"description": "unchanged"}},
    openapi_extra={"parameters": [_FILTERS]},
)
def get_rows(
    request: Request,
    gate: CallerGate,
    caller: Caller,
    purpose: Purpose,
    dataset: Dataset,
    asked_format: Annotated[Literal["csv", "json", "parquet"] | None | str, Query(alias="format")] = None,
    columns: Annotated[str | None, Query(description="names, separated by commas")] = None,
    sort: Annotated[str | None, Query(description="names, separated by commas; - before a name for descending")] = None,
    limit: Annotated[str | None, Query(description=f"rows of a page, 1 to {LARGEST_LIMIT}")] = None,
    cursor: Annotated[str | None, Query(max_length=400, description="from the link to the next page")] = None,
) -> Response:
    """Rows you may read. Without filter, limit, columns or sort: the whole feed in one file, with byte ranges.

    Otherwise a page; `Link: rel="next"` leads to the following one and `Total-Count` says how many rows fit.
    """
    file_format = format_of(asked_format, request.headers.get("accept"))
    feed = open_feed(gate, Asked(caller, dataset, "feed", purpose, request.headers.get("archipel-agreement")))
    query = _query_of(gate, feed, request)
    etag = f'"{feed.fingerprint(file_format, query, cursor)[:40]}"'
    if etag in [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]:
        record(gate, feed.asked, feed.decision_id, feed.decision, "not_modified")
        return Response(status_code=304, headers=_headers(feed, etag))
    if query.limit is None:
        return _whole(gate, feed, file_format, etag)
    return _page(gate, feed, query, cursor, file_format, etag, request)


def _query_of(gate: Gate, feed: OpenFeed, request: Request) -> FeedQuery:
    try:
        return read_query(request.query_params.multi_items(), feed.visible, feed.hidden)
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


def _whole(gate: Gate, feed: OpenFeed, file_format: FileFormat, etag: str) -> Response:
    file = gate.rows.whole(feed.asked.dataset, feed.relation, feed.fingerprint(file_format), file_format)
    record(gate, feed.asked, feed.decision_id, feed.decision, "allowed", file.rows)
    headers = {**_headers(feed, etag), "Row-Count": str(file.rows), "Total-Count": str(file.rows)}
    name = f"{feed.asked.dataset}.{file_format}"
    return FileResponse(file.path, media_type=MEDIA_TYPES[file_format], headers=headers, filename=name)


def _page(
    gate: Gate, feed: OpenFeed, query: FeedQuery, cursor: str | None, file_format: FileFormat, etag: str, request: Request
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


