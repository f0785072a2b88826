"""One file at an address, over HTTP or HTTPS: the way most town halls share.

Unchanged files cost nothing where the server has ETag or Last-Modified; elsewhere the file is taken and its hash
compared.
"""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import httpx
from pydantic import AfterValidator, Field, SecretStr

from connectors.answers import filename_of, media_type_of
from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators, read_options
from connectors.egress import shown
from connectors.problems import BadOptions, SourceRefused
from connectors.session import Answer, Order, Session


def _is_an_address(value: str) -> str:
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError("not an address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("an address begins with https:// or http:// and a host name")
    if url.userinfo:
        raise ValueError("a user name or password belongs in a secret, not in the address")
    return value


WebAddress = Annotated[str, AfterValidator(_is_an_address)]
"""An address of http or https without user name or password."""


class Access(ConnectorOptions):
    """How a source's secret is sent, for servers that leave the choice."""

    auth: Literal["none", "bearer", "basic", "header"] = Field(
        "none", title="Accès", description="how the source's secret is sent; for basic it is user:password"
    )
    auth_header: str = Field(
        "X-API-Key", title="En-tête", pattern=r"^[A-Za-z0-9-]+$", description="name of the header when auth is header"
    )


class KeyAccess(ConnectorOptions):
    """Whether a portal is asked with a key of its own form."""

    auth: Literal["none", "key"] = Field("none", title="Accès", description="key: the source's secret is an API key")

    def key_to_send(self, secret: SecretStr | None) -> SecretStr | None:
        """Return the key to send, None when none is declared.

        Raises:
            BadOptions: there is no secret to send.
        """
        if self.auth == "key" and secret is None:
            raise BadOptions("auth", "key needs the source's secret, and there is none")
        return secret if self.auth == "key" else None


class Options(Access):
    """What the declaration of an ``http_file`` source says."""

    url: WebAddress = Field(
        title="Adresse", description="address of the file, http or https, without user name or password"
    )


def secret_headers(options: Access, secret: SecretStr | None) -> dict[str, SecretStr]:
    """Return the headers that bear the source's secret as the options declare.

    Raises:
        BadOptions: there is no secret to send.
    """
    if options.auth == "none":
        return {}
    if secret is None:
        raise BadOptions("auth", f"{options.auth} needs the source's secret, and there is none")
    value = secret.get_secret_value()
    if options.auth == "header":
        return {options.auth_header: secret}
    if options.auth == "basic":
        return {"Authorization": SecretStr("Basic " + base64.b64encode(value.encode()).decode())}
    return {"Authorization": SecretStr(f"Bearer {value}")}


def _order(request: FetchRequest) -> Order:
    options = read_options(Options, request)
    return Order(options.url, secret_headers=secret_headers(options, request.secret))


def _unless_known(order: Order, since: Validators) -> Order:
    # Without the hash of what it validated, a validator proves nothing we hold.
    known = since if since.sha256 else Validators()
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    given = {name: value for name, value in headers.items() if value}
    return replace(order, headers={**order.headers, **given})


def _validators(answer: Answer, sha256: str | None) -> Validators:
    headers = answer.headers
    return Validators(etag=headers.get("ETag"), last_modified=headers.get("Last-Modified"), sha256=sha256)


def check(request: FetchRequest) -> Checked:
    """Say whether the file answers, and what its headers promise.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    with Session(request.limits) as session:
        return check_file(session, _order(request))


def check_file(session: Session, order: Order) -> Checked:
    """Say what the headers of one file promise.

    Raises: as ``check``.
    """
    answer = session.probe(order)
    length = answer.headers.get("Content-Length", "")
    return Checked(
        filename=filename_of(answer.headers, answer.url),
        media_type=media_type_of(answer.headers),
        size=int(length) if length.isdecimal() else None,
        validators=_validators(answer, None),
        resumable=answer.headers.get("Accept-Ranges", "").lower() == "bytes",
    )


def fetch(request: FetchRequest) -> Fetched:
    """Take the file, unless it is what ``request.since`` says we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    with Session(request.limits) as session:
        return take_file(session, _order(request), request.into, request.since)


def take_file(session: Session, order: Order, into: Path, since: Validators) -> Fetched:
    """Take one file into a folder unless it is what ``since`` says we have; for connectors that find a file first.

    Raises: as ``fetch``.
    """
    answer = session.download(_unless_known(order, since), into)
    if answer.path is None and since.sha256 is None:
        raise SourceRefused(shown(answer.url), 304, "« inchangé » sans qu'on l'ait demandé", "'unchanged', unasked")
    unchanged = answer.path is None or answer.sha256 == since.sha256
    if unchanged and answer.path is not None:
        answer.path.unlink()
    validators = _validators(answer, answer.sha256 or since.sha256)
    if answer.path is None:
        # A 304 need not repeat the validators: keep those that brought it.
        missing = {
            "etag": validators.etag or since.etag,
            "last_modified": validators.last_modified or since.last_modified,
        }
        validators = validators.model_copy(update=missing)
    return Fetched(
        not_modified=unchanged,
        path=None if unchanged else answer.path,
        sha256=validators.sha256,
        size=answer.size,
        filename=filename_of(answer.headers, answer.url),
        media_type=media_type_of(answer.headers),
        validators=validators,
        attempts=answer.attempts,
        received_bytes=answer.received_bytes,
    )
