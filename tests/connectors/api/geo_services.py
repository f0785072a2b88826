"""One layer of points as an OGC API - Features and as a WFS 2.0: pages, links, capabilities, exceptions."""

from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from tests.connectors.api.served import Ask, Reply, Served, json_reply

CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
CRS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"
_XML = {"Content-Type": "text/xml; charset=utf-8"}


def point(number: int) -> dict[str, Any]:
    """A feature, its place along a line."""
    place = {"type": "Point", "coordinates": [-2.2 + number / 10000, 47.3]}
    return {"type": "Feature", "id": f"borne.{number:04}", "geometry": place, "properties": {"nom": f"borne {number}"}}


class GeoServices(Served):
    """``features`` of the layer ``bornes``; no more than ``most`` at once, whatever is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.features = [point(number) for number in range(250)]
        self.most = 100
        self.conforms = [CORE, CRS]
        self.formats = ["application/gml+xml; version=3.2", "application/json"]
        self.announced: int | str | None = None
        self.speaks_crs = True
        self.crs = "urn:ogc:def:crs:EPSG::4326"

    def answer(self, ask: Ask) -> Reply:
        if ask.path == "/wfs":
            return self._wfs({name.upper(): value for name, value in ask.query.items()})
        if ask.path == "/conformance":
            return json_reply({"conformsTo": self.conforms})
        if ask.path == "/collections/bornes/items":
            return self._items(ask)
        return json_reply({"code": "NotFound", "description": "Collection not found"}, 404)

    def _items(self, ask: Ask) -> Reply:
        start, limit = int(ask.query.get("offset", 0)), min(int(ask.query["limit"]), self.most)
        page = self.features[start : start + limit]
        links = [{"rel": "self", "href": ask.base}]
        if start + limit < len(self.features):
            following = urlencode({**ask.query, "offset": start + limit})
            links.append({"rel": "next", "type": "text/html", "href": f"{ask.base}/page.html"})
            links.append({"rel": "next", "type": "application/geo+json", "href": f"{ask.path}?{following}"})
        told = ask.query.get("crs") if self.speaks_crs else None
        value = {"type": "FeatureCollection", "features": page, "links": links, "numberMatched": self._matched()}
        crs = told or "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        return json_reply(value, kind="application/geo+json", Content_Crs=f"<{crs}>")

    def _wfs(self, query: dict[str, str]) -> Reply:
        if query.get("REQUEST") == "GetCapabilities":
            return Reply(self._capabilities().encode(), headers=_XML)
        if query.get("TYPENAMES") != "commune:bornes":
            return exception("InvalidParameterValue", "Feature type unknown")
        if query["SRSNAME"] != self.crs:
            return exception("InvalidParameterValue", "Invalid SRS", 400)
        start, limit = int(query["STARTINDEX"]), min(int(query["COUNT"]), self.most)
        page = self.features[start : start + limit]
        value = {"type": "FeatureCollection", "features": page, "numberReturned": len(page)}
        return json_reply({**value, "numberMatched": self._matched()})

    def _matched(self) -> int | str:
        return len(self.features) if self.announced is None else self.announced

    def _capabilities(self) -> str:
        formats = "".join(f"<ows:Value>{escape(one)}</ows:Value>" for one in self.formats)
        return (
            '<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0" '
            'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:OperationsMetadata>'
            '<ows:Operation name="GetFeature"><ows:Parameter name="outputFormat"><ows:AllowedValues>'
            f"{formats}</ows:AllowedValues></ows:Parameter></ows:Operation></ows:OperationsMetadata>"
            "<wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>commune:bornes</wfs:Name>"
            f"<wfs:DefaultCRS>{self.crs}</wfs:DefaultCRS></wfs:FeatureType>"
            "</wfs:FeatureTypeList></wfs:WFS_Capabilities>"
        )


def exception(code: str, text: str, status: int = 200) -> Reply:
    """An OWS exception report."""
    body = (
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">'
        f'<ows:Exception exceptionCode="{code}"><ows:ExceptionText>{escape(text)}</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    )
    return Reply(body.encode(), status, _XML)
