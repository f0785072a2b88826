"""The newest file of a folder of this machine: a share, a drop box, what an SFTP server receives.

Only folders that the installation lists may be read, links included: a declaration must not open the whole disk.
"""

from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path

from pydantic import Field

from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators, read_options
from connectors.draft import Draft
from connectors.problems import EgressForbidden, SourceRefused, SourceUnavailable, TooLarge

_PIECE_BYTES = 1024 * 1024


class Options(ConnectorOptions):
    """What the declaration of a ``local_folder`` source says."""

    folder: Path = Field(title="Dossier", description="absolute path, inside a folder that the installation allows")
    pattern: str = Field(
        "*", title="Motif", pattern=r"^[^/\\]+$", description="names to look at, such as subventions*.csv; newest wins"
    )


def _is_inside(path: Path, folders: tuple[Path, ...]) -> bool:
    resolved = path.resolve()
    return any(resolved.is_relative_to(folder.resolve()) for folder in folders)


def _newest(request: FetchRequest) -> Path:
    options = read_options(Options, request)
    where = str(options.folder)
    if not _is_inside(options.folder, request.limits.folders):
        raise EgressForbidden(where, "ce dossier n'est pas autorisé", "this folder is not allowed")
    if not options.folder.is_dir():
        raise SourceRefused(where, 404, "le dossier n'existe pas", "no such folder")
    # Hidden names are those of files still being written.
    found = [path for path in options.folder.glob(options.pattern) if path.is_file() and not path.name.startswith(".")]
    allowed = [path for path in found if _is_inside(path, request.limits.folders)]
    if found and not allowed:
        raise EgressForbidden(where, "un lien sort des dossiers autorisés", "a link leaves the allowed folders")
    if not allowed:
        raise SourceRefused(where, 404, f"aucun fichier « {options.pattern} »", f"no file {options.pattern!r}")
    return max(allowed, key=lambda path: (path.stat().st_mtime_ns, path.name))


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
    """Copy the newest file, unless its hash is the one ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    path, draft = _newest(request), Draft(request.into)
    try:
        _copy(path, draft, request.limits.max_bytes)
    except BaseException:
        draft.drop()
        raise
    unchanged = draft.sha256 == request.since.sha256
    if unchanged:
        draft.drop()
    else:
        draft.keep()
    return Fetched(
        not_modified=unchanged,
        path=None if unchanged else draft.path,
        sha256=draft.sha256,
        size=draft.size,
        filename=path.name,
        media_type=guess_type(path.name)[0],
        validators=Validators(last_modified=_last_modified(path), sha256=draft.sha256),
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
