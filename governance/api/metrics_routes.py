"""Where Prometheus reads the metrics: from this machine, or with the token of the settings; for nobody else."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from prometheus_client.exposition import choose_encoder

from governance.api.callers import CallerGate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.settings import Settings, is_loopback

router = APIRouter(include_in_schema=False)


def is_operator(request: Request, settings: Settings, authorization: str = "") -> bool:
    """Whether a request comes straight from this machine, or shows the token.

    What the front hands on names whom it is handed on for, whoever that says to be.
    """
    scheme, _, shown = authorization.partition(" ")
    token = settings.metrics_token
    if token is not None and scheme.lower() == "bearer":
        return secrets.compare_digest(shown.strip().encode(), token.get_secret_value().encode())
    is_direct = "x-forwarded-for" not in request.headers and "forwarded" not in request.headers
    return is_direct and request.client is not None and is_loopback(request.client.host)


@router.get("/metrics")
async def read_metrics(
    request: Request,
    gate: CallerGate,
    accept: Annotated[str, Header()] = "",
    authorization: Annotated[str, Header()] = "",
) -> Response:
    """Figures for Prometheus, in its text format or as OpenMetrics; who may not read them finds no such address."""
    if not is_operator(request, gate.platform.settings, authorization):
        raise ProblemError(404, reason("page_not_found"))
    encode, media_type = choose_encoder(accept)
    content = await run_in_threadpool(encode, request.app.state.registry)
    return Response(content, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
