"""What machines ask of the service itself: is it alive, is it ready, which keys sign."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from governance.api.callers import CallerGate
from governance.api.health import faults_of
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.identity.issuer import jwks_path
from governance.shared_layer import read_current

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """State of the service and of what it stands on."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok"] = "ok"
    data_version: str | None = None


@router.get("/health/live", operation_id="is_live")
def is_live() -> Health:
    """The process answers, whatever it stands on: one that does not is started again."""
    return Health()


@router.get("/health/ready", operation_id="is_ready")
def is_ready(gate: CallerGate) -> Health:
    """The policy engine, the database and the shared layer answer; an empty shared layer is ready.

    Where one does not, a Problem (503) gives a reason for each, with what to do.
    """
    faults = faults_of(gate.platform)
    if faults:
        raise ProblemError(503, *faults, headers={"Retry-After": "5"})
    current = read_current(gate.platform.lake)
    return Health(data_version=current.version if current else None)


@router.get("/.well-known/jwks.json", operation_id="read_keys", include_in_schema=False)
def read_keys(gate: CallerGate) -> Response:
    """Public keys of the development issuer; with another issuer set, its keys are at its own address."""
    settings = gate.platform.settings
    path = jwks_path(settings.state_dir)
    if settings.token_jwks_url or not path.is_file():
        raise ProblemError(404, reason("page_not_found"))
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(path.read_bytes(), media_type="application/jwk-set+json", headers=headers)
