"""The addresses of OGC API Features, under ``/v1/ogc``."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from governance.api import ogc
from governance.api.answers import Question, record_allowed
from governance.api.callers import Caller, CallerGate, Dataset, Purpose
from governance.api.feed_routes import cursor_of
from governance.api.gate import Asked, Gate, OpenFeed, open_feed, recorded_when_wrong
from governance.api.openapi import as_3_0, described
from governance.api.problems import MEDIA_TYPE, Problem
from governance.api.query import DEFAULT_LIMIT, LARGEST_LIMIT, FeedQuery, Shape, read_query
from governance.decisions.model import Subject

router = APIRouter(prefix="/v1/ogc", tags=["OGC API Features"])
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {MEDIA_TYPE: {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 401, 403, 404, 503), _PROBLEM)
_RESERVED = ("bbox", "limit", "datetime", "cursor", "purpose")
_LINKS = {"type": "array", "items": {"type": "object", "required": ["href", "rel"]}}
_FEATURE = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object", "nullable": True},
        "links": _LINKS,
    },
}
_FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": _FEATURE},
        "links": _LINKS,
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
    },
}
_QUERY = [
    {
        "name": "bbox",
        "in": "query",
        "required": False,
        "description": "west,south,east,north in degrees; six numbers with heights, which count for nothing",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
    },
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": f"features of a page; more than {LARGEST_LIMIT} is taken for {LARGEST_LIMIT}",
        "style": "form",
        "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    },
    {
        "name": "datetime",
        "in": "query",
        "required": False,
        "description": "an instant or a period of the first dated column: 2026-01-01T00:00:00Z/..",
        "style": "form",
        "explode": False,
        "schema": {"type": "string"},
    },
    {
        "name": "filters",
        "in": "query",
        "required": False,
        "description": "column=value, or column__operator=value, as in a feed",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    },
]


@router.get("", operation_id="ogc_landing_page")
def get_landing(gate: CallerGate) -> ogc.Landing:
    """Landing page: where the rest is."""
    return ogc.landing(gate)


@router.get("/conformance", operation_id="ogc_conformance")
def get_conformance() -> ogc.Conformance:
    """Conformance classes of OGC API Features that hold: Core, GeoJSON, OpenAPI 3.0."""
    return ogc.Conformance(conforms_to=ogc.CONFORMS_TO)


@router.get(
    "/api",
    operation_id="ogc_api_definition",
    response_class=Response,
    responses={200: {"content": {ogc.OPENAPI_TYPE: {"schema": {"type": "object"}}}}},
)
def get_definition(gate: CallerGate) -> Response:
    """These addresses as an OpenAPI 3.0 document."""
    return JSONResponse(definition(gate.platform.settings.public_address), media_type=ogc.OPENAPI_TYPE)


def definition(address: str) -> dict[str, Any]:
    """Return the OpenAPI 3.0 document of these addresses; ``address`` is where the platform is reached."""
    alone = FastAPI(title="Archipel, OGC API Features", version="1.0.0", servers=[{"url": address}])
    alone.include_router(router)
    return as_3_0(described(alone))


@router.get(
    "/collections",
    operation_id="ogc_collections",
    responses={400: _PROBLEM, 401: _PROBLEM, 503: _PROBLEM},
    response_model_exclude_none=True,
)
def get_collections(gate: CallerGate, caller: Caller, purpose: Purpose) -> ogc.Collections:
    """Feeds with a geometry that you may read."""
    return ogc.list_collections(gate, caller, purpose)


@router.get(
    "/collections/{dataset}",
    operation_id="ogc_collection",
    responses={**_REFUSALS, 429: _PROBLEM},
    response_model_exclude_none=True,
)
def get_collection(
    request: Request, gate: CallerGate, caller: Caller, purpose: Purpose, dataset: Dataset
) -> ogc.Collection:
    """One feed with a geometry."""
    feed = _open(gate, request, caller, purpose, dataset)
    with recorded_when_wrong(gate, feed.asked, feed.decision_id, feed.decision):
        found = ogc.collection_of(gate, feed)
    record_allowed(gate, feed, 0)
    return found


@router.head("/collections/{dataset}/items", include_in_schema=False)
@router.get(
    "/collections/{dataset}/items",
    operation_id="ogc_features",
    response_class=Response,
    responses={
        **_REFUSALS,
        200: {"content": {ogc.GEOJSON.media_type: {"schema": _FEATURES}}},
        304: {"description": "unchanged"},
        410: _PROBLEM,
        429: _PROBLEM,
    },
    openapi_extra={"parameters": _QUERY},
)
def get_items(
    request: Request,
    gate: CallerGate,
    caller: Caller,
    purpose: Purpose,
    dataset: Dataset,
    cursor: Annotated[str | None, Query(max_length=400, description="from the link to the next page")] = None,
) -> Response:
    """Features you may see, by pages; `links` lead from one to the next, all of one version of the data."""
    place = cursor_of(gate, cursor)
    feed = _open(gate, request, caller, purpose, dataset, place.version if place else None)
    with recorded_when_wrong(gate, feed.asked, feed.decision_id, feed.decision):
        ogc.require_geometry(feed)
        return ogc.items(gate, request, Question(feed, _query_of(feed, request), ogc.GEOJSON, cursor=place))


@router.get(
    "/collections/{dataset}/items/{feature_id}",
    operation_id="ogc_feature",
    response_class=Response,
    responses={
        **_REFUSALS,
        200: {"content": {ogc.GEOJSON.media_type: {"schema": _FEATURE}}},
        304: {"description": "unchanged"},
        429: _PROBLEM,
    },
)
def get_item(
    request: Request,
    gate: CallerGate,
    caller: Caller,
    purpose: Purpose,
    dataset: Dataset,
    feature_id: Annotated[str, Path(max_length=80)],
) -> Response:
    """One feature, by the `id` that it has in every version."""
    feed = _open(gate, request, caller, purpose, dataset)
    with recorded_when_wrong(gate, feed.asked, feed.decision_id, feed.decision):
        ogc.require_geometry(feed)
        return ogc.item(gate, request, feed, feature_id)


def _open(
    gate: Gate, request: Request, caller: Subject, purpose: str | None, dataset: str, at: str | None = None
) -> OpenFeed:
    return open_feed(gate, Asked(caller, dataset, "feed", purpose, request.headers.get("archipel-agreement")), at)


def _query_of(feed: OpenFeed, request: Request) -> FeedQuery:
    """What the address asks; a limit beyond the largest is the largest, as the standard wants it."""
    asked = request.query_params
    limit = asked.get("limit", str(DEFAULT_LIMIT))
    limit = str(min(int(limit[:18]), LARGEST_LIMIT)) if limit.isascii() and limit.isdigit() else limit
    filters = [(name, value) for name, value in asked.multi_items() if name not in _RESERVED]
    shape = Shape(limit=limit or "0", bbox=asked.get("bbox"))
    query = read_query(filters, shape, feed.visible, feed.hidden, feed.relation.geometry)
    period = ogc.read_period(feed, asked["datetime"]) if "datetime" in asked else None
    return FeedQuery(query.columns, (*query.filters, *([period] if period else [])), query.sort, query.limit)
