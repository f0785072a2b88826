"""A body on its way to disk, hashed as it is written and kept from one attempt to the next."""

import hashlib
import os
import tempfile
from pathlib import Path


class Draft:
    """A temporary file; whoever made it keeps it with ``keep`` or drops it with ``drop``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".fetch-")
        self.path = Path(name)
        self._file = os.fdopen(handle, "wb")
        self.received_bytes = 0
        self.restart()

    def restart(self) -> None:
        """Forget what was written; what crossed the network stays counted."""
        self._file.seek(0)
        self._file.truncate()
        self.size = 0
        self._hash = hashlib.sha256()
        self.resume_if: str | None = None

    def write(self, piece: bytes) -> None:
        """Append a piece of the body."""
        self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    @property
    def sha256(self) -> str:
        """Hash of what is written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def keep(self) -> None:
        """Write the last bytes; the file now belongs to whoever was given its path."""
        self._file.close()

    def drop(self) -> None:
        """Leave nothing on disk."""
        self._file.close()
        self.path.unlink(missing_ok=True)
