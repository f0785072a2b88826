"""Every refusal and failure as Problem Details (RFC 9457), in the caller's language."""

import logging
from collections.abc import Mapping
from typing import Literal
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from connectors.problems import is_out_of_room
from governance.api.words import reason, token_reason
from governance.decisions.model import Reason
from governance.identity.refusals import TokenError

Language = Literal["fr", "en"]
MEDIA_TYPE = "application/problem+json"
_LOGGER = logging.getLogger(__name__)
_STATE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised when the database is gone or does not answer; a wrong statement is a defect of ours."""

_TITLES: dict[int, tuple[str, str]] = {
    400: ("Demande à corriger", "Request to be mended"),
    401: ("Identité requise", "Identity required"),
    403: ("Accès refusé", "Access refused"),
    404: ("Introuvable", "Not found"),
    405: ("Méthode refusée", "Method not allowed"),
    406: ("Format indisponible", "Format not available"),
    410: ("Dépassé", "Gone"),
    422: ("Demande à corriger", "Request to be mended"),
    429: ("Trop de demandes", "Too many requests"),
    500: ("Erreur inattendue", "Unexpected error"),
    503: ("Momentanément indisponible", "Temporarily unavailable"),
}


class ProblemReason(BaseModel):
    """One reason, in one language."""

    model_config = ConfigDict(frozen=True)

    code: str = Field(examples=["agreement_expired"])
    text: str = Field(description="what holds")
    change: str = Field(description="what would change the answer")
    rule: str = Field(description="the rule that decided")
    page: str = Field(description="address of the page that explains it")


class Problem(BaseModel):
    """Problem Details, RFC 9457, with the reasons of the decision."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reasons: tuple[ProblemReason, ...]
    error_id: str | None = None


class ProblemError(Exception):
    """A request cannot be answered; the handler turns it into a Problem.

    Attributes:
        status: HTTP status.
        reasons: at least one; the first gives type and detail.
    """

    def __init__(self, status: int, *reasons: Reason, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.reasons = reasons
        self.headers = dict(headers or {})
        super().__init__(", ".join(item.code for item in reasons))


def language_of(accept_language: str | None) -> Language:
    """French or English, whichever ``Accept-Language`` (RFC 9110, 12.5.4) prefers; French when it says nothing."""
    best: tuple[float, Language] = (0.0, "fr")
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("fr", "en") and weight > best[0]:
            best = (weight, "fr" if primary == "fr" else "en")
    return best[1]


def to_problem(error: ProblemError, base: str, instance: str, language: Language) -> Problem:
    """Return what goes on the wire; `base` is the platform's public address."""
    reasons = tuple(
        ProblemReason(
            code=item.code,
            text=item.text(language),
            change=item.change(language),
            rule=item.rule,
            page=f"{base}/{language}/reasons/{item.code}",
        )
        for item in error.reasons
    )
    titles = _TITLES.get(error.status, _TITLES[500])
    return Problem(
        type=reasons[0].page,
        title=titles[0 if language == "fr" else 1],
        status=error.status,
        detail=reasons[0].text,
        instance=instance,
        reasons=reasons,
        error_id=error.headers.get("Error-Id"),
    )


def _is_page(request: Request) -> bool:
    """Whether somebody looks at the console: an address of a language that is not the JSON beside it."""
    first = request.url.path.split("/")[1]
    return first in ("fr", "en") and not request.url.path.endswith(".json")


def _answer(request: Request, error: ProblemError) -> Response:
    language = language_of(request.headers.get("accept-language"))
    if _is_page(request):
        language = "en" if request.url.path.startswith("/en") else "fr"
    problem = to_problem(error, request.app.state.platform.settings.public_address, request.url.path, language)
    headers = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language", **error.headers}
    if _is_page(request):
        page: Response = request.app.state.show_problem(request, problem)
        return page
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)


def of_token(error: TokenError) -> ProblemError:
    """A refused token: 401 with the challenge of RFC 6750, or 503 when nobody's token can be verified."""
    code = error.refusal.code
    if code == "issuer_unreachable":
        return ProblemError(503, token_reason(code), headers={"Retry-After": "30"})
    challenge = "Bearer" if code == "token_missing" else f'Bearer error="invalid_token", error_description="{code}"'
    return ProblemError(401, token_reason(code), headers={"WWW-Authenticate": challenge})


def _of_http(error: HTTPException) -> ProblemError:
    codes = {404: "page_not_found", 405: "method_not_allowed"}
    if error.status_code in codes:
        return ProblemError(error.status_code, reason(codes[error.status_code]), headers=error.headers)
    return ProblemError(error.status_code, reason("parameter_invalid", parameter=str(error.detail)))


def _of_validation(error: RequestValidationError) -> ProblemError:
    reasons = [
        reason("parameter_invalid", parameter=str(fault["loc"][-1]), expected=str(fault["msg"]))
        for fault in error.errors()
    ]
    return ProblemError(400, *reasons)


def _of_surprise(error: Exception) -> ProblemError:
    """Say nothing of what happened to the caller; the log has it under the same number."""
    error_id = uuid4().hex[:12]
    _LOGGER.error("unexpected error %s", error_id, exc_info=error)
    return ProblemError(500, reason("internal_error", error_id=error_id), headers={"Error-Id": error_id})


def as_problem(error: Exception) -> ProblemError:
    """Whatever was raised, as a problem that may be shown."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, TokenError):
        return of_token(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if is_out_of_room(error):
        # Closed, not broken: what cannot be written down does not leave, and what cannot be kept was not taken.
        _LOGGER.error("no room left on the disk: %s", str(error).splitlines()[0])
        return ProblemError(503, reason("no_room_left"), headers={"Retry-After": "30"})
    if isinstance(error, _STATE_AWAY):
        # Closed, not broken: nothing leaves that cannot be written down. The log has one line and no trace.
        _LOGGER.error("the state database cannot be used: %s", str(error).splitlines()[0])
        return ProblemError(503, reason("database_not_ready"), headers={"Retry-After": "5"})
    return _of_surprise(error)


def answer_with_problems(app: FastAPI) -> None:
    """Register the handlers: no answer of this application is anything but a Problem when it fails."""

    async def handle(request: Request, error: Exception) -> Response:
        return _answer(request, as_problem(error))

    for kind in (ProblemError, TokenError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, handle)
