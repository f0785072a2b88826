"""The newest file of a folder of this machine: a share, a drop box, what an SFTP server receives.

Only folders that the installation lists may be read, links included: a declaration must not open the whole disk.
"""

import os
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

from pydantic import Field

from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators, read_options
from connectors.draft import Draft
from connectors.problems import EgressForbidden, SourceRefused, SourceUnavailable, TooLarge

NEARBY = True
_PIECE_BYTES = 1024 * 1024


class Options(ConnectorOptions):
    """What the declaration of a ``local_folder`` source says."""

    folder: Path = Field(title="Dossier", description="absolute path, inside a folder that the installation allows")
    pattern: str = Field(
        "*", title="Motif", pattern=r"^[^/\\]+$", description="names to look at, such as subventions*.csv; newest wins"
    )


@lru_cache(maxsize=64)
def _without_links(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(folder.resolve() for folder in folders)


def _is_inside(resolved: Path, folders: tuple[Path, ...]) -> bool:
    return any(resolved.is_relative_to(folder) for folder in _without_links(folders))


def _newest(request: FetchRequest) -> Path:
    options = read_options(Options, request)
    where, allowed = str(options.folder), request.limits.folders
    folder = options.folder.resolve()
    if not _is_inside(folder, allowed):
        raise EgressForbidden(where, "ce dossier n'est pas autorisé", "this folder is not allowed")
    if not folder.is_dir():
        raise SourceRefused(where, 404, "le dossier n'existe pas", "no such folder")
    with os.scandir(folder) as entries:
        # Hidden names are those of files still being written.
        named = [e for e in entries if not e.name.startswith(".") and fnmatchcase(e.name, options.pattern)]
    found = [entry for entry in named if entry.is_file()]
    # Only a link can lead out of a folder that is itself inside.
    inside = [e for e in found if not e.is_symlink() or _is_inside(Path(e.path).resolve(), allowed)]
    if found and not inside:
        raise EgressForbidden(where, "un lien sort des dossiers autorisés", "a link leaves the allowed folders")
    if not inside:
        raise SourceRefused(where, 404, f"aucun fichier « {options.pattern} »", f"no file {options.pattern!r}")
    return Path(max(inside, key=lambda entry: (entry.stat().st_mtime_ns, entry.name)).path)


def _last_modified(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()


def check(request: FetchRequest) -> Checked:
    """Say which file would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    path = _newest(request)
    return Checked(
        filename=path.name,
        media_type=guess_type(path.name)[0],
        size=path.stat().st_size,
        validators=Validators(last_modified=_last_modified(path)),
        resumable=False,
    )


def fetch(request: FetchRequest) -> Fetched:
    """Copy the newest file, unless its tag or its hash is the one ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    path = _newest(request)
    tag = _tag(path)
    if request.since.etag == tag and request.since.sha256 is not None:
        return _fetched(path, request.since, size=path.stat().st_size)
    draft = Draft(request.into)
    try:
        _copy(path, draft, request.limits.max_bytes)
    except BaseException:
        draft.drop()
        raise
    told = Validators(etag=tag, last_modified=_last_modified(path), sha256=draft.sha256)
    return _fetched(path, told, size=draft.size, taken=draft.keep_unless(request.since.sha256))


def _tag(path: Path) -> str:
    """What changes whenever a file does, as web servers make it of their files; no program sets the change time."""
    status = path.stat()
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_ctime_ns:x}"


def _fetched(path: Path, validators: Validators, *, size: int, taken: Path | None = None) -> Fetched:
    return Fetched(
        not_modified=taken is None,
        path=taken,
        sha256=validators.sha256,
        size=size,
        filename=path.name,
        media_type=guess_type(path.name)[0],
        validators=validators,
    )


def _copy(path: Path, draft: Draft, max_bytes: int) -> None:
    try:
        with path.open("rb") as source:
            while piece := source.read(_PIECE_BYTES):
                if draft.size + len(piece) > max_bytes:
                    raise TooLarge(path.name, f"plus de {max_bytes} octets", f"over {max_bytes} bytes")
                draft.write(piece)
    except OSError as error:
        raise SourceUnavailable(path.name, "lecture impossible", "it cannot be read") from error
