"""The address at which a person says that the rows which vanished from a held file are really gone."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from governance.api.callers import CallerGate
from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.entrance import HERE, may_act_here, person_of_request
from governance.console.received_form import read_own_fields
from governance.console.rendering import language_of_path
from governance.console.row_report import find_run, held_of_run
from governance.pipeline.confirm import confirm_held

router = APIRouter(include_in_schema=False)


@router.post("/runs/{run_id}/confirm")
async def post_confirm(request: Request, gate: CallerGate, run_id: str) -> Response:
    """Take a held file although rows vanished; who said so is in the journal before anything changes."""
    await read_own_fields(request)
    member_id = await run_in_threadpool(_confirm, request, gate, run_id)
    address = f"/{language_of_path(request)}/members/{member_id}"
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def _confirm(request: Request, gate: Gate, run_id: str) -> str:
    platform, person = gate.platform, person_of_request(request)
    receipt = find_run(platform, run_id)
    member = platform.federation.organisations.get(receipt.member_id)
    if not may_act_here(request, receipt.member_id):
        raise ProblemError(403, reason("not_your_member", member=member.name if member else receipt.member_id))
    held = held_of_run(platform, receipt)
    if held is None:
        raise ProblemError(404, reason("nothing_held"))
    confirm_held(platform, held, person.id if person else HERE)
    return receipt.member_id
