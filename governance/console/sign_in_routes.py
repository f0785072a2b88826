"""Where people sign in and out: the way to the issuer and back, and where the issuer says that a session has ended."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response

from governance.api.problems import ProblemError
from governance.api.words import reason, token_reason
from governance.console.entrance import (
    STATUS,
    begun_cookie,
    desk_of,
    drop_cookie,
    refusal,
    session_cookie,
    set_cookie,
)
from governance.console.languages import LANGUAGES
from governance.console.received_form import read_own_fields
from governance.console.rendering import language_of_path
from governance.identity.logout_token import LONGEST_TOKEN, refusal_of
from governance.identity.refusals import REFUSALS, TokenError
from governance.identity.sign_in import SignInDesk

pages = APIRouter(include_in_schema=False)
"""In both languages."""
router = APIRouter(include_in_schema=False)
"""At one address each, which the issuer knows."""
_LONGEST = 16_384


def _desk(request: Request) -> SignInDesk:
    desk = desk_of(request)
    if desk is None:
        raise ProblemError(404, reason("page_not_found"))
    return desk


def local_address(to: str, language: str) -> str:
    """Return an address of our own pages; the home page for whatever else stands there (open redirect, CWE-601)."""
    is_ours = to.startswith(tuple(f"/{each}/" for each in LANGUAGES)) and to.isprintable() and to.isascii()
    return to if is_ours and "\\" not in to and "//" not in to.partition("?")[0] else f"/{language}/"


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


@pages.get("/sign-in")
def begin(request: Request, to: Annotated[str, Query(max_length=2000)] = "") -> Response:
    """Send a browser to the issuer."""
    language = language_of_path(request)
    settings = request.app.state.platform.settings
    try:
        address, begun = _desk(request).way.begin(local_address(to, language), language)
    except TokenError as error:
        raise refusal(error) from error
    response = _go(address)
    set_cookie(settings, response, begun_cookie(settings), begun)
    return response


@router.get("/signed-in")
def finish(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Take a browser back from the issuer: a new session, under a new secret, or a page that says why not."""
    desk, settings = _desk(request), request.app.state.platform.settings
    begun = desk.way.begun(request.cookies.get(begun_cookie(settings), "")[:_LONGEST])
    language = begun.language if begun else "fr"
    try:
        secret = desk.finish(begun, state, code)
    except TokenError as error:
        # To an address of its own: the code does not stay in the browser's history.
        response = _go(f"/{language}/sign-in-refused?reason={error.refusal.code}")
    else:
        desk.forget(request.cookies.get(session_cookie(settings), ""))
        response = _go(begun.to if begun else f"/{language}/")
        set_cookie(settings, response, session_cookie(settings), secret)
    drop_cookie(settings, response, begun_cookie(settings))
    return response


@pages.get("/sign-in-refused")
def show_refusal(request: Request, reason: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Say why a sign-in did not succeed."""
    _desk(request)
    code = reason if reason in REFUSALS else "sign_in_refused"
    raise ProblemError(STATUS.get(code, 403), token_reason(code))


@pages.post("/sign-out")
async def leave(request: Request) -> Response:
    """End the session here, then at the issuer."""
    desk, settings, language = _desk(request), request.app.state.platform.settings, language_of_path(request)
    await read_own_fields(request)
    secret = request.cookies.get(session_cookie(settings), "")
    address = await run_in_threadpool(desk.end, secret, language)
    response = _go(address or f"/{language}/")
    drop_cookie(settings, response, session_cookie(settings))
    return response


@router.post("/back-channel-logout")
def end_by_issuer(request: Request, logout_token: Annotated[str, Form(max_length=LONGEST_TOKEN)] = "") -> Response:
    """Take the issuer's word that a session has ended (Back-Channel Logout 1.0, 2.7 and 2.8)."""
    desk = _desk(request)
    try:
        desk.end_by_issuer(logout_token)
    except TokenError as error:
        status, told = refusal_of(error)
        return JSONResponse(told, status_code=status, headers={"Cache-Control": "no-store"})
    return Response(status_code=200, headers={"Cache-Control": "no-store"})
