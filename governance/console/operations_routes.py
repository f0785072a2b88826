"""Addresses of the console's pages about how the platform works: lineage, health."""

from typing import Literal

from fastapi import APIRouter, Request

from governance.api.callers import CallerGate
from governance.console.entrance import reads_agreements
from governance.console.health_page import HealthPage, health_page
from governance.console.lineage_page import LineageList, LineagePage, lineage_list, lineage_page
from governance.console.page_addresses import add_page

router = APIRouter(include_in_schema=False)
Asked = Literal["datasets", "models", "catalogue", "feeds"]


def _lineage_list(request: Request, gate: CallerGate) -> LineageList:
    return lineage_list(gate, request.query_params, reads_agreements(request))


def _lineage_of_source(request: Request, gate: CallerGate, member_id: str, source_id: str) -> LineagePage:
    return lineage_page(gate, "source", f"{member_id}/{source_id}", reads_agreements(request))


def _lineage(request: Request, gate: CallerGate, kind: Asked, name: str) -> LineagePage:
    return lineage_page(gate, kind, name, reads_agreements(request))


def _health(gate: CallerGate) -> HealthPage:
    return health_page(gate)


add_page(router, "/health", "health.html", _health)
add_page(router, "/lineage", "lineage_list.html", _lineage_list)
add_page(router, "/lineage/sources/{member_id}/{source_id}", "lineage.html", _lineage_of_source)
add_page(router, "/lineage/{kind}/{name}", "lineage.html", _lineage)
