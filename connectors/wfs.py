"""The part of WFS 2.0 (OGC 09-025r2) that ``ogc_features`` needs: capabilities, and pages of features as GeoJSON.

owslib is not used: it opens its own connections. Quirks: GeoJSON is no part of the standard, so the capabilities are
asked for its name, and a server with GML alone is refused with a clear word; errors come as XML, often with status
200; an axis order follows the coordinate system's URN, so longitude and latitude are asked for as CRS84; GeoServer
makes up new ids (``fid-…``) at each answer for layers without a key, and those are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.api import Api, as_json, as_object, as_objects, unexpected
from connectors.paging import offset_pages, whole_number
from connectors.problems import SourceRefused
from connectors.session import Answer
from connectors.words import plain, xml_words

_CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
_SERVICE = {"SERVICE": "WFS", "VERSION": "2.0.0"}
_DEGREES = re.compile(r"(CRS:?84|EPSG\b.*\b4326)$")
_MADE_UP = re.compile(r"(^|\.)fid-")
_SAID = xml_words("ExceptionText", "ServiceException")


@dataclass(frozen=True)
class Layer:
    """What to ask for; ``bbox`` in degrees: west, south, east, north."""

    name: str
    bbox: tuple[float, float, float, float] | None
    crs: str | None
    sort_by: str | None
    page_size: int


def pages(api: Api, layer: Layer) -> Iterator[list[dict[str, Any]]]:
    """Yield the features of each page.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    form, degrees = _offered(api, layer)
    bbox = ",".join(map(repr, layer.bbox)) + f",{_CRS84}" if layer.bbox else None
    params = {
        **_SERVICE,
        "REQUEST": "GetFeature",
        "TYPENAMES": layer.name,
        "OUTPUTFORMAT": form,
        "SRSNAME": layer.crs or degrees,
        "BBOX": bbox,
        "SORTBY": layer.sort_by,
    }
    yield from offset_pages(api, "", params, layer.page_size, _features, _matched, ("COUNT", "STARTINDEX"))


def _features(answer: Answer) -> list[dict[str, Any]]:
    page = _page(answer)
    found = as_objects(answer, page.get("features"), "features")
    return [
        {name: value for name, value in feature.items() if name != "id" or not _MADE_UP.search(str(value))}
        for feature in found
    ]


def _matched(answer: Answer) -> int | None:
    page = _page(answer)
    return whole_number(page.get("numberMatched", page.get("totalFeatures")))


def _page(answer: Answer) -> dict[str, Any]:
    if answer.content.lstrip()[:1] == b"<":
        said = plain(_SAID(answer.content))
        unexpected(answer, f"du XML au lieu de GeoJSON : « {said} »", f"XML instead of GeoJSON: {said!r}")
    return as_object(answer, as_json(answer))


def _offered(api: Api, layer: Layer) -> tuple[str, str]:
    """The service's own names for GeoJSON, and for longitude and latitude.

    Raises:
        SourceRefused: it has no such layer.
        UnexpectedAnswer: it is no WFS 2.0, knows no GeoJSON, or has the layer in other coordinates only.
    """
    answer = api.get("", {**_SERVICE, "REQUEST": "GetCapabilities"})
    root = _capabilities(answer)
    found = next((kind for kind in _named(root, "FeatureType") if layer.name in _names(kind)), None)
    if found is None:
        raise SourceRefused(api.base, 404, f"aucune couche « {layer.name} »", f"no layer {layer.name!r}")
    form = next((one for one in _formats(root) if "json" in one.lower()), None)
    if form is None:
        unexpected(answer, "il ne donne que du GML, pas de GeoJSON", "it gives GML only, no GeoJSON")
    listed = [_text(crs) for tag in ("DefaultCRS", "OtherCRS") for crs in _named(found, tag)]
    degrees = next((crs for crs in listed if _DEGREES.search(crs)), None)
    if degrees is None and layer.crs is None:
        known = ", ".join(listed)
        unexpected(answer, f"pas de longitudes et latitudes ; option crs : {known}", f"no degrees; option crs: {known}")
    return form, degrees or ""


def _names(kind: Element) -> set[str]:
    """A layer's name, with and without the prefix of its namespace."""
    names = {_text(name) for name in _named(kind, "Name")}
    return names | {name.rpartition(":")[2] for name in names}


def _formats(root: Element) -> list[str]:
    return [
        _text(value)
        for operation in _named(root, "Operation")
        if operation.get("name") == "GetFeature"
        for parameter in _named(operation, "Parameter")
        if parameter.get("name", "").lower() == "outputformat"
        for value in _named(parameter, "Value")
    ]


def _capabilities(answer: Answer) -> Element:
    try:
        root: Element = fromstring(answer.content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        unexpected(answer, "ses capacités ne sont pas du XML lisible", "its capabilities are no readable XML")
    if root.tag.rpartition("}")[2] != "WFS_Capabilities" or not root.get("version", "").startswith("2.0"):
        said = plain(_SAID(answer.content)) or root.tag.rpartition("}")[2] + " " + root.get("version", "")
        unexpected(answer, f"ce n'est pas un WFS 2.0 : « {said} »", f"it is no WFS 2.0: {said!r}")
    return root


def _named(element: Element, tag: str) -> Iterator[Element]:
    return (one for one in element.iter() if isinstance(one.tag, str) and one.tag.rpartition("}")[2] == tag)


def _text(element: Element) -> str:
    return (element.text or "").strip()
