"""How a page gets its address, and the JSON beside it another."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from governance.console.rendering import render


def add_page(router: APIRouter, path: str, template: str, read: Callable[..., BaseModel]) -> None:
    """Serve what `read` returns as a page at `path`, and as JSON at the same address with ``.json``."""

    def show(request: Request, page: Annotated[Any, Depends(read)]) -> Response:
        return render(request, template, page)

    beside = f"{path}index.json" if path.endswith("/") else f"{path}.json"
    router.add_api_route(beside, show, methods=["GET", "HEAD"])
    router.add_api_route(path, show, methods=["GET", "HEAD"])
