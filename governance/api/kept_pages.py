"""Pages that were made lately, kept in memory: partners that follow the same links ask the same pages.

A page is kept under its entity tag, which changes with the data, the rights and the question; who may have it is
decided, and written down, each time.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

_MOST_BYTES = 64 * 1024 * 1024
_OVERHEAD = 512
"""Bytes that a page takes besides its own, about."""


@dataclass(frozen=True)
class Page:
    """A page as it is sent, compressed as asked."""

    body: bytes
    rows: int
    total: int
    """Rows of all pages."""


class KeptPages:
    """Pages by entity tag; those used longest ago leave first. Safe for threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._pages: LRUCache[str, Page] = LRUCache(most_bytes, getsizeof=lambda page: len(page.body) + _OVERHEAD)
        self._lock = threading.Lock()

    def get(self, tag: str, make: Callable[[], Page]) -> Page:
        """Return the page of that tag, made where it is not kept."""
        with self._lock:
            found = self._pages.get(tag)
        if found is not None:
            return found
        page = make()
        if len(page.body) + _OVERHEAD <= self._pages.maxsize:
            with self._lock:
                self._pages[tag] = page
        return page
