"""What runs that were killed left behind is taken away; a run that lives is never harmed.

A folder of what is on its way is locked by whoever fetches into it: where the system has freed the lock, nobody does
any more. Drafts, versions that were never switched to and reports without a receipt have no lock of their own: they go
a day after they were last written to, and no step takes that long.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from governance.lake import Lake
from governance.platform import Platform
from governance.shared_layer import read_current
from governance.shared_versions import record_path
from governance.state.outbox import prune_notices
from governance.state.receipts import known_batches

log = logging.getLogger(__name__)
AGE = timedelta(days=1)
"""How long what has no lock of its own is left alone after it was last written to."""
_DRAFTS_IN = (
    "lake/accepted/*", "lake/accepted_now", "lake/overlaps", "lake/quarantine/*", "lake/records", "lake/records/kept",
    "lake/reference", "lake/shared", "lake/shared/*", "warehouse", "journal", "catalogue", "catalogue/versions",
    "catalogue/store", "catalogue/store/files", "feeds/whole/*/*",
)  # fmt: skip
"""Folders in which a draft has a name that begins with a dot, and nothing else has. Landing is none of them: what is
fetched lies on its own disk, so that it is renamed and not copied."""


@contextmanager
def incoming(lake: Lake) -> Iterator[Path]:
    """Give a folder on the lake's disk for what is on its way; locked, so that a sweep knows that somebody lives."""
    root = lake.root / "incoming"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / uuid4().hex
    with FileLock(_lock_of(folder)):  # before the folder is there: a sweep never finds it unlocked
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_of(folder).unlink(missing_ok=True)


def sweep(platform: Platform, now: datetime) -> list[Path]:
    """Take away what killed runs left and notices settled long ago; say in the log what went, and return its paths.

    The caller holds the warehouse's lock, so that no version of the shared layer is being written.
    """
    old = [path for path in _without_a_lock(platform) if _written_at(path) < (now - AGE).timestamp()]
    for path in old:
        _remove(path)
    gone = [*_sweep_incoming(platform.lake), *old]
    for path in gone:
        log.warning("taken away, left behind by a run that was killed: %s", path)
    notices = prune_notices(platform.engine, now - timedelta(days=platform.settings.notices_days))
    if notices:
        log.info("%s notices settled more than %s days ago are forgotten", notices, platform.settings.notices_days)
    return gone


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _sweep_incoming(lake: Lake) -> Iterator[Path]:
    for folder in (lake.root / "incoming").glob("*/"):
        try:
            with FileLock(_lock_of(folder), timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
                _lock_of(folder).unlink(missing_ok=True)
        except Timeout:
            continue
        yield folder


def _without_a_lock(platform: Platform) -> Iterator[Path]:
    for where in _DRAFTS_IN:
        yield from platform.settings.state_dir.glob(f"{where}/.*")
    lake, current = platform.lake, read_current(platform.lake)
    used = {table.file.partition("/")[0] for table in current.tables.values()} if current else set()
    for version in lake.shared.glob("*/"):
        if version.name not in used and not record_path(lake, version.name).is_file():
            yield version
    batches = known_batches(platform.engine)
    yield from (folder for folder in (lake.root / "quarantine").glob("*/") if folder.name not in batches)


def _written_at(path: Path) -> float:
    """When a draft was last written to, or a folder had its last file; later than any sweep where it is gone by now."""
    try:
        return max(each.lstat().st_mtime for each in (path, *path.glob("*")))
    except FileNotFoundError:
        return float("inf")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
