"""Who calls and what for: the parts of a request that every address of the feeds API reads alike."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.decisions.model import Subject
from governance.identity.refusals import TokenError


# Asynchronous although nothing here waits, because the framework gives each other one to a thread, which costs more
# than the answer.
async def gate_of(request: Request) -> Gate:
    """Return the gate of the running application."""
    gate: Gate = request.app.state.gate
    return gate


# Declares the token in the OpenAPI document; the check is ours, since it gives each failure its own reason.
_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", bearerFormat="JWT")


def _verified(gate: Gate, token: str, client: str, address: str) -> Subject:
    """Verify a token; a refusal is written down before it is told.

    Raises:
        TokenError: with the check that failed.
        SQLAlchemyError: the refusal could not be written.
    """
    try:
        return gate.verifier.verify(token)
    except TokenError as error:
        gate.refused.note(client, error.refusal.code, address)
        raise


async def caller_of(
    request: Request,
    gate: Annotated[Gate, Depends(gate_of)],
    _: Annotated[object, Security(_BEARER)],
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Subject:
    """Return who asks: nobody in particular without a token; a token that is sent must be good.

    Raises:
        TokenError: with the check that failed.
    """
    if authorization is None:
        return Subject()
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("token_malformed")
    known = gate.verifier.known(token.strip())
    if known is not None:
        return known
    return await run_in_threadpool(_verified, gate, token.strip(), _client_of(request), request.url.path[:200])


def _client_of(request: Request) -> str:
    """From where a request comes: what the front says, which it writes over whatever a stranger says."""
    peer = request.client.host if request.client else ""
    return request.headers.get("x-forwarded-for", peer)[:64] if peer in ("127.0.0.1", "::1") else peer


async def purpose_of(
    purpose: Annotated[
        str | None,
        Query(max_length=120, description="why the data is read (DPV code)", examples=["dpv:ServiceProvision"]),
    ] = None,
    archipel_purpose: Annotated[str | None, Header(max_length=120, description="the same, as a header")] = None,
) -> str | None:
    """Return the purpose of a request, from its address or its header.

    Raises:
        ProblemError: 400, they differ.
    """
    if purpose and archipel_purpose and purpose != archipel_purpose:
        raise ProblemError(400, reason("purpose_conflict"))
    return purpose or archipel_purpose


CallerGate = Annotated[Gate, Depends(gate_of)]
Caller = Annotated[Subject, Depends(caller_of)]
Purpose = Annotated[str | None, Depends(purpose_of)]
ContractMajor = Annotated[
    str | None,
    Query(
        alias="contract",
        max_length=20,
        description="major version of the contract that the rows shall follow; else the current one",
        examples=["1"],
    ),
]
Dataset = Annotated[str, Path(max_length=80, description="id of the dataset", examples=["subventions"])]
