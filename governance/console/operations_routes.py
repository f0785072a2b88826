"""Addresses of the console's pages about how the platform works: lineage, health."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from governance.api.callers import CallerGate
from governance.console.entrance import reads_agreements
from governance.console.health_page import HealthPage, health_page
from governance.console.lineage_page import LineageList, LineagePage, lineage_list, lineage_page
from governance.console.rendering import render

router = APIRouter(include_in_schema=False)
Asked = Literal["datasets", "models", "catalogue", "feeds"]


def _add(path: str, template: str, read: Callable[..., BaseModel]) -> None:
    """Serve what `read` returns as a page at `path`, and as JSON at the same address with ``.json``."""

    def show(request: Request, page: Annotated[Any, Depends(read)]) -> Response:
        return render(request, template, page)

    router.add_api_route(f"{path}.json", show, methods=["GET", "HEAD"])
    router.add_api_route(path, show, methods=["GET", "HEAD"])


def _lineage_list(request: Request, gate: CallerGate) -> LineageList:
    return lineage_list(gate, request.query_params, reads_agreements(request))


def _lineage_of_source(request: Request, gate: CallerGate, member_id: str, source_id: str) -> LineagePage:
    return lineage_page(gate, "source", f"{member_id}/{source_id}", reads_agreements(request))


def _lineage(request: Request, gate: CallerGate, kind: Asked, name: str) -> LineagePage:
    return lineage_page(gate, kind, name, reads_agreements(request))


def _health(gate: CallerGate) -> HealthPage:
    return health_page(gate)


_add("/health", "health.html", _health)
_add("/lineage", "lineage_list.html", _lineage_list)
_add("/lineage/sources/{member_id}/{source_id}", "lineage.html", _lineage_of_source)
_add("/lineage/{kind}/{name}", "lineage.html", _lineage)
