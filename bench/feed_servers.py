"""The servers that the benches of feeds compare: the API, nginx before it, datasette; and who asks them."""

import json
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx

from governance.decisions.opa_server import opa_command, wait_for_revision
from governance.identity.issuer import DevelopmentIssuer
from governance.pipeline.in_force import put_in_force
from governance.platform import Platform, open_platform
from governance.settings import Settings
from infra.native.services.front import FRONT, front_address
from tests.api.small_platform import server_process, write_federation, write_shared
from tests.decisions.engine import free_port, running

ROOT = Path(__file__).resolve().parents[1]
DATASETTE = ROOT / ".venv" / "peers" / "datasette" / "bin" / "datasette"
NO_LIMIT: dict[str, Any] = {
    "front_requests_per_second": 1_000_000,
    "front_connections": 1_000,
    "feed_quota_requests": 1_000_000,
}
"""What is measured is how fast, not how fast one address or agreement may ask."""
GRANTS = """
SELECT 'Association exemple ' || i AS beneficiaire, round(i * 1.37, 2) AS montant,
  DATE '2020-01-01' + CAST(i % 2000 AS INTEGER) AS "dateConvention", i % 3 = 0 AS notifie,
  'Subvention de fonctionnement, ligne synthétique numéro ' || i AS objet,
  CASE WHEN i % 2 = 0 THEN 'donges' ELSE 'trignac' END AS member_id
FROM range({rows}) AS t(i)
"""
ENERGY = """
SELECT 'PDL-EXEMPLE-' || i AS point_livraison_id, CASE WHEN i % 2 = 0 THEN 'école' ELSE 'mairie' END AS batiment_type,
  'Rue exemple, ligne synthétique numéro ' || i AS adresse, '44052' AS commune_insee, '2024-01' AS mois,
  round(i * 0.37, 2) AS consommation_kwh, 'exemple-reseau' AS member_id
FROM range({rows}) AS t(i)
"""


@dataclass(frozen=True)
class Served:
    """A platform with nginx in front of it."""

    platform: Platform
    api: "subprocess.Popen[bytes]"
    front: "subprocess.Popen[bytes]"
    settings: Settings

    @property
    def direct(self) -> str:
        """Address of the API itself."""
        return f"http://{self.settings.host}:{self.settings.console_port}"

    @property
    def address(self) -> str:
        """Address of the front."""
        return front_address(self.settings)

    def put_file(self, name: str, content: bytes) -> str:
        """Lay a file where nginx serves what is open; gives its address."""
        folder = self.settings.state_dir / "catalogue" / "current"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return f"{self.address}/catalogue/{name}"

    def token(self) -> str:
        """A token of the example start-up."""
        return DevelopmentIssuer(self.settings).mint(self.platform.federation.organisations["exemple-startup"])


@contextmanager
def served(root: Path, grants: int, energy: int) -> Iterator[Served]:
    """Serve that many rows as a production does: the API by its own server, nginx before it."""
    write_federation(root / "federation")
    ports = ("console_port", "opa_port", "front_port", "front_http_port", "front_ckan_port")
    chosen: dict[str, Any] = {name: free_port() for name in ports} | NO_LIMIT
    settings = Settings(federation_dir=root / "federation", state_dir=root / "state", **chosen)
    platform = open_platform(settings)
    revision = put_in_force(settings, platform.journal)
    write_shared(
        platform, "bench", subventions=GRANTS.format(rows=grants), consommation_energie=ENERGY.format(rows=energy)
    )
    with running(opa_command(settings)), server_process(settings) as api:
        wait_for_revision(settings, revision)
        FRONT.configure(settings, lambda _: None)
        front = subprocess.Popen(FRONT.command(settings), stdout=subprocess.DEVNULL)
        try:
            _wait_for(f"{front_address(settings)}/health/live")
            yield Served(platform, api, front, settings)
        finally:
            front.terminate()
            front.wait(timeout=10)


@contextmanager
def datasette(root: Path, rows: int) -> Iterator[str]:
    """Serve the same grants with datasette, from SQLite with an index on the column asked; gives its address.

    Raises:
        FileNotFoundError: ``make .venv/.peers`` was not run.
    """
    file, port = root / "feed.db", free_port()
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TABLE subventions (beneficiaire TEXT, montant REAL, dateConvention TEXT, notifie INT, "
            "objet TEXT, member_id TEXT)"
        )
        cursor = duckdb.connect().execute(GRANTS.format(rows=rows))
        while part := cursor.fetchmany(10_000):
            database.executemany("INSERT INTO subventions VALUES (?, ?, ?, ?, ?, ?)", [_plain(row) for row in part])
        database.execute("CREATE INDEX by_amount ON subventions (montant)")
    words = [str(DATASETTE), "serve", str(file), "--port", str(port), "--setting", "max_returned_rows", "1000"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/feed.json")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value if isinstance(value, int | float | str) else str(value) for value in row)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(url, verify=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


def rate(url: str, seconds: float, headers: Mapping[str, str] | None = None, script: str = "") -> float:
    """Answers a second to four connections of wrk; ``script`` is Lua that makes each request another one.

    Raises:
        RuntimeError: wrk is not installed, or an answer was neither 2xx nor 3xx.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed (apt-get install wrk): nothing can ask fast enough")
    sent = [word for name, value in (headers or {}).items() for word in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()  # a file because wrk reads its script more than once
        given = ["-s", file.name] if script else []
        words = [wrk, "-t", "1", "-c", "4", "-d", f"{int(seconds)}s", "--timeout", "60s", *given, *sent, url]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found is None or "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"{url}: {told}")
    return float(found[1])


def memory_mib(process: "subprocess.Popen[bytes]") -> float:
    """Memory of a process and its children, each page counted by its share (PSS), in MiB."""
    return sum(_pss(number) for number in (process.pid, *_children(process.pid))) / 1024


def _children(parent: int) -> list[int]:
    shown = Path(f"/proc/{parent}/task/{parent}/children")
    own = [int(word) for word in shown.read_text().split()] if shown.exists() else []
    return [*own, *(later for child in own for later in _children(child))]


def _pss(number: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{number}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def show(lines: list[dict[str, Any]], as_json: bool) -> None:
    """Print what was measured, a line a claim."""
    if as_json:
        print(json.dumps(lines))
        return
    for line in lines:
        verdict = "met" if line["met"] else "MISSED"
        print(f"{line['claim']:70} {line['measured']:>34}  target {line['target']:>8}  {verdict}")
