"""What is particular about SFTP: keys, the newest of a folder, whole seconds, files still being written."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import SecretStr

from connectors import sftp
from connectors.base import EgressRules, FetchRequest, Limits
from connectors.problems import BadOptions, SourceRefused, SourceUnavailable
from connectors.sftp_server import Folder, RemoteFile
from tests.connectors.contract.adapters.sftp import Adapter
from tests.connectors.contract.servers import Servers


@pytest.fixture
def source(tmp_path: Path, servers: Servers) -> Iterator[Adapter]:
    with ExitStack() as stack:
        yield Adapter(tmp_path, servers, stack)


def _with(source: Adapter, **options: Any) -> FetchRequest:
    return source.request().model_copy(update={"options": {**source.options(), **options}})


def test_server_with_another_key_is_refused_before_the_secret_is_sent(
    source: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("connectors.sftp_server.Folder.newest", lambda *_: asked.append("listing"))
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(SourceRefused, match="key is not the one declared") as caught:
        sftp.fetch(_with(source, host_key=other))
    assert asked == []
    assert "certificate has changed" in caught.value.remedy_en


@pytest.mark.parametrize("host_key", ["", "ssh-ed25519 AAAA", "SHA256:abc"])
def test_host_key_must_be_a_public_key(source: Adapter, host_key: str) -> None:
    with pytest.raises(BadOptions, match="host_key"):
        sftp.fetch(_with(source, host_key=host_key))


def test_newest_file_that_fits_is_taken_and_hidden_ones_are_not(source: Adapter) -> None:
    for day, name in enumerate(["subventions-2.csv", "subventions-1.csv", ".subventions-3.csv", "menus.csv"], start=5):
        (source.inbox / name).write_text(name)
        os.utime(source.inbox / name, (day * 86400, day * 86400))
    assert sftp.fetch(_with(source, pattern="subventions-*.csv")).filename == "subventions-1.csv"


def test_one_path_is_taken_as_it_is_named(source: Adapter) -> None:
    fetched = sftp.fetch(_with(source, folder=None, path=str(source.inbox / "fichier.csv")))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == source.content


@pytest.mark.parametrize("options", [{"folder": None}, {"path": "/a.csv"}])
def test_path_or_folder_is_named_and_not_both(source: Adapter, options: dict[str, Any]) -> None:
    with pytest.raises(BadOptions, match="give path, or folder"):
        sftp.fetch(_with(source, **options))


def test_folder_is_no_file(source: Adapter) -> None:
    with pytest.raises(SourceRefused, match="it is no file"):
        sftp.fetch(_with(source, folder=None, path=str(source.inbox)))


def test_file_changed_within_the_same_second_is_noticed(source: Adapter) -> None:
    now = int(time.time())
    path = source.inbox / "fichier.csv"
    os.utime(path, (now, now))
    known = source.settle(sftp.fetch(source.request()))
    assert known.etag is None
    path.write_bytes(source.content.replace(b"exemple", b"replace"))
    os.utime(path, (now, now))
    again = sftp.fetch(source.request(known))
    assert not again.not_modified


def test_file_that_grows_while_it_is_read_is_not_believed(source: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    path, look = source.inbox / "fichier.csv", Folder.look

    async def grow(self: Folder, name: str) -> RemoteFile:
        with path.open("ab") as file:
            file.write(b"more\n")
        return await look(self, name)

    monkeypatch.setattr(Folder, "look", grow)
    with pytest.raises(SourceUnavailable, match="being changed"):
        sftp.fetch(source.request())
    assert source.left() == []


def test_key_that_cannot_be_read_is_a_wrong_secret_and_is_not_shown(source: Adapter) -> None:
    broken = "nom:-----BEGIN OPENSSH PRIVATE " + "KEY-----\nc2VjcmV0\n"
    with pytest.raises(BadOptions, match="private key") as caught:
        sftp.fetch(source.request().model_copy(update={"secret": SecretStr(broken)}))
    assert "c2VjcmV0" not in str(caught.value)


def test_password_is_sent_where_the_secret_is_one(tmp_path: Path) -> None:
    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("nom", "mot:de passe")

    (tmp_path / "fichier.csv").write_text("a;b\n")
    key, loop = asyncssh.generate_private_key("ssh-ed25519"), asyncio.new_event_loop()
    listening = asyncssh.listen("127.0.0.1", 0, server_factory=Door, server_host_keys=[key], sftp_factory=True)
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = server.get_port()
    options = {"host": "127.0.0.1", "port": port, "host_key": key.export_public_key().decode(), "folder": str(tmp_path)}
    limits = Limits(egress=EgressRules(exceptions=(f"127.0.0.1:{port}",)), attempts=1)
    request = FetchRequest(options=options, into=tmp_path / "into", limits=limits)
    try:
        fetched = sftp.fetch(request.model_copy(update={"secret": SecretStr("nom:mot:de passe")}))
        assert fetched.size == 4
        with pytest.raises(SourceRefused, match="access denied"):
            sftp.fetch(request.model_copy(update={"secret": SecretStr("nom:autre")}))
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
