"""The desk of the policy engines alone, on a port of its own, for an engine that lives as long as one command.

So that such an engine is configured, fed and heard as the one beside the whole application is.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI, Request
from fastapi.responses import Response
from granian.constants import Interfaces
from granian.server.embed import Server

from governance.api import engine_routes
from governance.decisions.engine_desk import EngineDesk
from governance.identity.refusals import TokenError

_STOP_SECONDS = 10


def _application(desk: EngineDesk) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.engine_desk = desk
    app.include_router(engine_routes.router)

    async def refuse(_request: Request, _error: Exception) -> Response:
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})

    app.add_exception_handler(TokenError, refuse)
    return app


@contextmanager
def desk_served(desk: EngineDesk, host: str, port: int) -> Iterator[str]:
    """Serve a desk from a thread of this process, and give its address."""
    # Granian because the application beside it is served by it too.
    server = Server(
        _application(desk), address=host, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()), name="engine-desk", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        desk.is_closing = True
        loop.call_soon_threadsafe(server.stop)
        thread.join(_STOP_SECONDS)
