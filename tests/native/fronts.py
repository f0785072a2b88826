"""nginx of a test's own before the small platform."""

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from governance.settings import Settings
from infra.native.services.front import FRONT, authority_file
from tests.api.small_platform import Running
from tests.decisions.engine import free_port

PORTAL = "donges.localhost"


@dataclass(frozen=True)
class Front:
    """nginx of the test's own, and what stands behind it."""

    settings: Settings
    running: Running

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.settings.front_port}"

    def client(self, **headers: str) -> httpx.Client:
        trust = ssl.create_default_context(cafile=authority_file(self.settings))
        return httpx.Client(base_url=self.address, verify=trust, timeout=30, headers=headers)

    def lines(self) -> list[dict[str, Any]]:
        """What nginx wrote of each request."""
        return [json.loads(line) for line in _log(self.settings).read_text(encoding="utf-8").splitlines()]

    def open_files(self) -> list[str]:
        with self.client() as client:
            index = client.get("/catalogue/index.json").json()
        return [file["url"].split("/catalogue/", 1)[1] for dataset in index["datasets"] for file in dataset["files"]]


def start(settings: Settings, files_in: Path | None = None) -> subprocess.Popen[bytes]:
    """Start nginx as the platform does; ``files_in`` stands for the folder of whole files in its configuration."""
    FRONT.configure(settings, lambda _: None)
    if files_in is not None:
        path = settings.state_dir / "services" / "front" / "nginx.conf"
        whole = settings.feeds_dir.resolve() / "whole"
        path.write_text(path.read_text(encoding="utf-8").replace(f"{whole}", f"{files_in}"), encoding="utf-8")
    with _log(settings).open("ab") as log:
        process = subprocess.Popen(FRONT.command(settings), stdout=log)
    deadline = time.monotonic() + 30
    while FRONT.is_ready is not None and not FRONT.is_ready(settings):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    return process


def _log(settings: Settings) -> Path:
    return settings.state_dir / f"front-{settings.front_port}.log"


def declare_portal(root: Path) -> None:
    path = root / "federation" / "members" / "donges.yaml"
    portal = {"host": PORTAL, "title": "Donges, données ouvertes", "colour": "#0b5c6b"}
    told = yaml.safe_load(path.read_text(encoding="utf-8")) | {"portal": portal}
    path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


@contextmanager
def another(front: Front, files_in: Path | None = None, **changes: object) -> Iterator[Front]:
    """A second nginx before the same platform, with other settings."""
    ports = {f"front_{name}": free_port() for name in ("port", "http_port", "ckan_port")}
    settings = front.settings.model_copy(update={**ports, **changes})
    files = [front.settings.state_dir / "services" / "front" / name for name in ("nginx.conf", "nginx.pid")]
    kept = [path.read_bytes() for path in files]
    process = start(settings, files_in)
    try:
        yield Front(settings, front.running)
    finally:
        stop(process)
        for path, content in zip(files, kept, strict=True):
            path.write_bytes(content)
