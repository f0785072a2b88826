"""One file of an SFTP server, or the newest of a folder whose name fits.

The protocol is version 3 (draft-ietf-secsh-filexfer-02), what OpenSSH speaks. Quirks: times are whole seconds, so what
was written less than two seconds before it was seen is not known by its time but taken again and compared by hash; a
file may be read while somebody writes it, so size and time are looked at again at the end; a cut download goes on
where it stopped if name, size and time are the same. The server's key is declared, never learnt: whoever answers
with another key is refused before the secret is sent.
"""

import asyncio
from mimetypes import guess_type

import asyncssh
from pydantic import Field, field_validator, model_validator

from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, read_options
from connectors.credentials import two_parts
from connectors.draft import Draft
from connectors.patience import Patience
from connectors.problems import SourceUnavailable
from connectors.sftp_server import Folder, RemoteFile, Server


class Options(ConnectorOptions):
    """What the declaration of an ``sftp`` source says; its secret is ``user:password`` or ``user:private key``."""

    host: str = Field(title="Serveur", min_length=1, description="name or address of the server")
    port: int = Field(22, title="Port", ge=1, le=65535, description="another than 22 has to be allowed")
    host_key: str = Field(title="Clé du serveur", description="its public key, as in ssh-ed25519 AAAA…")
    path: str | None = Field(None, title="Fichier", description="path of one file; or give folder and pattern")
    folder: str | None = Field(None, title="Dossier", description="path of a folder")
    pattern: str = Field("*", title="Motif", pattern=r"^[^/]+$", description="names to look at; the newest is taken")

    @field_validator("host_key")
    @classmethod
    def _is_a_public_key(cls, value: str) -> str:
        try:
            asyncssh.import_public_key(value)
        except asyncssh.KeyImportError:
            raise ValueError("not a public key as ssh-keyscan prints it, without the host name") from None
        return value

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if (self.path is None) == (self.folder is None):
            raise ValueError("give path, or folder and pattern")
        return self


class _Source:
    """The file that the options name, and the server that it is on."""

    def __init__(self, request: FetchRequest) -> None:
        self._options, self._since = read_options(Options, request), request.since
        self.patience = Patience(request.limits)
        self._server = Server(
            host=self._options.host,
            port=self._options.port,
            host_key=self._options.host_key,
            path=self._options.path or str(self._options.folder),
            credentials=two_parts(request.secret),
            patience=self.patience,
        )

    async def find(self) -> RemoteFile:
        """Connect and look."""
        async with self._server.opened() as folder:
            return await self._find(folder)

    async def _find(self, folder: Folder) -> RemoteFile:
        if self._options.path is not None:
            return await folder.look(self._options.path)
        return await folder.newest(str(self._options.folder), self._options.pattern)

    async def take(self, draft: Draft) -> RemoteFile:
        """Write the file into ``draft``, going on where the last attempt stopped, unless it is the known one."""
        async with self._server.opened() as folder:
            file = await self._find(folder)
            if self._is_known(file):
                draft.restart()
                return file
            where = self._server.where
            self.patience.require_room(file.size, where)
            if draft.resume_if != file.identity:
                draft.restart()
                draft.resume_if = file.identity
            async for piece in folder.pieces(file, draft.size):
                draft.received_bytes += len(piece)
                self.patience.require_room(draft.size + len(piece), where)
                draft.write(piece)
            if await folder.look(file.path) != file or draft.size != file.size:
                draft.restart()
                raise SourceUnavailable(where, "le fichier changeait", "the file was being changed")
            return file

    def _is_known(self, file: RemoteFile) -> bool:
        known = self._since.etag if self._since.sha256 is not None else None
        return known is not None and file.validators.etag == known


def check(request: FetchRequest) -> Checked:
    """Say which file would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    source = _Source(request)
    for attempt in source.patience.attempts:
        with attempt:
            file = asyncio.run(source.find())
    return Checked(
        filename=file.name,
        media_type=guess_type(file.name)[0],
        size=file.size,
        validators=file.validators,
        resumable=True,
    )


def fetch(request: FetchRequest) -> Fetched:
    """Take the file, unless its size and time, or its hash, are those that ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    source, since = _Source(request), request.since
    draft = Draft(request.into)
    try:
        for attempt in source.patience.attempts:
            with attempt:
                file = asyncio.run(source.take(draft))
    except BaseException:
        draft.drop()
        raise
    is_known = draft.resume_if is None
    if is_known:
        draft.drop()
    sha256 = since.sha256 if is_known else draft.sha256
    path = None if is_known else draft.keep_unless(since.sha256)
    return Fetched(
        not_modified=path is None,
        path=path,
        sha256=sha256,
        size=file.size,
        filename=file.name,
        media_type=guess_type(file.name)[0],
        validators=file.validators.model_copy(update={"sha256": sha256}),
        attempts=attempt.num,
        received_bytes=draft.received_bytes,
    )
