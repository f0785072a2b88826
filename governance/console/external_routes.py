"""The address of the page about catalogues of others, and of its button."""

from collections.abc import Mapping
from typing import cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from governance.api.callers import CallerGate
from governance.console.entrance import HERE, person_of_request
from governance.console.external_page import REFRESH_SECONDS, ExternalPage, ask_now, external_page
from governance.console.page_addresses import add_page
from governance.console.received_form import read_own_fields
from governance.console.rendering import render
from governance.pipeline.external_desk import ExternalDesk

router = APIRouter(include_in_schema=False)


def _desk(request: Request) -> ExternalDesk:
    return cast("ExternalDesk", request.app.state.external_desk)


def _external(request: Request, gate: CallerGate) -> ExternalPage:
    is_whole = request.url.path.endswith(".json")
    return external_page(gate.platform, _desk(request), request.query_params, is_whole=is_whole)


def _refresh(page: ExternalPage) -> Mapping[str, str]:
    """Without a script, a page comes back by this header (HTML, 7.8); its reader may turn it off (WCAG 2.2.1)."""
    return {"Refresh": str(REFRESH_SECONDS)} if page.is_asking and not page.is_still else {}


add_page(router, "/external", "external.html", _external, _refresh)


@router.post("/external")
@router.post("/external.json")
async def post_external(request: Request, gate: CallerGate) -> Response:
    """Begin to ask one portal now and lead back to the page, which says what came of it."""
    fields = await read_own_fields(request)
    person, desk = person_of_request(request), _desk(request)
    who = person.id if person else HERE
    fault = await run_in_threadpool(ask_now, gate.platform, desk, fields, who)
    if fault is not None:
        page = await run_in_threadpool(external_page, gate.platform, desk, {}, fault)
        return await run_in_threadpool(render, request, "external.html", page, 422)
    return RedirectResponse(request.url.path, status_code=303, headers={"Cache-Control": "no-store"})
