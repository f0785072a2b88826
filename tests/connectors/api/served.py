"""A small HTTP server for services we do not own: each speaks its published protocol, and remembers what was asked."""

import hashlib
import json
import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Ask:
    """One question; ``base`` is the server's address as the client knows it."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base: str


@dataclass(frozen=True)
class Reply:
    """One answer; a file has an ETag and can be resumed."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_file: bool = False


def json_reply(value: Any, status: int = 200, kind: str = "application/json", **headers: str) -> Reply:
    """An answer in JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(json.dumps(value).encode(), status, {"Content-Type": kind, **named})


class Served(ThreadingHTTPServer):
    """A service; ``instead`` are answers given before any other, once each, ``refusal`` one given for good."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.instead: list[Reply] = []
        self.refusal: Reply | None = None
        super().__init__(("127.0.0.1", 0), _Visit)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def endpoint(self) -> str:
        """``host:port``, as an egress exception is written."""
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """Base address."""
        return f"http://{self.endpoint}"

    @abstractmethod
    def answer(self, ask: Ask) -> Reply:
        """Answer a question as the protocol says."""

    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [ask.path for ask in self.asked]

    @contextmanager
    def serving(self) -> Iterator["Served"]:
        """Answer until the end of the block."""
        thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet when a client hangs up: tests do it on purpose."""


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Served

    def do_GET(self) -> None:  # noqa: N802 - kept because the standard library asks for this name
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        ask = Ask(unquote(parts.path), query, self.headers, f"http://{self.headers['Host']}")  # type: ignore[arg-type]
        self.server.asked.append(ask)
        waiting = self.server.instead
        reply = waiting.pop(0) if waiting else self.server.refusal or self.server.answer(ask)
        self._send(_as_file(reply, self.headers) if reply.is_file and reply.status == 200 else reply)

    do_HEAD = do_GET  # noqa: N815 - kept because the standard library asks for this name

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _as_file(reply: Reply, headers: Any) -> Reply:
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:20]}"'
    told = {**reply.headers, "ETag": etag, "Accept-Ranges": "bytes"}
    if headers.get("If-None-Match") == etag:
        return Reply(b"", 304, told)
    span = headers.get("Range", "")
    if span.startswith("bytes=") and headers.get("If-Range") == etag:
        start = int(span.removeprefix("bytes=").rstrip("-"))
        told["Content-Range"] = f"bytes {start}-{len(reply.body) - 1}/{len(reply.body)}"
        return Reply(reply.body[start:], 206, told)
    return Reply(reply.body, 200, told)
