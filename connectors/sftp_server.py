"""An SFTP server as one request sees it: reached at a judged address, known by its key, never waited for too long."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from stat import S_ISREG
from typing import cast

import asyncssh

from connectors.base import Validators
from connectors.credentials import Credentials
from connectors.egress import Address, judge_service
from connectors.patience import Patience
from connectors.problems import BadOptions, ConnectorProblem, SourceRefused, SourceUnavailable

USUAL_PORTS = (22,)
_PIECE_BYTES = 256 * 1024
_SETTLED_SECONDS = 2


@dataclass(frozen=True)
class RemoteFile:
    """A file as the server lists it: bytes, and whole seconds since 1970."""

    path: str
    size: int
    modified: int

    @property
    def name(self) -> str:
        """Last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def identity(self) -> str:
        """The same for as long as the file is the same, but for changes within one second."""
        return f"{self.path}|{self.size}|{self.modified}"

    @property
    def validators(self) -> Validators:
        """Without an etag while the file is so young that its time proves nothing."""
        is_settled = self.modified < time.time() - _SETTLED_SECONDS
        changed = datetime.fromtimestamp(self.modified, UTC).isoformat()
        return Validators(etag=self.identity if is_settled else None, last_modified=changed)


@dataclass(frozen=True)
class Server:
    """Where files are, who asks, and how patiently."""

    host: str
    port: int
    host_key: str
    path: str
    credentials: Credentials
    patience: Patience

    @property
    def where(self) -> str:
        """For messages: never a user, never a password."""
        return f"sftp://{self.host}:{self.port}/{self.path.lstrip('/')}"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Folder"]:
        """Connect; what fails becomes one of our problems."""
        limits = self.patience.limits
        addresses = judge_service(self.host, self.port, USUAL_PORTS, limits.egress)
        try:
            async with (
                asyncio.timeout(self.patience.cap(limits.total_seconds, self.where)),
                await self._connect(addresses) as connection,
                connection.start_sftp_client() as client,
            ):
                yield Folder(self, client)
        except (OSError, asyncssh.Error, TimeoutError) as error:
            raise self._problem(error) from error

    async def _connect(self, addresses: list[Address]) -> asyncssh.SSHClientConnection:
        """Connect to the first address that somebody listens at."""
        wait = self.patience.cap(self.patience.limits.timeout_seconds, self.where)
        password, keys = self._proof()
        for address in addresses:
            try:
                return await asyncssh.connect(
                    str(address),
                    self.port,
                    known_hosts=([asyncssh.import_public_key(self.host_key)], [], []),
                    username=self.credentials.name,
                    password=password,
                    client_keys=keys,
                    preferred_auth="publickey" if keys else "password,keyboard-interactive",
                    agent_path=None,
                    config=[],
                    connect_timeout=wait,
                    login_timeout=wait,
                )
            except ConnectionRefusedError:
                if address == addresses[-1]:
                    raise
        raise AssertionError("unreachable: a host has at least one address")

    def _proof(self) -> tuple[str | None, list[asyncssh.SSHKey] | None]:
        """The secret as a password or as a private key."""
        secret = self.credentials.secret.get_secret_value()
        if not secret.lstrip().startswith("-----BEGIN"):
            return secret, None
        try:
            return None, [asyncssh.import_private_key(secret.strip() + "\n")]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            raise BadOptions("secret", "its private key cannot be read, or has a passphrase") from None

    def _problem(self, error: Exception) -> ConnectorProblem:
        where = self.where
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return SourceRefused(where, 495, "sa clé n'est pas celle déclarée", "its key is not the one declared")
        if isinstance(error, asyncssh.PermissionDenied):
            return SourceRefused(where, 401, "accès refusé à cet utilisateur", "access denied to this user")
        if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
            return SourceRefused(where, 404, "aucun fichier de ce nom", "no such file")
        if isinstance(error, asyncssh.SFTPPermissionDenied):
            return SourceRefused(where, 403, "lecture interdite", "reading is not permitted")
        if isinstance(error, TimeoutError):
            return self.patience.too_slow(where)
        return SourceUnavailable(where, "connexion impossible ou coupée", "connection failed or cut")


class Folder:
    """What one open connection shows."""

    def __init__(self, server: Server, client: asyncssh.SFTPClient) -> None:
        self._server, self._client = server, client

    async def newest(self, folder: str, pattern: str) -> RemoteFile:
        """The file last changed among those whose name fits.

        Raises:
            SourceRefused: none fits.
        """
        fitting = [
            RemoteFile(f"{folder.rstrip('/')}/{entry.filename}", entry.attrs.size or 0, entry.attrs.mtime or 0)
            async for entry in self._client.scandir(folder)
            # Hidden names are those of files still being written.
            if isinstance(entry.filename, str)
            and fnmatchcase(entry.filename, pattern)
            and not entry.filename.startswith(".")
            and S_ISREG(entry.attrs.permissions or 0)
        ]
        if not fitting:
            raise SourceRefused(self._server.where, 404, f"aucun fichier « {pattern} »", f"no file {pattern!r}")
        return max(fitting, key=lambda file: (file.modified, file.path))

    async def look(self, path: str) -> RemoteFile:
        """Size and time of a file, now.

        Raises:
            SourceRefused: it is no plain file.
        """
        attributes = await self._client.stat(path)
        if not S_ISREG(attributes.permissions or 0):
            raise SourceRefused(self._server.where, 404, "ce n'est pas un fichier", "it is no file")
        return RemoteFile(path, attributes.size or 0, attributes.mtime or 0)

    async def pieces(self, file: RemoteFile, offset: int) -> AsyncIterator[bytes]:
        """Yield the bytes of a file from an offset on.

        Raises:
            SourceUnavailable: the server is silent for too long.
        """
        patience, where = self._server.patience, self._server.where
        async with self._client.open(file.path, "rb") as body:
            while True:
                wait = patience.cap(patience.limits.timeout_seconds, where)
                reading = cast(Awaitable[bytes], body.read(_PIECE_BYTES, offset))
                piece = await asyncio.wait_for(reading, wait)
                if not piece:
                    return
                offset += len(piece)
                yield piece
