"""Where bytes and rows lie on disk. One place knows the layout; the rest asks here.

lake/landing/ab/<sha256>                        bytes as received, never changed
lake/accepted/<dataset>/<batch>.parquet         good rows of the sources that were taken in together, never changed
lake/accepted_now/<dataset>.parquet             which runs' rows count, one row a source; the others are superseded
lake/overlaps/<dataset>.parquet                 which of those rows two files give, and where each stands
lake/quarantine/<batch>/                        rows that failed, and every error found, each with its run
lake/shared/<version>/<model>.parquet           what may leave, immutable
lake/records/<version>.json                     what that version was made of, so that it can be made again
lake/records/kept/<sha256>                      models, contracts and reference that versions were made with
lake/shared/current.json                        the version that readers use, switched atomically
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lake:
    """The lake under one state folder."""

    root: Path

    def landed(self, sha256: str) -> Path:
        """Path of received bytes, addressed by their content.

        Sixteen folders: on ext4 a new folder costs ten times what a new file in it does, and one holds millions.
        """
        return self.root / "landing" / sha256[0] / sha256

    def accepted(self, dataset: str) -> Path:
        """Folder of the accepted rows of a dataset, one Parquet file a batch."""
        return self.root / "accepted" / dataset

    def accepted_batch(self, dataset: str, batch_id: str) -> Path:
        """Path of the accepted rows of one batch."""
        return self.accepted(dataset) / f"{batch_id}.parquet"

    def accepted_now(self, dataset: str) -> Path:
        """Path of the list of runs whose rows count."""
        return self.root / "accepted_now" / f"{dataset}.parquet"

    def overlaps(self, dataset: str) -> Path:
        """Path of where rows stand that two files give."""
        return self.root / "overlaps" / f"{dataset}.parquet"

    def quarantine(self, batch_id: str) -> Path:
        """Folder of a batch's errors and quarantined rows."""
        return self.root / "quarantine" / batch_id

    def errors_of(self, batch_id: str) -> Path:
        """Path of every error found in the files of a batch."""
        return self.quarantine(batch_id) / "errors.parquet"

    @property
    def records(self) -> Path:
        """Folder of what each shared version was made of."""
        return self.root / "records"

    @property
    def shared(self) -> Path:
        """Folder of the shared versions."""
        return self.root / "shared"


def is_content_of(path: Path, content: bytes) -> bool:
    """Say whether a file is there and has that content."""
    return path.is_file() and path.read_bytes() == content


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file as ``write_atomically`` does unless it has that content already; say whether it was written.

    Raises:
        OSError: the disk refused; nothing of the new content is visible.
    """
    if is_content_of(path, content):
        return False
    write_atomically(path, content)
    return True


def sha256_of(path: Path) -> str:
    """Return the hash of a file's bytes, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a half.

    Raises:
        OSError: the disk refused; nothing of the new content is visible.
    """
    with written_atomically(path) as draft:
        draft.write_bytes(content)


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Give a draft to write beside a file; at the end of the block it takes the file's place, whole and on disk.

    Raises:
        OSError: the disk refused; nothing of the new content is visible.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.chmod(0o644)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
