"""Calls that come at the same time are carried out as one: ten accesses at once are one flush to the disk, not ten."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Waiting(Generic[T, R]):
    """One call and what came of it."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.result: R | None = None
        self.error: BaseException | None = None
        self.is_done = False


class Together(Generic[T, R]):
    """Whoever comes first carries out what all who wait have brought; each gets its own result.

    ``carry_out`` takes the items in the order of their calls and gives as many results, or raises for all of them.
    """

    def __init__(self, carry_out: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._carry_out = carry_out
        self._queue: list[_Waiting[T, R]] = []
        self._queueing = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, item: T) -> R:
        """Return this item's result once it, and whoever it was carried out with, is done.

        Raises:
            whatever ``carry_out`` raised.
        """
        mine = _Waiting[T, R](item)
        with self._queueing:
            self._queue.append(mine)
        with self._turn:
            if not mine.is_done:
                self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value]  # kept because it is set wherever there is no error

    def _lead(self) -> None:
        with self._queueing:
            brought, self._queue = self._queue, []
        try:
            for waiting, result in zip(brought, self._carry_out([one.item for one in brought]), strict=True):
                waiting.result = result
        except BaseException as error:
            for waiting in brought:
                waiting.error = error
        for waiting in brought:
            waiting.is_done = True
