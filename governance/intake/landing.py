"""Received bytes into the lake, unchanged and addressed by their content."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

from connectors.base import Fetched
from governance.lake import Lake


def land(lake: Lake, fetched: Fetched) -> str:
    """Put what was fetched at ``lake.landed(sha256)`` and return that hash; the temporary file is gone afterwards.

    Readers see the whole file or none. Bytes that are there already are not written again.

    Raises:
        ValueError: nothing changed and the bytes it stands for are not in the lake: they must be fetched anew.
        OSError: the disk refused; nothing is visible under the hash.
    """
    if fetched.sha256 is None:
        raise ValueError("nothing was fetched: there is no hash")
    landed = lake.landed(fetched.sha256)
    if fetched.path is None:
        if not landed.is_file():
            raise ValueError(f"the source has not changed, but {fetched.sha256} is not in the lake")
        return fetched.sha256
    if landed.is_file():
        fetched.path.unlink()
        return fetched.sha256
    if not landed.parent.is_dir():  # asked first because to ask costs a tenth of making what is there
        landed.parent.mkdir(parents=True, exist_ok=True)
    try:
        _move(fetched.path, landed)
    except BaseException:
        fetched.path.unlink(missing_ok=True)
        raise
    return fetched.sha256


def _move(source: Path, target: Path) -> None:
    """Rename what is on the disk already; by way of a copy beside the target where that is another disk."""
    source.chmod(0o444)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        source.unlink()


def _copy(source: Path, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as copy, source.open("rb") as content:
            shutil.copyfileobj(content, copy)
            copy.flush()
            os.fsync(copy.fileno())
        draft.chmod(0o444)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
