"""A plain route reads parameters as the framework does, faults included, and refuses at the start what it cannot."""

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from governance.api.plain_route import PlainRoute
from governance.api.problems import ProblemError, answer_with_problems
from governance.api.words import reason
from governance.settings import Settings


async def _inner(request: Request, since: Annotated[str | None, Query(max_length=5)] = None) -> str:
    if since == "stop":
        raise ProblemError(410, reason("since_outdated"))
    return f"{request.method} {since}"


async def _outer(
    told: Annotated[str, Depends(_inner)],
    archipel_purpose: Annotated[str | None, Header(max_length=5)] = None,
    is_count: Annotated[bool, Query(alias="count")] = False,
    _limit: Annotated[int, Query(alias="limit", ge=1)] = 10,
) -> list[Any]:
    return [told, archipel_purpose, is_count, _limit]


def _rows(
    request: Request,
    dataset: Annotated[str, Path(max_length=8)],
    outer: Annotated[list[Any], Depends(_outer)],
    again: Annotated[str, Depends(_inner)],
    contract: Annotated[str | None, Query(max_length=3)] = None,
) -> Response:
    return JSONResponse([request.url.path[-5:], dataset, outer, again, contract])


def _app(route: type[APIRoute]) -> FastAPI:
    app, router = FastAPI(), APIRouter(route_class=route)
    router.get("/feeds/{dataset}", response_class=JSONResponse)(_rows)
    app.include_router(router, prefix="/v1")
    app.state.platform = type("Platform", (), {"settings": Settings()})
    answer_with_problems(app)
    return app


ASKED: list[tuple[str, dict[str, str]]] = [
    ("a", {}),
    ("a?since=x&contract=1&count=true&limit=3", {"Archipel-Purpose": "p"}),
    ("a?contract=1&contract=22&since=&limit=", {"archipel-purpose": ""}),
    ("a?contract=1234", {}),
    ("a?contract=1234&since=123456&count=perhaps&limit=0", {"Archipel-Purpose": "too long"}),
    ("a?limit=ten&unknown=1", {"Archipel_Purpose": "p"}),
    ("a?since=stop&contract=1234", {}),
    ("a%20b?count=1", {}),
    ("123456789", {}),
]


@pytest.mark.parametrize(("address", "headers"), ASKED)
def test_answers_are_those_of_the_framework(address: str, headers: dict[str, str]) -> None:
    async def ask(app: FastAPI) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://one") as client:
            return await client.get(f"/v1/feeds/{address}", headers=headers)

    ours, theirs = (asyncio.run(ask(_app(route))) for route in (PlainRoute, APIRoute))
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
    assert ours.status_code in (200, 400, 410)


def test_description_is_that_of_the_framework() -> None:
    assert _app(PlainRoute).openapi() == _app(APIRoute).openapi()


def _sync() -> str:
    return ""


def _with_body(content: Annotated[str, Body()]) -> Response:
    return Response(content)


def _with_cookie(word: Annotated[str | None, Cookie()] = None) -> Response:
    return Response(word)


def _with_needed(word: Annotated[str, Query()]) -> Response:
    return Response(word)


def _with_sync(word: Annotated[str, Depends(_sync)]) -> Response:
    return Response(word)


def _with_response(response: Response) -> Response:
    return response


@pytest.mark.parametrize("function", [_with_body, _with_cookie, _with_needed, _with_sync, _with_response])
def test_what_it_does_not_read_is_refused_at_the_start(function: Any) -> None:
    with pytest.raises(TypeError):
        APIRouter(route_class=PlainRoute).get("/x", response_class=Response)(function)
