"""Stands between the publisher and CKAN: notes every call, and lets something happen before one is handed on."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

READS = ("_show", "_list", "_search")


@dataclass(frozen=True)
class Call:
    action: str
    values: dict[str, Any]


@dataclass
class Wire:
    """What went over the wire; ``cut`` and ``before`` are the test's to set."""

    portal: str
    calls: list[Call] = field(default_factory=list)
    before: Callable[[Call], None] = lambda _call: None
    cut: Callable[[Call], bool] = lambda _call: False
    """Whether the connection dies instead: the call never reaches CKAN."""
    cut_after: Callable[[Call], bool] = lambda _call: False
    """Whether it dies once CKAN has done the work: the answer never reaches the publisher."""
    fails: Callable[[Call], bool] = lambda _call: False
    """Whether CKAN answers that it failed (500); the call never reaches it."""
    address: str = ""

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if not call.action.endswith(READS)]

    def written(self) -> list[str]:
        return [call.action for call in self.writes]

    def forget(self) -> None:
        self.calls.clear()


@contextmanager
def wire_to(portal: str) -> Iterator[Wire]:
    """A wire to a CKAN."""
    wire = Wire(portal)
    client = httpx.Client(timeout=60)

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            call = Call(self.path.rsplit("/", 1)[-1], json.loads(body))
            wire.calls.append(call)
            wire.before(call)
            if wire.cut(call):
                self.close_connection = True
                return
            if wire.fails(call):
                self.send_response(500)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            headers = {name: self.headers[name] for name in ("Content-Type", "Authorization", "X-CKAN-API-Key")}
            kept = {name: value for name, value in headers.items() if value is not None}
            answer = client.post(f"{wire.portal}{self.path}", content=body, headers=kept)
            if wire.cut_after(call):
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        wire.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield wire
        server.shutdown()
        thread.join()
    client.close()
