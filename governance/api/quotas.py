"""How often the feeds may be read under one agreement, and the headers that say what is left.

Header fields and their words: IETF draft-ietf-httpapi-ratelimit-headers (``RateLimit-Policy``, ``RateLimit``). Counted
in the memory of this process, which is the only one that serves feeds; started anew it begins to count anew. Open data,
read under no agreement, has no quota here: the server in front limits by address.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path

from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.decisions.agreements import Quota, load_agreement
from governance.federation import DeclarationError

_NAME = "agreement"


@dataclass(frozen=True)
class Allowance:
    """What is left of a quota after one request."""

    quota: Quota
    remaining: int
    resets_in: int
    """Seconds until the window ends."""

    @property
    def headers(self) -> dict[str, str]:
        """The two header fields."""
        return {
            "RateLimit-Policy": f'"{_NAME}";q={self.quota.requests};w={self.quota.seconds}',
            "RateLimit": f'"{_NAME}";r={self.remaining};t={self.resets_in}',
        }


class Quotas:
    """Counts requests by agreement in windows that follow each other; safe for the process's threads."""

    def __init__(self, federation_dir: Path, default: Quota, clock: Callable[[], float] = time.monotonic) -> None:
        self._agreements = federation_dir / "agreements"
        self._default = default
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[float, int]] = {}

    def take(self, agreement_id: str | None) -> Allowance | None:
        """Count one request; None where no agreement is read under.

        Raises:
            ProblemError: 429, with the headers and when to come again.
        """
        if agreement_id is None:
            return None
        quota, now = self._quota_of(agreement_id), self._clock()
        with self._lock:
            began, taken = self._taken.get(agreement_id, (now, 0))
            if now >= began + quota.seconds:
                began, taken = now, 0
            is_over = taken >= quota.requests
            self._taken[agreement_id] = (began, taken + (not is_over))
        left = Allowance(quota, max(0, quota.requests - taken - 1), ceil(began + quota.seconds - now))
        if is_over:
            words = {"requests": str(quota.requests), "seconds": str(quota.seconds), "wait": str(left.resets_in)}
            headers = {**left.headers, "Retry-After": str(left.resets_in)}
            raise ProblemError(429, reason("quota_exceeded", **words), headers=headers)
        return left

    def _quota_of(self, agreement_id: str) -> Quota:
        """The agreement's own quota, as it is declared now; the installation's where it has none."""
        path = self._agreements / f"{agreement_id}.yaml"
        try:
            return _declared(path, path.stat().st_mtime_ns) or self._default
        except (OSError, DeclarationError):
            return self._default


@lru_cache(maxsize=256)
def _declared(path: Path, _changed: int) -> Quota | None:
    return load_agreement(path).quota
