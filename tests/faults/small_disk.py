"""A disk of a few megabytes, to be filled for real: a tmpfs, which whoever may mount makes in a moment.

And a database whose tables lie on such a disk, beside a PostgreSQL that has room for everything else.
"""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.connectors.contract.adapter import SECRET
from tests.connectors.contract.adapters.sql import PostgresServer
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


@contextmanager
def small_database(server: PostgresServer, mebibytes: int) -> Iterator[tuple[str, Path]]:
    """Give the SQLAlchemy address of an empty database on a disk of that size, and the folder of that disk."""
    folder = Path(tempfile.mkdtemp(prefix="archipel-tablespace-"))
    owner = server.home.stat()
    folder.chmod(0o755)
    at, name = folder / "disk", f"small_{os.getpid()}_{mebibytes}"
    try:
        with small_disk(at, mebibytes):
            os.chown(at, owner.st_uid, owner.st_gid)
            server.admin.execute(f"CREATE TABLESPACE {name} LOCATION '{at}'")
            server.admin.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
            yield f"postgresql+psycopg://archipel:{SECRET}@127.0.0.1:{server.port}/{name}", at
            make_room(at)
            server.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            server.admin.execute(f"DROP TABLESPACE {name}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
