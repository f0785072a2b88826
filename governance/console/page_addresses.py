"""How a page gets its address, and the JSON beside it another."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from governance.console.rendering import render


def add_page(
    router: APIRouter,
    path: str,
    template: str,
    read: Callable[..., BaseModel],
    headers: Callable[[Any], Mapping[str, str]] = lambda _page: {},
) -> None:
    """Serve what `read` returns as a page at `path`, and as JSON at the same address with ``.json``.

    ``headers`` gives what the answer bears besides, for what was read.
    """

    def show(request: Request, page: Annotated[Any, Depends(read)]) -> Response:
        answer = render(request, template, page)
        answer.headers.update(headers(page))
        return answer

    beside = f"{path}index.json" if path.endswith("/") else f"{path}.json"
    router.add_api_route(beside, show, methods=["GET", "HEAD"])
    router.add_api_route(path, show, methods=["GET", "HEAD"])
