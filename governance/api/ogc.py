"""Feeds with a geometry as OGC API Features has them: landing page, collections, features and the links between them.

Source: OGC 17-069r4 (OGC API Features, Part 1: Core, 1.0.1). A collection is a feed; its features are the rows that the
decision leaves, asked and journalled like any reading of it. A dataset that may not be read is not listed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from governance.api.answers import Question, following_page, headers_of, is_known, not_modified, record_allowed
from governance.api.compression import compress, encoding_of
from governance.api.cursor import Cursor
from governance.api.formats import BY_NAME
from governance.api.gate import Asked, Gate, OpenFeed, ask, relation_of
from governance.api.geometry import CRS84
from governance.api.problems import ProblemError
from governance.api.query import FeedQuery, quote
from governance.api.rows import Relation
from governance.api.words import reason
from governance.api.writing import Envelope
from governance.contracts.model import Contract
from governance.decisions.model import Subject
from governance.shared_layer import read_current

GEOJSON = BY_NAME["geojson"]
OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "oas30")
)
_EVER = ".."


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Link(_Frozen):
    """Where to go on (RFC 8288)."""

    href: str
    rel: str
    type: str
    title: str | None = None


class Landing(_Frozen):
    """The landing page."""

    title: str
    description: str
    links: tuple[Link, ...]


class Conformance(_Frozen):
    """The conformance classes that hold."""

    conforms_to: tuple[str, ...] = Field(serialization_alias="conformsTo")


class SpatialExtent(_Frozen):
    """Boxes of degrees: west, south, east, north."""

    bbox: tuple[tuple[float, ...], ...]
    crs: str = CRS84


class Extent(_Frozen):
    """Where the features that the caller may see lie."""

    spatial: SpatialExtent


class Collection(_Frozen):
    """One feed as a collection of features."""

    id: str
    title: str
    description: str
    links: tuple[Link, ...]
    extent: Extent | None = None
    item_type: Literal["feature"] = Field("feature", serialization_alias="itemType")
    crs: tuple[str, ...] = (CRS84,)


class Collections(_Frozen):
    """The collections that the caller may read."""

    links: tuple[Link, ...]
    collections: tuple[Collection, ...]


@dataclass(frozen=True)
class Period:
    """The condition that a row's day or instant lies in a period, whose ends belong to it; an empty cell never does."""

    column: str
    start: date | datetime | None
    end: date | datetime | None

    @property
    def values(self) -> tuple[Any, ...]:
        """One value for each end that there is."""
        return tuple(end for end in (self.start, self.end) if end is not None)

    def to_sql(self) -> str:
        """The condition, with one ``?`` for each value."""
        name = quote(self.column)
        bounds = [f"{name} >= ?"] if self.start is not None else []
        bounds += [f"{name} <= ?"] if self.end is not None else []
        return f"coalesce({' AND '.join(bounds) or f'{name} IS NOT NULL'}, FALSE)"


@dataclass(frozen=True)
class Known:
    """The condition that a row is the feature of that name."""

    feature_id: str
    name: str

    @property
    def values(self) -> tuple[str, ...]:
        """The name."""
        return (self.name,)

    def to_sql(self) -> str:
        """The condition."""
        return f"{self.feature_id} = ?"


def base_of(gate: Gate) -> str:
    """Address of the landing page."""
    return f"{gate.platform.settings.public_address}/v1/ogc"


def landing(gate: Gate) -> Landing:
    """Return the landing page."""
    base, head = base_of(gate), gate.platform.federation.head
    return Landing(
        title=head.name,
        description=f"Feeds of {head.name} that have a geometry.",
        links=(
            Link(href=base, rel="self", type="application/json"),
            Link(href=f"{base}/api", rel="service-desc", type=OPENAPI_TYPE),
            Link(href=f"{gate.platform.settings.public_address}/en/api", rel="service-doc", type="text/html"),
            Link(href=f"{base}/conformance", rel="conformance", type="application/json"),
            Link(href=f"{base}/collections", rel="data", type="application/json"),
        ),
    )


def list_collections(gate: Gate, subject: Subject, purpose: str | None) -> Collections:
    """Return the feeds with a geometry that the caller may read now."""
    current = read_current(gate.platform.lake)
    found = []
    for contract in gate.platform.contracts.values():
        table = current.tables.get(contract.id) if current else None
        decision = ask(gate, Asked(subject, contract.id, purpose=purpose))
        if table is not None and decision.allow:
            relation = relation_of(gate, decision, contract, table)
            if relation.geometry is not None:
                found.append(_collection(gate, contract, relation))
    here = Link(href=f"{base_of(gate)}/collections", rel="self", type="application/json")
    return Collections(links=(here,), collections=tuple(found))


def collection_of(gate: Gate, feed: OpenFeed) -> Collection:
    """Return one feed as a collection.

    Raises:
        ProblemError: 404, the caller sees no geometry of it.
    """
    require_geometry(feed)
    return _collection(gate, feed.contract, feed.relation)


def require_geometry(feed: OpenFeed) -> None:
    """Refuse what is no collection of features.

    Raises:
        ProblemError: 404.
    """
    if feed.relation.geometry is None:
        raise ProblemError(404, reason("collection_without_geometry", dataset=feed.contract.id))


def _collection(gate: Gate, contract: Contract, relation: Relation) -> Collection:
    address = f"{base_of(gate)}/collections/{contract.id}"
    box = gate.rows.extent(relation)
    return Collection(
        id=contract.id,
        title=contract.title,
        description=contract.description,
        links=(
            Link(href=address, rel="self", type="application/json"),
            Link(href=f"{address}/items", rel="items", type=GEOJSON.media_type),
            *([Link(href=contract.licence, rel="license", type="text/html")] if contract.licence else []),
        ),
        extent=Extent(spatial=SpatialExtent(bbox=(box,))) if box else None,
    )


def read_period(feed: OpenFeed, text: str) -> Period | None:
    """Return the condition of ``datetime``: an instant or day, or two with ``/`` between, ``..`` for no end.

    It holds for the contract's first dated column that is shown as it is; without one every feature fits.

    Raises:
        ProblemError: 400, it is written otherwise.
    """
    ends = text.split("/")
    try:
        start, end = (_end(part) for part in (ends if len(ends) == 2 else [text, text]))
        if len(ends) > 2 or (len(ends) == 1 and start is None):
            raise ValueError(text)
        if start is not None and end is not None and start > end:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        expected = "2026-01-31T12:00:00Z, 2026-01-01/2026-01-31, ../2026-01-31"
        raise ProblemError(400, reason("parameter_invalid", parameter="datetime", expected=expected)) from error
    column = _dated_column(feed)
    if column is None:
        return None
    if feed.visible[column] == "DATE":
        return Period(column, start.date() if start else None, end.date() if end else None)
    # The rows' instants bear no zone: they are UTC, as all that is stored.
    return Period(column, start, end)


def _end(text: str) -> datetime | None:
    if text in ("", _EVER):
        return None
    instant = datetime.fromisoformat(text.replace(" ", "+"))
    offset = instant.utcoffset()
    return instant.replace(tzinfo=None) - offset if offset is not None else instant


def _dated_column(feed: OpenFeed) -> str | None:
    masks = feed.decision.column_masks
    return next(
        (
            column.name
            for column in feed.contract.columns
            if feed.visible.get(column.name, "") in ("DATE", "TIMESTAMP") and masks[column.name].mask == "show"
        ),
        None,
    )


def items(gate: Gate, request: Request, asked: Question) -> Response:
    """Return a page of features, with the links to itself, its collection and the next page.

    Raises:
        ProblemError: 410, the cursor is of another question; 503, reading took too long.
    """
    feed, query = asked.feed, asked.query
    encoding = encoding_of(request.headers, GEOJSON)
    etag = asked.etag(encoding, "items")
    if is_known(request, etag):
        return not_modified(gate, feed, etag)
    offset = asked.cursor.require(asked.bound_to) if asked.cursor else 0
    total = gate.rows.count(feed.relation, query)
    returned = max(0, min(query.limit or total, total - offset))
    links = [
        Link(href=_here(gate, request), rel="self", type=GEOJSON.media_type),
        Link(href=f"{base_of(gate)}/collections/{feed.contract.id}", rel="collection", type="application/json"),
    ]
    if offset + returned < total and returned:
        address = following_page(gate, request, Cursor(offset + returned, feed.version, asked.bound_to))
        links.append(Link(href=address, rel="next", type=GEOJSON.media_type))
    members: Mapping[str, object] = {
        "links": [link.model_dump(exclude_none=True) for link in links],
        "numberMatched": total,
        "numberReturned": returned,
    }
    with gate.rows.page(feed.relation, query, offset, GEOJSON, Envelope(members)) as file:
        content, rows = file.path.read_bytes(), file.rows
    record_allowed(gate, feed, rows)
    headers = headers_of(feed, etag) | ({"Content-Encoding": encoding} if encoding else {})
    return Response(compress(content, encoding), media_type=GEOJSON.media_type, headers=headers)


def item(gate: Gate, request: Request, feed: OpenFeed, name: str) -> Response:
    """Return one feature.

    Raises:
        ProblemError: 404, there is none of that name, or it may not be seen.
    """
    query = FeedQuery(tuple(feed.visible), (Known(feed.relation.feature_id, name),), limit=1)
    etag = Question(feed, query, GEOJSON).etag(None, "item")
    if is_known(request, etag):
        return not_modified(gate, feed, etag)
    with gate.rows.page(feed.relation, query, 0, GEOJSON) as file:
        features = json.loads(file.path.read_bytes())["features"]
    if not features:
        raise ProblemError(404, reason("feature_unknown", feature=name[:80], dataset=feed.contract.id))
    record_allowed(gate, feed, 1)
    collection = f"{base_of(gate)}/collections/{feed.contract.id}"
    links = [
        Link(href=_here(gate, request), rel="self", type=GEOJSON.media_type),
        Link(href=collection, rel="collection", type="application/json"),
    ]
    content = {**features[0], "links": [link.model_dump(exclude_none=True) for link in links]}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), media_type=GEOJSON.media_type, headers=headers_of(feed, etag))


def _here(gate: Gate, request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{gate.platform.settings.public_address}{request.url.path}{query}"
