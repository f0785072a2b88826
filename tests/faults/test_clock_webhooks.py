"""The platform's clock an hour off: a receiver that looks at a signature's time refuses, and is told once it is right.

The receiver checks as the specification's own library does: signature, and a time that is at most five minutes away.
"""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from governance.notifications.send import send_waiting
from governance.state.database import outbox
from governance.state.outbox import list_notices
from infra.native.services.console import platform_environment
from tests.decisions.engine import free_port
from tests.faults.shifted import shifted
from tests.notifications.conftest import subscribe
from tests.pipeline.conftest import World, make_world, place

SECRET = "whsec_" + base64.b64encode(b"synthetic secret of a test, 32 b").decode()


@dataclass
class Strict:
    """A receiver, and what it took and refused, by ``webhook-id``."""

    host: str = ""
    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@pytest.fixture
def strict() -> Iterator[Strict]:
    got = Strict()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - kept because http.server calls it so
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                Webhook(SECRET).verify(body, headers)
            except WebhookVerificationError:
                got.refused.append(headers["webhook-id"])
                self.send_response(400)
            else:
                got.taken.append(headers["webhook-id"])
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    got.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield got
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(strict: Strict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A federation with a receipt that waits to be told to that receiver."""
    monkeypatch.setenv("SOURCE_SECRET_HOOK", SECRET)
    hook = {"webhook": f"http://{strict.host}/", "secret": "env:SOURCE_SECRET_HOOK", "when": "always"}
    made = subscribe(make_world(tmp_path), hook, egress_exceptions=(strict.host,))
    made.write("donges", place(1))
    made.harvest()
    return made


def _notify(world: World, shift: str) -> subprocess.CompletedProcess[str]:
    """Send what is due, as a command whose clock is off."""
    settings = world.platform.settings.model_copy(update={"opa_url": None, "opa_port": free_port()})
    environment = {**os.environ, **platform_environment(settings), **shifted(shift)}
    command = [str(Path(sys.executable).parent / "archipel"), "notify"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_a_notice_that_was_signed_at_another_time_is_told_once_when_the_clock_is_right(
    told: World, strict: Strict, shift: str
) -> None:
    done = _notify(told, shift)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    (notice,) = list_notices(told.platform.engine, "donges")
    assert (notice.state, strict.taken) == ("waiting", [])
    # What is due by the right clock is not due yet by one that is behind: then nothing was tried.
    assert len(strict.refused) == {"+1h": 1, "-1h": 0}[shift]
    if strict.refused:
        assert "en attente" in done.stdout and "400" in notice.failure_fr
    with told.platform.engine.begin() as connection:  # in the place of the wait for the next attempt
        connection.execute(update(outbox).values(next_try_at=datetime.now(UTC)))
    assert [delivery.state for delivery in send_waiting(told.platform)] == ["sent"]
    assert len(strict.taken) == 1 and {*strict.refused} <= {*strict.taken}
    assert send_waiting(told.platform) == []
