"""Where the policy engines fetch their bundles and hand in their reports; for nobody else, so in no public document.

Source: Open Policy Agent, management APIs: bundles with ``ETag`` and long poll (``Prefer``, RFC 7240), status, logs.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from governance.decisions.bundle_names import BundleName
from governance.decisions.engine_desk import LARGEST_REPORT, EngineDesk, ReportRefused
from governance.decisions.opa_server import LONG_POLL_SECONDS
from governance.identity.refusals import TokenError

router = APIRouter(prefix="/opa", include_in_schema=False)
BUNDLE_TYPE = "application/vnd.openpolicyagent.bundles"
"""Told with each bundle: the engine takes long poll for granted from a server that says so."""
_LOOK_SECONDS = 0.2
_WAIT = re.compile(r"\bwait=(\d{1,4})\b")


async def desk_of(request: Request, authorization: Annotated[str, Header()] = "") -> EngineDesk:
    """Return the desk, for an engine that shows its token.

    Raises:
        TokenError: it shows none, or another.
    """
    desk: EngineDesk = request.app.state.engine_desk
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise TokenError("token_missing")
    if not desk.knows(token.strip()):
        raise TokenError("token_forged")
    return desk


Desk = Annotated[EngineDesk, Depends(desk_of)]


@router.get("/bundles/{name}.tar.gz")
async def read_bundle(
    request: Request,
    name: BundleName,
    desk: Desk,
    if_none_match: Annotated[str, Header()] = "",
    prefer: Annotated[str, Header()] = "",
) -> Response:
    """A signed bundle; unchanged, the answer waits as long as the engine prefers for the next one."""
    asked = _WAIT.search(prefer)
    wait = min(int(asked.group(1)), LONG_POLL_SECONDS) if asked else 0
    deadline = asyncio.get_running_loop().time() + wait
    while (tag := desk.tag(name)) is not None and tag in if_none_match:
        is_over = desk.is_closing or asyncio.get_running_loop().time() >= deadline
        if is_over or await request.is_disconnected():
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
        await asyncio.sleep(_LOOK_SECONDS)
    if tag is None:
        return Response(status_code=404)
    tag, content = desk.bundle(name)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return Response(content, media_type=BUNDLE_TYPE, headers=headers)


@router.post("/status", status_code=204)
async def take_status(request: Request, desk: Desk) -> Response:
    """What an engine has activated, and what it refused."""
    return await _took(request, desk.take_status)


@router.post("/logs", status_code=204)
async def take_decisions(request: Request, desk: Desk) -> Response:
    """What an engine decided."""
    return await _took(request, desk.take_decisions)


async def _took(request: Request, take: Callable[[bytes], object]) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_REPORT:
            return Response(status_code=413)
    try:
        await run_in_threadpool(take, bytes(body))
    except ReportRefused as refused:
        return Response(str(refused)[:500], status_code=422, media_type="text/plain")
    return Response(status_code=204)
