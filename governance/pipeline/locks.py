"""One writer at a time, over all processes of this machine: a dataset's accepted rows, the warehouse, the catalogue."""

from contextlib import AbstractContextManager

from filelock import BaseFileLock, FileLock, Timeout

from governance.lake import Lake


def hold(lake: Lake, name: str) -> AbstractContextManager[object]:
    """Hold the lock of that name; the system frees it if the process dies.

    Raises:
        filelock.Timeout: another process held it for ten minutes.
    """
    return _lock(lake, name, 600)


def hold_if_free(lake: Lake, name: str) -> BaseFileLock | None:
    """Hold the lock of that name until it is released, in whichever thread; None where somebody else holds it."""
    lock = _lock(lake, name, 0.2)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _lock(lake: Lake, name: str, timeout: float) -> FileLock:
    folder = lake.root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock", timeout=timeout, thread_local=False)


def accepted_lock(dataset: str) -> str:
    """Name of the lock of whoever writes, lists or removes accepted rows of a dataset."""
    return f"accepted.{dataset}"
