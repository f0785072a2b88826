"""The example town halls' sites over real HTTP: ``python -m infra.town_halls.serve --dir DIR``.

One folder is served, on loopback unless told otherwise. How each path answers (validators, outages, cuts, redirections)
is said by ``behaviour.yaml`` in that folder, read again at each request: the longest prefix that fits wins.
"""

import argparse
import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from socketserver import TCPServer
from urllib.parse import quote, unquote, urlsplit

from infra.town_halls.behaviour import Behaviour, behaviour_of

_TYPES = {".ttl": "text/turtle; charset=utf-8"}
"""What the standard library has no name for."""


@dataclass(frozen=True)
class Served:
    """One answer, for tests to count."""

    method: str
    path: str
    status: int
    body_bytes: int
    range: str | None


class Sites(ThreadingHTTPServer):
    """The server; ``answers`` lists what it gave."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, root: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.root = root.resolve()
        self._served: list[Served] = []
        self._asked: Counter[str] = Counter()
        self._change = threading.Condition()
        super().__init__((host, port), _Visit)

    def server_bind(self) -> None:
        """Bind without asking the network what this machine is called, which takes seconds where no DNS answers."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def address(self) -> str:
        """Base address, without a trailing slash."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def note(self, served: Served) -> None:
        """Keep an answer that is over."""
        with self._change:
            self._served.append(served)
            self._change.notify_all()

    def answers(self, path: str, timeout_seconds: float = 10) -> list[Served]:
        """Every answer given for a path, once those under way are over."""
        with self._change:
            self._change.wait_for(lambda: len(self._of(path)) >= self._asked[path], timeout_seconds)
            return self._of(path)

    def _of(self, path: str) -> list[Served]:
        return [one for one in self._served if one.path == path]

    def behave(self, path: str) -> Behaviour:
        """How this request for a path is answered; past its ``first`` requests, as if it behaved."""
        found = behaviour_of(path, self.root)
        with self._change:
            self._asked[path] += 1
        if found.first is not None and self._asked[path] > found.first:
            return Behaviour(validators=found.validators, ranges=found.ranges)
        return found

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet when a client hangs up: tests do it on purpose."""


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sites

    def do_GET(self) -> None:  # noqa: N802 - kept because the standard library asks for this name
        path = unquote(urlsplit(self.path).path).lstrip("/")
        how = self.server.behave(path)
        file = (self.server.root / path).resolve()
        if self.command == "HEAD" and not how.head:
            self._answer(path, 405, {"Allow": "GET"}, b"")
        elif how.redirect is not None:
            self._answer(path, 302, {"Location": how.redirect}, b"")
        elif how.status is not None:
            self._answer(
                path, how.status, {"Retry-After": how.retry_after} if how.retry_after else {}, b"unavailable\n"
            )
        elif not file.is_relative_to(self.server.root) or (file.is_file() and file.parent == self.server.root):
            self._answer(path, 404, {}, b"not found\n")
        elif file.is_dir():
            page = _listing(file, self.server.root)
            self._answer(path, 200, {"Content-Type": "text/html; charset=utf-8"}, page)
        elif file.is_file():
            self._serve_file(path, file, how)
        else:
            self._answer(path, 404, {}, b"not found\n")

    do_HEAD = do_GET  # noqa: N815 - kept because the standard library asks for this name

    def _serve_file(self, path: str, file: Path, how: Behaviour) -> None:
        content = file.read_bytes()
        kind = _TYPES.get(file.suffix) or guess_type(file.name)[0] or "application/octet-stream"
        headers = {"Content-Type": kind} | _validators(file, content, how)
        if how.filename:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(how.filename)}"
        if how.ranges:
            headers["Accept-Ranges"] = "bytes"
        if self._is_known(headers):
            self._answer(path, 304, {} if how.bare_304 else headers, b"", how)
            return
        start = self._range_start(headers) if how.ranges else None
        if start is not None and start < len(content):
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._answer(path, 206, headers, content[start:], how)
            return
        if how.bomb_bytes is not None or how.gzipped:
            headers["Content-Encoding"] = "gzip"
            content = gzip.compress(bytes(how.bomb_bytes) if how.bomb_bytes is not None else content)
        self._answer(path, 200, headers, content, how)

    def _is_known(self, headers: dict[str, str]) -> bool:
        """RFC 9110, 13.2.2: If-None-Match wins over If-Modified-Since."""
        if "If-None-Match" in self.headers:
            return headers.get("ETag") in self.headers["If-None-Match"].split(", ")
        since, changed = self.headers.get("If-Modified-Since"), headers.get("Last-Modified")
        return bool(since and changed) and parsedate_to_datetime(changed or "") <= parsedate_to_datetime(since or "")

    def _range_start(self, headers: dict[str, str]) -> int | None:
        asked, condition = self.headers.get("Range", ""), self.headers.get("If-Range")
        if not asked.startswith("bytes=") or not asked.endswith("-"):
            return None
        if condition is not None and condition not in (headers.get("ETag"), headers.get("Last-Modified")):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _answer(
        self, path: str, status: int, headers: dict[str, str], body: bytes, how: Behaviour | None = None
    ) -> None:
        how = how or Behaviour()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if how.endless:
            self.send_header("Connection", "close")
        elif status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = 0
        try:
            for piece in _pieces(body, how) if self.command != "HEAD" else ():
                self.wfile.write(piece)
                sent += len(piece)
        finally:
            self.close_connection = self.close_connection or how.endless or sent < len(body)
            self.server.note(Served(self.command, path, status, sent, self.headers.get("Range")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - kept: the standard library's name
        """Say nothing: the supervisor's log is for what went wrong."""


def _pieces(body: bytes, how: Behaviour) -> Iterator[bytes]:
    left = len(body) if how.cut_after is None else min(how.cut_after, len(body))
    while left > 0:
        for start in range(0, left, how.piece_bytes):
            time.sleep(how.slow_seconds)
            yield body[start : min(start + how.piece_bytes, left)]
        left = left if how.endless else 0


def _validators(file: Path, content: bytes, how: Behaviour) -> dict[str, str]:
    headers = {}
    if how.validators in ("both", "etag"):
        headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    if how.validators in ("both", "last_modified"):
        headers["Last-Modified"] = formatdate(file.stat().st_mtime, usegmt=True)
    return headers


def _listing(folder: Path, root: Path) -> bytes:
    """What a folder shows: of the root its sites alone, of a site what it answers with."""
    found = [path for path in folder.iterdir() if folder != root or path.is_dir()]
    listed = [path for path in found if behaviour_of(path.relative_to(root).as_posix(), root).status != 404]
    names = sorted(f"{path.name}/" if path.is_dir() else path.name for path in listed)
    links = "".join(f'<li><a href="{quote(name)}">{escape(name)}</a></li>' for name in names if name.isprintable())
    title = "Sites d'exemple (données synthétiques)"
    head = f'<!doctype html><html lang="fr"><meta charset="utf-8"><title>{title}</title>'
    return f"{head}<h1>{title}</h1><ul>{links}</ul></html>".encode()


def main() -> None:
    """Command line; serves until the process is told to end."""
    parser = argparse.ArgumentParser(description="Serve the example town halls' sites.")
    parser.add_argument("--dir", type=Path, required=True, help="folder made by infra.town_halls.generate")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8703)
    given = parser.parse_args()
    with Sites(given.dir, given.host, given.port) as sites:
        print(f"example sites on {sites.address}", flush=True)  # noqa: T201 - kept: a command speaks
        sites.serve_forever()


if __name__ == "__main__":
    main()
