"""The features of one layer of a geographic service: OGC API - Features (Part 1, 1.0) or WFS 2.0, as GeoJSON.

Pages are followed to the end, put in the order of the features' ids and written as one FeatureCollection. Coordinates
come in longitude and latitude (RFC 7946) unless ``crs`` asks for another system, which the file then names; a server
that answers in another system than asked is refused (Part 2: ``Content-Crs``). Quirks: the server's limit may be lower
than ours; WFS is in ``connectors.wfs``. Neither says what changed since, so all is taken each time; a deleted feature
is simply not there any more.
"""

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from connectors import wfs
from connectors.api import Api, as_json, as_object, as_objects, unexpected
from connectors.base import Checked, Fetched, FetchRequest, read_options
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.paging import link_of, require_all, whole_number
from connectors.records import checked, geojson, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot
from connectors.words import first_words, json_words, xml_words

_CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
_CRS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
_SAID = first_words(
    json_words("code", "title", "description", "detail"), xml_words("ExceptionText", "ServiceException")
)


class Options(Access):
    """What the declaration of an ``ogc_features`` source says."""

    url: WebAddress = Field(title="Service", description="landing page of the API, or address of the WFS")
    protocol: Literal["api", "wfs"] = Field("api", title="Protocole", description="OGC API - Features, or WFS 2.0")
    layer: str = Field(title="Couche", description="id of the collection, or name of the WFS feature type")
    bbox: tuple[float, float, float, float] | None = Field(
        None, title="Emprise", description="west, south, east, north in degrees; features that touch it"
    )
    crs: str | None = Field(
        None, title="Système de coordonnées", description="URI of the system to ask for, by default longitude, latitude"
    )
    sort_by: str | None = Field(None, title="Tri", description="WFS only: property to page by, where it has no key")
    page_size: int = Field(1000, title="Taille de page", ge=1, description="features asked for at once")


def _pages(api: Api, options: Options) -> Iterator[list[dict[str, Any]]]:
    if options.protocol == "wfs":
        layer = wfs.Layer(options.layer, options.bbox, options.crs, options.sort_by, options.page_size)
        yield from wfs.pages(api, layer)
        return
    bbox = ",".join(f"{number:g}" if number == round(number, 4) else repr(number) for number in options.bbox or ())
    params = {"limit": options.page_size, "bbox": bbox or None, "crs": options.crs}
    received = 0
    for answer in api.follow(f"collections/{quote(options.layer, safe='')}/items", params, _next):
        _require_crs(answer, options.crs)
        page = _collection(answer)
        features = as_objects(answer, page.get("features"), "features")
        yield features
        received += len(features)
        announced = whole_number(page.get("numberMatched"))
    require_all(answer, received, announced)


def _collection(answer: Answer) -> dict[str, Any]:
    page = as_object(answer, as_json(answer))
    if page.get("type") != "FeatureCollection":
        unexpected(answer, "ce n'est pas une FeatureCollection", "it is no FeatureCollection")
    return page


def _next(answer: Answer) -> str | None:
    page = _collection(answer)
    # Some servers link on for ever: an empty page is the end.
    return link_of(page.get("links"), "next", "application/geo+json") if page.get("features") else None


def _require_crs(answer: Answer, asked: str | None) -> None:
    given = answer.headers.get("Content-Crs", "").strip(" <>")
    if asked is not None and given != asked:
        unexpected(answer, f"coordonnées en « {given or 'CRS84'} »", f"coordinates in {given or 'CRS84'!r}")


def _require_conformance(api: Api, options: Options) -> None:
    if options.protocol == "wfs":
        return
    answer = api.get("conformance")
    classes = as_object(answer, as_json(answer)).get("conformsTo")
    for needed in (_CORE, *([_CRS] if options.crs else [])):
        if not isinstance(classes, list) or needed not in classes:
            unexpected(answer, f"il ne déclare pas « {needed} »", f"it does not declare {needed!r}")


def _key_of(feature: Any) -> str | None:
    key = feature.get("id")
    return None if key is None else str(key)


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    secrets = secret_headers(options, request.secret)
    accept = (
        {"Accept": "application/geo+json, application/json;q=0.9"} if options.protocol == "api" else {"Accept": "*/*"}
    )
    return Api(session, options.url, request.limits.max_bytes, secrets, _SAID, accept)


def check(request: FetchRequest) -> Checked:
    """Say whether the service has the layer, by asking for one feature.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request).model_copy(update={"page_size": 1})
    with Session(request.limits) as session:
        api = _api(session, request, options)
        _require_conformance(api, options)
        next(_pages(api, options), None)
    return checked(_filename(options), geojson())


def fetch(request: FetchRequest) -> Fetched:
    """Take every feature of the layer as one FeatureCollection, unless it is what ``request.since`` says we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session, Snapshot(request.into, _key_of) as snapshot:
        api = _api(session, request, options)
        _require_conformance(api, options)
        for features in _pages(api, options):
            for feature in features:
                snapshot.put(feature)
        return write_records(request, snapshot.lines(), api.cost, _filename(options), geojson(options.crs or ""))


def _filename(options: Options) -> str:
    return f"{options.layer.replace(':', '_')}.geojson"
