"""How long an order may take, how much it may bring and how often it is tried: the same for every protocol."""

import time

import stamina

from connectors.base import Limits
from connectors.problems import SourceUnavailable, TooLarge


class Patience:
    """The limits of one order, counted from now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.deadline = time.monotonic() + limits.total_seconds
        self.attempts = stamina.retry_context(
            on=self._wait_before_retry,
            attempts=limits.attempts,
            timeout=None,  # the deadline decides
            wait_initial=limits.backoff_seconds,
            wait_max=limits.backoff_max_seconds,
            wait_jitter=limits.backoff_seconds,
        )

    @property
    def is_over(self) -> bool:
        """Whether the time for all attempts has passed."""
        return time.monotonic() >= self.deadline

    def cap(self, seconds: float, where: str) -> float:
        """Return a wait of at most so long that ends by the deadline, in seconds.

        Raises:
            SourceUnavailable: the deadline has passed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.too_slow(where)
        return min(seconds, left)

    def too_slow(self, where: str) -> SourceUnavailable:
        """The problem to raise for a source that keeps us waiting: in all, or for one answer."""
        if self.is_over:
            seconds = f"{self.limits.total_seconds:g} s"
            return SourceUnavailable(
                where, f"trop lent (plus de {seconds} en tout)", f"too slow (over {seconds} in all)"
            )
        seconds = f"{self.limits.timeout_seconds:g} s"
        return SourceUnavailable(where, f"silence de plus de {seconds}", f"silent for over {seconds}")

    def require_room(self, size: int, where: str, most: int | None = None) -> None:
        """Do nothing while a body of ``size`` bytes is small enough.

        Raises:
            TooLarge: it passes the limit, or ``most`` where that is less.
        """
        limit = self.limits.max_bytes if most is None else min(most, self.limits.max_bytes)
        if size > limit:
            raise TooLarge(where, f"plus de {limit} octets", f"over {limit} bytes")

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, SourceUnavailable) or self.is_over:
            return False
        wait = error.retry_after_seconds
        if wait is None:
            return True
        return wait if wait <= self.limits.retry_after_max_seconds else False
