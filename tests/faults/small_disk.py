"""A disk of a few megabytes, to be filled for real: a tmpfs, which whoever may mount makes in a moment."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.connectors.contract.servers import MUST_RUN

BALLAST = "ballast"
_PIECE = bytes(1 << 20)


@contextmanager
def small_disk(at: Path, mebibytes: int) -> Iterator[None]:
    """Mount a disk of that size at a folder; the test is skipped where mounting is not allowed."""
    at.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(at)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        if os.environ.get(MUST_RUN):
            pytest.fail("a small disk cannot be mounted here")
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(folder: Path) -> None:
    """Leave no byte on a folder's disk."""
    with (folder / BALLAST).open("ab", buffering=0) as ballast:
        piece = _PIECE
        while piece:
            try:
                ballast.write(piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece = piece[: len(piece) // 2]


def make_room(folder: Path) -> None:
    """Take away what filled the disk."""
    (folder / BALLAST).unlink(missing_ok=True)
