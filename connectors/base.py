"""What every connector is given and gives back: requests, limits, results.

A connector is a module of this package that has ``Options`` (a frozen pydantic model whose fields are described: the
options page is made from it), ``check(request)`` and ``fetch(request)``. Nothing else registers it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from connectors.problems import BadOptions

O = TypeVar("O", bound="ConnectorOptions")  # noqa: E741 - kept: the one type variable here


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConnectorOptions(_Frozen):
    """Base of every connector's options: frozen, and a misspelt option is an error."""


class EgressRules(_Frozen):
    """Where connectors may go; the default is the public Internet, on its usual ports."""

    schemes: tuple[str, ...] = ("https", "http")
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    exceptions: tuple[str, ...] = Field((), description="host:port pairs allowed although not public addresses")


class Limits(_Frozen):
    """How long, how much and how often; times in seconds, sizes in bytes."""

    timeout_seconds: float = Field(30.0, gt=0, description="longest silence")
    total_seconds: float = Field(900.0, gt=0, description="longest download, whatever the attempts")
    max_bytes: int = Field(512 * 1024 * 1024, gt=0, description="largest body, after decompression")
    max_ratio: float = Field(200.0, gt=1, description="decompressed size over received size, past the first MiB")
    max_redirects: int = Field(5, ge=0)
    attempts: int = Field(4, ge=1)
    backoff_seconds: float = Field(0.5, ge=0, description="wait before the second attempt; doubles each time")
    backoff_max_seconds: float = Field(20.0, ge=0)
    retry_after_max_seconds: float = Field(60.0, ge=0, description="a server that asks for longer is left alone")
    egress: EgressRules = EgressRules()
    folders: tuple[Path, ...] = Field((), description="folders of this machine that may be read; by default none")
    uploads: Path | None = Field(None, description="folder of what people handed in; by default there is none")


class Validators(_Frozen):
    """What tells whether a source has changed since it was last fetched."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    watermark: str | None = Field(
        None, description="how far an incremental source was read: a value of the last row received, never a clock"
    )


class FetchRequest(_Frozen):
    """One order to a connector."""

    options: Mapping[str, Any]
    into: Path = Field(description="folder for the body; the receiver moves or deletes what is put there")
    since: Validators = Validators()
    previous: Path | None = Field(
        None, description="bytes that ``since.sha256`` stands for, read only; without them all is read from the start"
    )
    limits: Limits = Limits()
    secret: SecretStr | None = Field(None, description="the value, resolved by the caller; never logged")

    @property
    def known_watermark(self) -> str | None:
        """Where an incremental source goes on; without the rows that it stands for, a watermark would lose them."""
        return self.since.watermark if self.previous is not None else None


class Fetched(_Frozen):
    """What came of an order. When nothing changed there is no path, and the hash is the one already known.

    What is handed over is always complete: an incremental source lays what it received over ``request.previous``
    (``connectors.snapshot``). The caller stores ``validators`` once the rows are settled and not before, so that a
    watermark never passes what failed.
    """

    not_modified: bool
    path: Path | None
    sha256: str | None
    size: int | None = Field(description="bytes, after decompression")
    filename: str
    media_type: str | None
    validators: Validators
    attempts: int = 1
    received_bytes: int = Field(0, description="bytes of body that crossed the network, repeats included")
    gone: int = Field(0, ge=0, description="rows handed over that the source no longer has: told, not taken away")


class Checked(_Frozen):
    """What can be said of a source without taking it."""

    filename: str
    media_type: str | None
    size: int | None
    validators: Validators
    resumable: bool


class Connector(Protocol):
    """The shape of a connector's module."""

    Options: type[ConnectorOptions]

    def check(self, request: FetchRequest) -> Checked:
        """Say whether the source answers, without taking it."""

    def fetch(self, request: FetchRequest) -> Fetched:
        """Take the source if it changed since ``request.since``."""


def read_options(model: type[O], request: FetchRequest) -> O:
    """Return the request's options as their model.

    Raises:
        BadOptions: naming the first option at fault and the reason.
    """
    try:
        return model.model_validate(dict(request.options))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "options"
        raise BadOptions(name, first["msg"]) from None
