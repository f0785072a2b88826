"""What is seen of each request: its trace id, taken from the caller or new and told in the answer; its time and status.

Source: W3C Trace Context (``traceparent``); OpenTelemetry, semantic conventions for HTTP.
"""

import time

from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from governance.metrics.registry import RequestFigures
from governance.telemetry.trace_context import context_of, current_traceparent, step

_MOUNTED = ("/catalogue/", "/static/")
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}


class Observed:
    """Outermost of all: whatever the inside answers is counted, errors included."""

    def __init__(self, app: ASGIApp, figures: RequestFigures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        method = scope["method"] if scope["method"] in _METHODS else "other"
        caller = context_of(Headers(scope=scope).get("traceparent"))
        with step(f"HTTP {method}", {"http.request.method": method}, under=caller, kind=SpanKind.SERVER) as span:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route, status = route_of(scope), message["status"]
                    self._figures.count(method, route, status, time.perf_counter() - began)
                    if span.is_recording():
                        span.update_name(f"{method} {route}")
                        span.set_attributes({"http.route": route, "http.response.status_code": status})
                    MutableHeaders(scope=message)["traceparent"] = current_traceparent() or ""
                await send(message)

            await self._app(scope, receive, note)


def route_of(scope: Scope) -> str:
    """Return the declared route of a request, without its language; never the address, which anybody chooses."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        first, _, rest = path.removeprefix("/").partition("/")
        return f"/{rest}" if first in ("fr", "en") else path
    return next((f"{root}*" for root in _MOUNTED if scope["path"].startswith(root)), "unmatched")
