"""The policy engine's server when it is not installed: built, else downloaded and held to its checksum, else words."""

import hashlib
import platform
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from governance.decisions.opa_server import PolicyEngineError
from infra.native import opa_binary
from infra.native.opa_binary import OpaMissing, obtain_opa

PROGRAM = b"#!/bin/sh\necho 'Version: 1.21.0'\n"


class Releases(BaseHTTPRequestHandler):
    """Plays the site of the releases: a redirection to the file, as the real one answers."""

    asked: ClassVar[list[str]] = []
    served: ClassVar[bytes] = PROGRAM

    def do_GET(self) -> None:  # noqa: N802 - kept because the server asks for this name
        self.asked.append(self.path)
        if not self.path.startswith("/assets"):
            self.send_response(302)
            self.send_header("Location", f"/assets{self.path}")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.served)))
        self.end_headers()
        self.wfile.write(self.served)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without the server and without Go; gives where the server would be kept."""
    target = tmp_path / "bin" / "opa"

    def find() -> Path:
        if not target.is_file():
            raise PolicyEngineError("OPA is not installed.")
        return target

    server = ThreadingHTTPServer(("127.0.0.1", 0), Releases)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    machine = (platform.system(), platform.machine())
    checksum = hashlib.sha256(PROGRAM).hexdigest()
    monkeypatch.setattr(opa_binary, "find_opa", find)
    monkeypatch.setattr(opa_binary, "kept_opa", lambda: target)
    monkeypatch.setattr("infra.native.opa_binary.shutil.which", lambda _: None)
    monkeypatch.setattr(opa_binary, "RELEASES", f"http://127.0.0.1:{server.server_port}/download")
    monkeypatch.setattr(opa_binary, "OFFICIAL_STATIC", {machine: ("opa_static", checksum)})
    monkeypatch.setattr(Releases, "served", PROGRAM)
    Releases.asked.clear()
    yield target
    server.shutdown()
    server.server_close()


def test_official_binary_with_its_checksum_is_kept_and_runs(kept: Path) -> None:
    assert obtain_opa() == kept
    assert Releases.asked[0] == f"/download/v{opa_binary.STATIC_VERSION}/opa_static"
    assert b"1.21.0" in subprocess.run([str(kept)], check=True, capture_output=True).stdout
    assert obtain_opa() == kept and len(Releases.asked) == 2


def test_binary_with_another_checksum_is_thrown_away(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Releases, "served", PROGRAM + b"evil")
    with pytest.raises(OpaMissing, match="checksum"):
        obtain_opa()
    assert not kept.exists()


def test_message_says_what_was_tried_and_what_to_do(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opa_binary, "OFFICIAL_STATIC", {})
    with pytest.raises(OpaMissing) as told:
        obtain_opa()
    for words in ("not installed", "go is not installed", "no official static binary", "`opa version`"):
        assert words in str(told.value)
