"""The address at which a member's people hand in a file."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from governance.api.callers import CallerGate
from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.entrance import HERE, may_act_here, person_of_request, require_own_form
from governance.console.hand_in_page import (
    TOO_LARGE,
    HandInPage,
    answered,
    box_of,
    corrected_waiting,
    hand_in_page,
)
from governance.console.page_addresses import add_page
from governance.console.received_form import TooLarge, read_form
from governance.console.rendering import XLSX, language_of_path, render
from governance.console.why import FormFault
from governance.pipeline.hand_in import Box

router = APIRouter(include_in_schema=False)
_ADDRESS = "/members/{member_id}/sources/{source_id}/hand-in"


def _box(request: Request, gate: Gate, member_id: str, source_id: str) -> Box:
    box = box_of(gate.platform, member_id, source_id)
    if not may_act_here(request, member_id):
        raise ProblemError(403, reason("not_your_member", member=box.ask[0].name))
    return box


def _hand_in(request: Request, gate: CallerGate, member_id: str, source_id: str) -> HandInPage:
    return hand_in_page(gate, _box(request, gate, member_id, source_id))


@router.get(f"{_ADDRESS}/corrected.xlsx")
def get_corrected_waiting(request: Request, gate: CallerGate, member_id: str, source_id: str) -> Response:
    """The file that waits as a workbook, its wrong cells marked and commented, certain values filled in."""
    copy = corrected_waiting(gate, _box(request, gate, member_id, source_id), language_of_path(request))
    headers = {"Content-Disposition": f'attachment; filename="{source_id}.xlsx"', "Cache-Control": "no-store"}
    return Response(copy, media_type=XLSX, headers=headers)


add_page(router, _ADDRESS, "hand_in.html", _hand_in)


@router.post(_ADDRESS)
@router.post(f"{_ADDRESS}.json")
async def post_hand_in(request: Request, gate: CallerGate, member_id: str, source_id: str) -> Response:
    """Take a file in for the next harvest, or take back the one that waits."""
    box = await run_in_threadpool(_box, request, gate, member_id, source_id)
    person = person_of_request(request)
    try:
        form = await read_form(request)
        require_own_form(request, form.fields)
        page = await run_in_threadpool(answered, gate, box, form, person.id if person else HERE)
    except TooLarge:
        page = await run_in_threadpool(hand_in_page, gate, box, FormFault(field="file", message=TOO_LARGE))
    return await run_in_threadpool(render, request, "hand_in.html", page, 422 if page.faults else 200)
