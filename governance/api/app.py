"""The web application: feeds, catalogue files, keys, health, console; one process, one set of functions."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from governance.api import (
    engine_routes,
    feed_routes,
    identifier_routes,
    metrics_routes,
    ogc_routes,
    service_routes,
)
from governance.api.catalogue_files import CatalogueFiles
from governance.api.gate import Gate
from governance.api.observed import Observed
from governance.api.openapi import described
from governance.api.problems import answer_with_problems
from governance.console.pages import mount as mount_console
from governance.console.portal_routes import mount_portals
from governance.decisions.engine_desk import EngineDesk
from governance.decisions.engine_records import EngineRecords
from governance.identity.issuer import DevelopmentIssuer
from governance.identity.keycloak.desired import CONSOLE, ways_in
from governance.identity.sign_in import SignInDesk
from governance.identity.way_in import WayIn
from governance.metrics.registry import make_registry
from governance.pipeline.external_desk import ExternalDesk
from governance.pipeline.impact_desk import ImpactDesk
from governance.platform import Platform
from governance.settings import Settings
from governance.telemetry.traces import flush_traces

_DESCRIPTION = """
One address, one format and one meaning for all communes of the federation.

* Open feeds need no token. For the others send `Authorization: Bearer …`; the token names your organisation,
  the policy engine decides at each request which rows and columns you receive, for which purpose.
* A refusal is a Problem (RFC 9457) whose `reasons` say which rule refused and what would change it.
* Filter with `column=value` or `column__operator=value`; follow `Link: rel="next"` from page to page.
* Without filter, the whole feed is one file: byte ranges and `If-None-Match` work.
"""
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every answer; a form may lead on to the identity provider, where people leave it too."""
    issuer, here = urlsplit(settings.token_issuer), urlsplit(settings.public_address)
    if not settings.people_sign_in or issuer[:2] == here[:2]:
        return SECURITY_HEADERS
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    led_on = policy.replace("form-action 'self'", f"form-action 'self' {issuer.scheme}://{issuer.netloc}")
    return {**SECURITY_HEADERS, "Content-Security-Policy": led_on}


class Outermost:
    """Adds the security headers to every answer, errors included, and lets no answered error go further.

    The framework answers an unexpected error, then raises it again, on which the server cuts the caller's
    connection. It was answered and logged under its number by then, so nothing is lost by stopping it here.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and mark its answer."""

        is_answered = False

        async def mark(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, mark if scope["type"] == "http" else send)
        except Exception:
            if not is_answered:
                raise


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = described(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """Put the security headers outermost: the answer to an unexpected error is made outside all middleware."""
        outermost = Outermost(super().build_middleware_stack(), security_headers(self.state.platform.settings))
        return Observed(outermost, self.state.request_figures)


@asynccontextmanager
async def _until_the_end(app: FastAPI) -> AsyncIterator[None]:
    """End what was begun beside the server, and send the last spans before it ends, where any are recorded."""
    yield
    await run_in_threadpool(app.state.impact_desk.close)
    await run_in_threadpool(app.state.external_desk.close)
    await run_in_threadpool(flush_traces)


def create_app(platform: Platform) -> FastAPI:
    """Return the application of a platform. Nothing is read from the environment here."""
    settings = platform.settings
    app = _Application(
        title="Archipel",
        summary=f"Feeds of {platform.federation.head.name}",
        description=_DESCRIPTION,
        version="1.0.0",
        openapi_url="/v1/openapi.json",
        # Kept off because both pages load their scripts from a content delivery network.
        docs_url=None,
        redoc_url=None,
        servers=[{"url": settings.public_address}],
        lifespan=_until_the_end,
    )
    if not settings.token_jwks_url:
        DevelopmentIssuer(settings)
    app.state.platform = platform
    app.state.gate = Gate.of(platform)
    app.state.engine_desk = EngineDesk(settings, platform.journal, EngineRecords(platform.engine))
    app.state.impact_desk = ImpactDesk(settings)
    app.state.external_desk = ExternalDesk(settings, platform.journal)
    app.state.sign_in = None
    if settings.people_sign_in:
        way = WayIn(settings, ways_in(settings)[CONSOLE], platform.federation, platform.journal)
        app.state.sign_in = SignInDesk(settings, way, platform.engine)
    app.state.registry, app.state.request_figures = make_registry(platform)
    answer_with_problems(app)
    app.include_router(feed_routes.router)
    app.include_router(ogc_routes.router)
    app.include_router(service_routes.router)
    app.include_router(identifier_routes.router)
    app.include_router(engine_routes.router)
    app.include_router(metrics_routes.router)
    mount_console(app)
    app.mount("/catalogue", CatalogueFiles(settings.state_dir / "catalogue"), name="catalogue")
    mount_portals(app, platform)
    return app
