"""The addresses of the feeds API; each body is a few lines over functions that the console uses as well."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from governance.api.answers import Question, answer, count
from governance.api.callers import Caller, CallerGate, ContractMajor, Dataset, Purpose
from governance.api.cursor import Cursor, read_cursor
from governance.api.feeds import FeedDescription, FeedList, describe_feed, list_feeds
from governance.api.formats import FORMATS, format_of, formats_of
from governance.api.gate import Asked, Gate, open_feed, recorded_when_wrong
from governance.api.plain_route import PlainRoute
from governance.api.problems import MEDIA_TYPE, Problem, ProblemError
from governance.api.query import LARGEST_LIMIT, RESERVED, Shape, read_query
from governance.api.words import reason
from governance.shared_versions import find_version

router = APIRouter(prefix="/v1", tags=["feeds"])
_rows = APIRouter(route_class=PlainRoute)
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {MEDIA_TYPE: {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 401, 403, 404, 503), _PROBLEM)


@router.get("/feeds", operation_id="list_feeds", responses={400: _PROBLEM, 401: _PROBLEM, 503: _PROBLEM})
def get_feeds(gate: CallerGate, caller: Caller, purpose: Purpose) -> FeedList:
    """Every feed, and whether you may read it now; if not, which rule says so and what would change it."""
    return list_feeds(gate, caller, purpose)


@router.get("/feeds/{dataset}/description", operation_id="describe_feed", responses={**_REFUSALS, 410: _PROBLEM})
def get_description(
    gate: CallerGate, caller: Caller, purpose: Purpose, dataset: Dataset, contract: ContractMajor = None
) -> FeedDescription:
    """One feed: contract, columns as you see them, conditions, formats."""
    return describe_feed(gate, caller, dataset, purpose, contract)


_ROW = {"type": "object", "additionalProperties": True}
_COUNT = {
    "type": "object",
    "required": ["count", "version"],
    "properties": {"count": {"type": "integer"}, "version": {"type": "string"}},
}
_SCHEMAS: dict[str, Any] = {
    "json": {"oneOf": [{"type": "array", "items": _ROW}, _COUNT]},
    "geojson": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": _ROW}},
    },
}
_BINARY = {"type": "string", "format": "binary"}
_ROWS_CONTENT = {known.media_type: {"schema": _SCHEMAS.get(known.name, _BINARY)} for known in FORMATS}
_NAMES = ", ".join(known.name for known in FORMATS)
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
    bbox: Annotated[
        str | None, Query(description="west,south,east,north in degrees: rows whose geometry meets that box")
    ] = None,
    at: Annotated[
        str | None,
        Query(max_length=80, description="as it was: name of a version, or an instant (ISO 8601; UTC unless said)"),
    ] = None,
    since: Annotated[
        str | None,
        Query(
            max_length=120,
            description="what changed, with what is gone: the Archipel-Next-Since of an earlier answer",
        ),
    ] = None,
    count: Annotated[bool, Query(description="true: how many rows there are, in place of the rows")] = False,
    _format: Annotated[str | None, Query(alias="format", description=f"{_NAMES}; else by Accept")] = None,
) -> Shape:
    return Shape(columns, sort, limit, cursor, bbox, at, since, count)


AskedShape = Annotated[Shape, Depends(_shape_of)]


@_rows.head("/feeds/{dataset}", include_in_schema=False)
@_rows.get(
    "/feeds/{dataset}",
    operation_id="read_feed",
    response_class=Response,
    responses={
        **_REFUSALS,
        406: _PROBLEM,
        410: _PROBLEM,
        429: _PROBLEM,
        200: {"content": _ROWS_CONTENT},
        206: {"description": "a range of bytes of the whole file", "content": _ROWS_CONTENT},
        304: {"description": "unchanged"},
        416: {"description": "no such range"},
    },
    openapi_extra={"parameters": [_FILTERS]},
)
def get_rows(
    request: Request,
    gate: CallerGate,
    caller: Caller,
    purpose: Purpose,
    dataset: Dataset,
    shape: AskedShape,
    contract: ContractMajor = None,
) -> Response:
    """Rows you may read. Without filter, limit, columns or sort: the whole feed in one file, with byte ranges.

    Otherwise a page; `Link: rel="next"` leads to the following one and `Total-Count` says how many rows fit. All pages
    are of one version of the data. `at` reads an earlier version with the rights of now; `since` gives what changed,
    each row with `_change_type` (`upsert` or `delete`), and `Archipel-Next-Since` says what to pass the next time.
    `contract` reads by an earlier major version until the day that `Sunset` says.
    """
    cursor = cursor_of(gate, shape.cursor)
    at = cursor.version if cursor else shape.at
    agreement = request.headers.get("archipel-agreement")
    feed = open_feed(gate, Asked(caller, dataset, "feed", purpose, agreement, contract_major=contract), at)
    with recorded_when_wrong(gate, feed.asked, feed.decision_id, feed.decision):
        possible = formats_of(feed.relation.geometry is not None)
        file_format = format_of(request.query_params.get("format"), request.headers.get("accept"), possible)
        filters = [(name, value) for name, value in request.query_params.multi_items() if name not in RESERVED]
        query = read_query(filters, shape, feed.visible, feed.hidden, feed.relation.geometry)
        asked = Question(feed, query, file_format, shape.since, cursor)
        return count(gate, request, asked) if shape.count else answer(gate, request, asked)


router.include_router(_rows)


def cursor_of(gate: Gate, text: str | None) -> Cursor | None:
    """The place to go on from; it holds no right, so that it can be read before anything is decided."""
    if text is None:
        return None
    cursor = read_cursor(gate.cursor_key, text)
    if find_version(gate.platform.lake, cursor.version) is None:
        raise ProblemError(410, reason("cursor_outdated"))
    return cursor
