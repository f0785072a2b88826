"""Addresses of the console's pages about policies: agreements, what is in force, and what a change would do."""

from collections.abc import Mapping
from typing import cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from governance.api.callers import CallerGate
from governance.console.agreements_page import AgreementsPage, agreements_page
from governance.console.impact_page import REFRESH_SECONDS, ImpactPage, ask_impact, impact_page
from governance.console.page_addresses import add_page
from governance.console.policies_page import PoliciesPage, policies_page
from governance.console.received_form import read_own_fields
from governance.console.rendering import render
from governance.pipeline.impact_desk import ImpactDesk

router = APIRouter(include_in_schema=False)


def _desk(request: Request) -> ImpactDesk:
    return cast("ImpactDesk", request.app.state.impact_desk)


def _agreements(gate: CallerGate) -> AgreementsPage:
    return agreements_page(gate.platform)


def _policies(gate: CallerGate) -> PoliciesPage:
    return policies_page(gate.platform)


def _impact(request: Request, gate: CallerGate) -> ImpactPage:
    return impact_page(gate.platform.settings, _desk(request), request.query_params)


def _refresh(page: ImpactPage) -> Mapping[str, str]:
    """Without a script, a page comes back by this header (HTML, 7.8); its reader may turn it off (WCAG 2.2.1)."""
    return {"Refresh": str(REFRESH_SECONDS)} if page.is_running and not page.is_still else {}


add_page(router, "/agreements", "agreements.html", _agreements)
add_page(router, "/policies", "policies.html", _policies)
add_page(router, "/policies/impact", "impact.html", _impact, _refresh)


@router.post("/policies/impact")
@router.post("/policies/impact.json")
async def post_impact(request: Request, gate: CallerGate) -> Response:
    """Begin to work out an impact and lead to where it will be; one that is under way is gone on with."""
    fields = await read_own_fields(request)
    asked = await run_in_threadpool(ask_impact, gate.platform.settings, _desk(request), fields)
    if isinstance(asked, ImpactPage):
        return await run_in_threadpool(render, request, "impact.html", asked, 422)
    return RedirectResponse(f"{request.url.path}?id={asked}", status_code=303, headers={"Cache-Control": "no-store"})
