"""A real mail server with STARTTLS and an account, and a real web server that receives webhooks; both on loopback."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from pydantic import SecretStr

from governance.federation import load_federation
from tests.connectors.certificate import public_part, write_certificate
from tests.decisions.engine import free_port
from tests.pipeline.conftest import World, database_url, world

__all__ = ["database_url", "world"]
ACCOUNT, PASSWORD = "archipel", "synthetic-password"
UNKNOWN = "personne@nulle-part.example"
"""A mailbox that the server does not know."""


@dataclass
class MailBox:
    """What the mail server took, and whether the connection was protected."""

    port: int
    ca_file: Path
    letters: list[EmailMessage] = field(default_factory=list)
    were_protected: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - kept because aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == UNKNOWN:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - likewise
        content = envelope.original_content or b""
        letter = message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.were_protected.append(session.ssl is not None)
        return "250 taken"


def _authenticate(server: Any, session: Any, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (ACCOUNT.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailBox]:
    folder = tmp_path / "certificate"
    folder.mkdir()
    certificate = write_certificate(folder, "localhost")
    ca_file = folder / "authority.pem"
    ca_file.write_text(public_part(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = MailBox(free_port(), ca_file)
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_authenticate,
    )
    controller.start()
    yield box
    controller.stop()


@dataclass
class Receiver:
    """What a program that receives webhooks got; it answers with ``statuses`` one after the other, then 200."""

    address: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    got = Receiver()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - kept because http.server calls it so
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(got.statuses.pop(0) if got.statuses else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    got.address = f"http://127.0.0.1:{server.server_port}/archipel?key=1234"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield got
    server.shutdown()
    server.server_close()


def subscribe(world: World, *subscriptions: Mapping[str, Any], **settings: Any) -> World:
    """Declare subscriptions of Donges, under settings that differ."""
    platform = world.platform
    path = platform.settings.federation_dir / "members" / "donges.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    declared["subscriptions"] = [dict(one) for one in subscriptions]
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    federation = load_federation(platform.settings.federation_dir)
    changed = platform.settings.model_copy(update=settings)
    return replace(world, platform=replace(platform, federation=federation, settings=changed))


def served_by(mail: MailBox) -> dict[str, object]:
    """Settings under which that mail server is used."""
    return {
        "smtp_host": "localhost",
        "smtp_port": mail.port,
        "smtp_ca_file": mail.ca_file,
        "smtp_user": ACCOUNT,
        "smtp_password": SecretStr(PASSWORD),
        "smtp_sender": "archipel@carene.example",
    }
