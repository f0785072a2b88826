"""Rows that come piece by piece: in memory while they are few, in files of their own once they are many."""

import tempfile
from pathlib import Path

import polars as pl

from governance.intake.limits import MIB

KEPT_BYTES = 256 * MIB
"""Rows of some million lines stay in memory: to write them down would cost half as much as to judge them."""

STEP_BYTES = 64 * MIB
"""Once rows are written down, more at once gains no time, and takes the memory that a long file needs elsewhere."""


class Spool:
    """Keeps frames of one schema in the order in which they come; its files go when it goes."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._size = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[Path] = []
        self.height = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Keep a frame.

        Raises:
            OSError: the disk refused.
        """
        self._frames.append(frame)
        self._size += int(frame.estimated_size())
        self.height += frame.height
        if self._size > (STEP_BYTES if self._files else KEPT_BYTES):
            self._write_down()

    def _write_down(self) -> None:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="archipel-rows-")
        path = Path(self._folder.name) / f"{len(self._files):06d}.parquet"
        pl.concat(self._frames).write_parquet(path, compression="lz4")
        self._files.append(path)
        self._frames, self._size = [], 0

    def rows(self) -> pl.LazyFrame:
        """All rows, in order; valid while the spool is."""
        parts = [pl.scan_parquet(path, cache=False) for path in self._files]
        return pl.concat([*parts, *(frame.lazy() for frame in self._frames)])
