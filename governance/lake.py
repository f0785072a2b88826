"""Where bytes and rows lie on disk. One place knows the layout; the rest asks here.

lake/landing/ab/<sha256>                        bytes as received, never changed
lake/accepted/<dataset>/<member>.<source>.parquet   the last good rows of each source
lake/quarantine/<run_id>/                       rows that failed, and the report of why
lake/shared/<version>/<model>.parquet           what may leave, immutable
lake/shared/current.json                        the version that readers use, switched atomically
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lake:
    """The lake under one state folder."""

    root: Path

    def landed(self, sha256: str) -> Path:
        """Path of received bytes, addressed by their content."""
        return self.root / "landing" / sha256[:2] / sha256

    def accepted(self, dataset: str) -> Path:
        """Folder of the last good rows of a dataset, one Parquet file a source."""
        return self.root / "accepted" / dataset

    def accepted_of(self, dataset: str, member_id: str, source_id: str) -> Path:
        """Path of the last good rows of one source."""
        return self.accepted(dataset) / f"{member_id}.{source_id}.parquet"

    def quarantine(self, run_id: str) -> Path:
        """Folder of a run's report and quarantined rows."""
        return self.root / "quarantine" / run_id

    @property
    def shared(self) -> Path:
        """Folder of the shared versions."""
        return self.root / "shared"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a half.

    Raises:
        OSError: the disk refused; nothing of the new content is visible.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.chmod(0o644)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
