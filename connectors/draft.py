"""A body on its way to disk or memory, kept from one attempt to the next; on disk it is hashed as it is written."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from connectors.problems import NoRoom, is_out_of_room

PAGE_BYTES = 64 * 1024 * 1024
"""Largest body held in memory: one page of an API, one description of a service."""


@contextmanager
def _room() -> Iterator[None]:
    """Tell a full disk of ours from what goes wrong on the way from a source."""
    try:
        yield
    except OSError as error:
        if is_out_of_room(error):
            raise NoRoom from error
        raise


class Draft:
    """A temporary file; whoever made it keeps it with ``keep`` or drops it with ``drop``."""

    most_bytes = sys.maxsize  # the request's limits decide

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():  # asked first because to ask costs a tenth of making what is there
            folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".fetch-")
        self.path = Path(name)
        self._file = os.fdopen(handle, "wb")
        self.received_bytes = 0
        self._begin()

    def _begin(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self.resume_if: str | None = None

    def restart(self) -> None:
        """Forget what was written; what crossed the network stays counted."""
        self._file.seek(0)
        self._file.truncate()
        self._begin()

    def write(self, piece: bytes) -> None:
        """Append a piece of the body.

        Raises:
            NoRoom: our disk is full; no connector takes it for a failure of its source.
        """
        with _room():
            self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    @property
    def sha256(self) -> str:
        """Hash of what is written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def keep(self) -> None:
        """Put the last bytes on the disk itself; the file now belongs to whoever was given its path.

        Raises:
            OSError, NoRoom: the disk refused, or is full; nothing is left.
        """
        try:
            with _room():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
        except BaseException:
            self.drop()
            raise

    def keep_unless(self, known: str | None) -> Path | None:
        """Keep it and say where it is, or leave nothing where its hash is the one that is known."""
        if self.sha256 == known:
            self.drop()
            return None
        self.keep()
        return self.path

    def drop(self) -> None:
        """Leave nothing on disk."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk refuses to write on closing what nobody will read
            self._file.close()


class Page:
    """A body in memory, for what is small: it never touches the disk, so what is left out of it was never kept."""

    most_bytes = PAGE_BYTES

    def __init__(self) -> None:
        self.received_bytes = 0
        self.restart()

    def restart(self) -> None:
        """Forget what was written; what crossed the network stays counted."""
        self.content = bytearray()
        self.resume_if: str | None = None

    def write(self, piece: bytes) -> None:
        """Append a piece of the body."""
        self.content += piece

    @property
    def size(self) -> int:
        """Bytes so far."""
        return len(self.content)
