"""One writer at a time, over all processes of this machine: a dataset's accepted rows, the warehouse, the catalogue."""

from contextlib import AbstractContextManager

from filelock import FileLock

from governance.lake import Lake


def hold(lake: Lake, name: str) -> AbstractContextManager[object]:
    """Hold the lock of that name; the system frees it if the process dies.

    Raises:
        filelock.Timeout: another process held it for ten minutes.
    """
    folder = lake.root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock", timeout=600)


def accepted_lock(dataset: str) -> str:
    """Name of the lock of whoever writes, lists or removes accepted rows of a dataset."""
    return f"accepted.{dataset}"
