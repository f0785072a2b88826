"""Work that somebody asked for on a page, in a process of its own beside the server, one at a time of a kind.

At low priority and apart, because it takes seconds of computing or minutes of waiting, which nobody who reads a page or
a feed should share. A lock says over all servers of this machine that one is under way; whoever began it frees it.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from filelock import BaseFileLock

_NICE = 10


def begin_beside(
    lock: BaseFileLock, work: Callable[..., None], arguments: tuple[Any, ...], ended: Callable[[], None] = lambda: None
) -> BaseProcess:
    """Begin work that holds a lock until it is over; ``ended`` is called in between, however it ended.

    ``work`` and its arguments are handed to a new interpreter, because a copy of this one would hold its locks and
    connections. Where it cannot be begun, the lock is free again.
    """
    try:
        process = multiprocessing.get_context("spawn").Process(target=work, args=arguments, daemon=True)
        process.start()
    except BaseException:
        lock.release()
        raise

    def watch() -> None:
        try:
            process.join()
            ended()
        finally:
            lock.release()

    threading.Thread(target=watch, daemon=True).start()
    return process


def end_beside(process: BaseProcess | None) -> None:
    """End what is under way, in order: its engines and its folders go with it."""
    if process is not None and process.is_alive():
        process.terminate()
        process.join(timeout=10)


def be_beside() -> threading.Event:
    """Make this process one beside a server: it yields to others, and ends so that whatever is open closes.

    Returns what is set once it was told to end, because an exception that comes while an object is destroyed is lost.
    """
    told = threading.Event()

    def end(_number: int, _frame: object) -> NoReturn:
        told.set()
        sys.exit(1)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    return told
