"""At the entrance of each page: who looks, and whether the act is theirs. Whatever cannot be told is refused."""

import hmac
from collections.abc import Mapping
from typing import cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from governance.api.problems import ProblemError
from governance.api.words import reason, token_reason
from governance.console.acts import ACTS, EVERYBODY, READERS, may_act_for, role_words
from governance.console.languages import LANGUAGES
from governance.identity.people import Person
from governance.identity.refusals import TokenError
from governance.identity.sign_in import SignInDesk, hashed
from governance.identity.way_in import BEGUN_FOR_SECONDS
from governance.journal.keys import derive_key, load_key
from governance.platform import Platform
from governance.settings import Settings
from governance.state.sessions import Session

STATUS = {"sign_in_lost": 400, "issuer_silent": 503, "issuer_unreachable": 503}
"""Of refusals in signing in; any other is a 403."""
FORM_FIELD = "form_token"
HERE = "console"
"""Who is written down where nobody can sign in: whoever is at this machine."""


def desk_of(request: Request) -> SignInDesk | None:
    """Return who signs people in; nobody where the platform has no identity provider."""
    return cast("SignInDesk | None", request.app.state.sign_in)


def session_cookie(settings: Settings) -> str:
    """Name of the cookie of a session. With its prefix a browser takes it over TLS alone, for this host alone."""
    return f"{_prefix(settings)}archipel-session"


def begun_cookie(settings: Settings) -> str:
    """Name of the cookie of a sign-in under way."""
    return f"{_prefix(settings)}archipel-sign-in"


def _prefix(settings: Settings) -> str:
    # Source: draft-ietf-httpbis-rfc6265bis, 4.1.3.2.
    return "__Host-" if settings.public_address.startswith("https://") else ""


def set_cookie(settings: Settings, response: Response, name: str, value: str) -> None:
    """Give a browser a cookie that no script reads and no other site sends along with a form."""
    longest = BEGUN_FOR_SECONDS if name == begun_cookie(settings) else None
    response.set_cookie(
        name, value, max_age=longest, path="/", secure=bool(_prefix(settings)), httponly=True, samesite="lax"
    )


def drop_cookie(settings: Settings, response: Response, name: str) -> None:
    """Have a browser forget a cookie; the attributes are those it was given with, or it keeps it."""
    response.delete_cookie(name, path="/", secure=bool(_prefix(settings)), httponly=True, samesite="lax")


def refusal(error: TokenError) -> ProblemError:
    """Return a refusal in signing in as a page can show it."""
    code = error.refusal.code
    status = STATUS.get(code, 403)
    return ProblemError(status, token_reason(code), headers={"Retry-After": "30"} if status == 503 else None)


def person_of_request(request: Request) -> Person | None:
    """Return who looks, once the entrance was passed."""
    session: Session | None = getattr(request.state, "session", None)
    return session.person if session else None


def is_known(request: Request) -> bool:
    """Whether it was found out who looks, be it nobody."""
    return hasattr(request.state, "session")


def reads_agreements(request: Request) -> bool:
    """Whether who looks may see what parties agreed; where nobody can sign in, whoever is on this machine."""
    if desk_of(request) is None:
        platform: Platform = request.app.state.platform
        return platform.settings.is_local
    person = person_of_request(request)
    return person is not None and person.has_one_of(READERS)


def may_act_here(request: Request, member_id: str) -> bool:
    """Whether who looks may act for a member; where nobody can sign in, whoever is on this machine."""
    platform: Platform = request.app.state.platform
    if desk_of(request) is None:
        return platform.settings.is_local
    return may_act_for(person_of_request(request), member_id, platform.federation.head.id)


async def enter(request: Request) -> None:
    """Find out who looks and hold the address against the table of acts.

    Raises:
        ProblemError: 401 nobody is signed in; 403 the act is not theirs, or nobody can sign in here; 503 nobody can say
            who looks.
    """
    platform: Platform = request.app.state.platform
    roles, desk = roles_of(request), desk_of(request)
    if desk is None:
        if roles != EVERYBODY and not platform.settings.is_local:
            raise ProblemError(403, reason("sign_in_closed"))
        return
    try:
        request.state.session = await _session(request, desk, platform.settings)
    except TokenError as error:
        if roles != EVERYBODY:
            raise refusal(error) from error
        return
    if roles != EVERYBODY:
        await _require(request, roles)


def roles_of(request: Request) -> tuple[str, ...]:
    """Return the roles that open an address.

    Raises:
        ProblemError: 403, the table has no such address.
    """
    path = str(request.scope["route"].path)
    for language in LANGUAGES:
        path = path.removeprefix(f"/{language}")
    page = path.removesuffix("index.json").removesuffix(".json")
    if page not in ACTS:
        raise ProblemError(403, reason("sign_in_closed"))
    return ACTS[page]


async def _session(request: Request, desk: SignInDesk, settings: Settings) -> Session | None:
    secret = request.cookies.get(session_cookie(settings))
    return await run_in_threadpool(desk.session_of, secret) if secret else None


async def _require(request: Request, roles: tuple[str, ...]) -> None:
    person = person_of_request(request)
    if person is None:
        raise ProblemError(401, reason("sign_in_required"))
    if not person.has_one_of(roles):
        platform: Platform = request.app.state.platform
        fields = {"outcome": "refused", "reasons": ["role_needed"], "organisations": list(person.organisations)}
        told = {"subject": person.id, "target": request.url.path[:200]}
        await run_in_threadpool(lambda: platform.journal.append("access", fields, **told))
        raise ProblemError(403, reason("role_needed", **role_words(roles)))


def form_token(request: Request) -> str:
    """Return what a form of this browser must bring back: bound to its session, and worth nothing in another.

    Where nobody signs in, it is this installation's: no other site can read it off a page.
    """
    settings: Settings = request.app.state.platform.settings
    secret = request.cookies.get(session_cookie(settings), "")
    return derive_key(load_key(settings), f"form:{hashed(secret)}").hex()


def require_own_form(request: Request, fields: Mapping[str, str]) -> None:
    """Refuse a form that does not come from a page of ours, in this session.

    Raises:
        ProblemError: 403.
    """
    if not hmac.compare_digest(fields.get(FORM_FIELD, "").encode(), form_token(request).encode()):
        raise ProblemError(403, reason("form_not_ours"))
