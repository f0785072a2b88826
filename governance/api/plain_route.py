"""A route whose parameters are read by a plan that is made once, for the address that partners ask most.

The framework works out at each request how each parameter is to be read, which took as long as all the rest of an
answer together. What is declared, and what the OpenAPI document says of it, is the same.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

_Checked = tuple[Any, list[Any]]


@dataclass(frozen=True)
class _Parameter:
    """One declared parameter: where it stands, and what checks it."""

    name: str
    place: str
    """``path``, ``query`` or ``header``."""
    sent_as: str
    default: Any
    check: Callable[..., _Checked]


@dataclass(frozen=True)
class _Plan:
    """How the arguments of one function are found in a request."""

    call: Callable[..., Any]
    request_as: str | None
    parameters: tuple[_Parameter, ...]
    needed: tuple[tuple[str, "_Plan"], ...]
    """The functions whose results it takes, by the name under which it does."""

    async def arguments(self, request: Request, faults: list[Any]) -> dict[str, Any]:
        """Return the arguments of ``call``; where there are faults, they are added and some are missing."""
        found: dict[str, Any] = {}
        for name, plan in self.needed:
            before = len(faults)
            given = await plan.arguments(request, faults)
            if len(faults) == before:
                found[name] = await plan.call(**given)
        sent: dict[str, Mapping[str, Any]] = {
            "path": request.path_params, "query": request.query_params, "header": request.headers,
        }  # fmt: skip
        for one in self.parameters:
            value = sent[one.place].get(one.sent_as)
            if value is None:
                found[one.name] = one.default
                continue
            found[one.name], wrong = one.check(value, {}, loc=(one.place, one.sent_as))
            faults += wrong
        if self.request_as is not None:
            found[self.request_as] = request
        return found


class PlainRoute(APIRoute):
    """A route of a function that waits, gives a `Response`, and takes parameters of one value each.

    Raises:
        TypeError: it takes, or something that it depends on, what is not read here.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, by the plan."""
        plan = _plan_of(self.dependant)

        async def handle(request: Request) -> Response:
            faults: list[Any] = []
            arguments = await plan.arguments(request, faults)
            if faults:
                raise RequestValidationError(faults)
            answer: Response = await run_in_threadpool(plan.call, **arguments)
            return answer

        return handle


def _plan_of(declared: Dependant) -> _Plan:
    others = (
        declared.body_params, declared.cookie_params, declared.response_param_name, declared.websocket_param_name,
        declared.background_tasks_param_name, declared.security_scopes_param_name, declared.http_connection_param_name,
    )  # fmt: skip
    if declared.call is None or any(others):
        raise TypeError(f"{declared.call}: takes what a plain route does not read")
    for one in declared.dependencies:
        if not one.is_coroutine_callable or one.name is None:
            raise TypeError(f"{one.call}: not asynchronous, or its result is not taken")
    placed = [
        *(("path", field) for field in declared.path_params),
        *(("query", field) for field in declared.query_params),
        *(("header", field) for field in declared.header_params),
    ]
    parameters = []
    for place, field in placed:
        if place != "path" and field.field_info.is_required():
            raise TypeError(f"{field.name}: a plain route asks for nothing that may be missing")
        # Headers are written with hyphens (RFC 9110, 5.1), unless a name was given for one.
        sent_as = field.alias.replace("_", "-") if place == "header" and field.alias == field.name else field.alias
        default = None if place == "path" else field.default
        parameters.append(_Parameter(field.name, place, sent_as, default, field.validate))
    needed = tuple((str(one.name), _plan_of(one)) for one in declared.dependencies)
    return _Plan(declared.call, declared.request_param_name, tuple(parameters), needed)
