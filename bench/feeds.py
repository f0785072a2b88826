"""How fast a whole feed file leaves: our server against nginx serving the same bytes, in one run.

``python -m bench.feeds [--rows 200000] [--seconds 5] [--json]``. Both on loopback, same file, same client,
one after the other; the ratio is what counts, since times drift from machine to machine. The decision is
asked and the access journalled at each of our requests; nginx does neither.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from governance.api.server import server_command
from governance.decisions.bundle import write_bundles
from governance.decisions.opa_server import opa_command, wait_for_revision
from governance.platform import Platform, open_platform
from governance.settings import Settings
from infra.native.services.console import platform_environment
from tests.api.small_platform import write_federation, write_shared
from tests.decisions.engine import free_port, running

_CLIENTS = 4
_ROWS = """
SELECT 'Association exemple ' || i AS beneficiaire, round(i * 1.37, 2) AS montant,
  DATE '2020-01-01' + CAST(i % 2000 AS INTEGER) AS "dateConvention", i % 3 = 0 AS notifie,
  'Subvention de fonctionnement, ligne synthétique numéro ' || i AS objet,
  CASE WHEN i % 2 = 0 THEN 'donges' ELSE 'trignac' END AS member_id
FROM range({rows}) AS t(i)
"""
_NGINX = """
daemon off; pid {root}/nginx.pid; error_log {root}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  server {{ listen 127.0.0.1:{port}; root {root}/www; }}
}}
"""


def measure(url: str, seconds: float) -> tuple[float, int]:
    """Return requests a second with four clients, and the size of one answer in bytes."""
    until = time.monotonic() + seconds

    def ask() -> tuple[int, int]:
        done = size = 0
        parts, block = urlsplit(url), bytearray(1 << 20)
        connection = HTTPConnection(parts.netloc, timeout=60)
        while time.monotonic() < until:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"{url}: {answer.status}")
            size = 0
            # Kept this plain because the client's own work would hide the difference between the servers.
            while read := answer.readinto(block):
                size += read
            done += 1
        connection.close()
        return done, size

    started = time.monotonic()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        found = [future.result() for future in [pool.submit(ask) for _ in range(_CLIENTS)]]
    return sum(done for done, _ in found) / (time.monotonic() - started), found[0][1]


@contextmanager
def nginx(root: Path, files: dict[str, bytes]) -> Iterator[str]:
    """Serve files with nginx on a free port of the loopback; gives its address."""
    port = free_port()
    (root / "www").mkdir(parents=True)
    for name, content in files.items():
        (root / "www" / name).write_bytes(content)
    for folder in (root, *root.parents[:1], root / "www"):
        folder.chmod(0o755)
    config = root / "nginx.conf"
    config.write_text(_NGINX.format(root=root, port=port))
    process = subprocess.Popen([shutil.which("nginx") or "nginx", "-c", str(config)])
    try:
        _wait_for(f"http://127.0.0.1:{port}/{next(iter(files))}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def feeds(root: Path) -> Iterator[Platform]:
    """Serve the small platform by a server process of its own, started as the supervisor starts it."""
    write_federation(root / "federation")
    places: dict[str, Any] = {"federation_dir": root / "federation", "state_dir": root / "state"}
    settings = Settings(**places, console_port=free_port(), opa_port=free_port())
    revision = write_bundles(settings)
    with running(opa_command(settings)):
        process = subprocess.Popen(server_command(settings), env={**os.environ, **platform_environment(settings)})
        try:
            _wait_for(f"{settings.public_address}/health/live")
            wait_for_revision(settings, revision)
            yield open_platform(settings)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(url: str) -> None:
    for _ in range(400):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


def compare(platform: Platform, root: Path, rows: int, seconds: float) -> list[dict[str, float | str]]:
    """Return one line a format: bytes, both rates, and ours as a share of nginx's."""
    write_shared(platform, "bench", subventions=_ROWS.format(rows=rows))
    addresses = {
        name: f"{platform.settings.public_address}/v1/feeds/subventions?format={name}" for name in ("csv", "parquet")
    }
    files = {f"feed.{name}": httpx.get(url, timeout=120).content for name, url in addresses.items()}
    lines: list[dict[str, float | str]] = []
    with nginx(root, files) as other:
        for name, url in addresses.items():
            theirs, size = measure(f"{other}/feed.{name}", seconds)
            ours, same = measure(url, seconds)
            if size != same:
                raise RuntimeError(f"{name}: {size} bytes from nginx, {same} from the feed")
            line: dict[str, float | str] = {
                "format": name,
                "bytes": size,
                "nginx": round(theirs, 1),
                "feed": round(ours, 1),
            }
            lines.append({**line, "ratio": round(ours / theirs, 2)})
    return lines


def main() -> int:
    """Run the comparison and print it; 2 where nginx is not installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("nginx") is None:
        print("nginx is not installed: nothing to compare with", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, feeds(Path(folder) / "platform") as platform:
        lines = compare(platform, Path(folder) / "nginx", arguments.rows, arguments.seconds)
    if arguments.json:
        print(json.dumps(lines))
    else:
        print(f"{'format':8} {'bytes':>12} {'nginx/s':>9} {'feed/s':>9} {'ratio':>6}")
        for line in lines:
            print(f"{line['format']:8} {line['bytes']:>12} {line['nginx']:>9} {line['feed']:>9} {line['ratio']:>6}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
