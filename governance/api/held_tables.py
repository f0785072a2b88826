"""Tables of the shared layer held in memory while pages of them are read: from a file a page takes three times as long.

A relation names the file that it reads. Where a table of that name is held, DuckDB takes it instead; where there is
none it reads the file. So nothing else knows what is held, and a table may go at any moment.
"""

import threading
from collections import OrderedDict
from pathlib import Path

import duckdb

from governance.api.query import quote
from governance.api.writing import literal

_LARGEST_FILE = 16 * 1024 * 1024
"""Bytes on disk, compressed; a larger file is read where it lies."""
_MOST_BYTES = 192 * 1024 * 1024
"""Bytes of all tables in memory, of the 512 MB that DuckDB may use."""
_MOST_REMEMBERED = 1_000
_IN_MEMORY = "SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"


class HeldTables:
    """The files that were asked for more than once, as tables of an engine; safe for threads.

    Files of the shared layer never change, so that a table is as good as its file; with the file it goes as well.
    """

    def __init__(
        self, engine: duckdb.DuckDBPyConnection, largest_file: int = _LARGEST_FILE, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._engine, self._largest, self._most = engine, largest_file, most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, None] = OrderedDict()
        self._asked: OrderedDict[Path, bool] = OrderedDict()
        """Files that were asked for, and whether they may be held."""

    def ask(self, file: Path) -> None:
        """Note that rows of a file are about to be read; the second time it is held, where there is room."""
        # Whoever comes while another file is being loaded reads from the disk, and waits for nobody.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if file in self._held:
                self._held.move_to_end(file)
            elif self._asked.get(file, False):
                self._asked[file] = self._load(file)
            elif file not in self._asked:
                self._asked[file] = True
                if len(self._asked) > _MOST_REMEMBERED:
                    self._asked.popitem(last=False)
        finally:
            self._lock.release()

    def _load(self, file: Path) -> bool:
        """Hold a file, and hold fewer others for it; whether it may be tried again once it has left."""
        for other in [other for other in self._held if not other.exists()]:
            self._drop(other)
        try:
            if file.stat().st_size > self._largest:
                return False
            # kept because the file's name, which is the platform's own, is quoted
            self._run(f"CREATE TABLE {quote(str(file))} AS SELECT * FROM read_parquet({literal(str(file))})")  # noqa: S608
        except (OSError, duckdb.Error):
            return False
        self._held[file] = None
        while self._held and self._bytes() > self._most:
            self._drop(next(iter(self._held)))
        return file in self._held

    def _drop(self, file: Path) -> None:
        self._run(f"DROP TABLE {quote(str(file))}")
        del self._held[file]

    def _bytes(self) -> int:
        return int(self._run(_IN_MEMORY)[0][0])

    def _run(self, sql: str) -> list[tuple[int, ...]]:
        connection = self._engine.cursor()
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
