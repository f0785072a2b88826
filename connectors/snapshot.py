"""All the records of a source as they stand now, by key.

APIs give records in pages, in an order that may change between two answers, some of them twice when the data moves
meanwhile. Here the last record of a key wins, and they come out in the order of the keys: equal content, equal hash.
They wait in a small SQLite file, not in memory, whatever their number.
"""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.records import as_line

KeyOf = Callable[[Mapping[str, Any]], str | None]
"""Tells the key of a record; None when it has none."""


class Snapshot:
    """Records by key; use it as a context manager, which leaves no trace of it on disk."""

    def __init__(self, folder: Path, key_of: KeyOf) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".records-", delete=False) as file:
            self._path = Path(file.name)
        self._key_of = key_of
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")  # kept off because the file is thrown away in any case
        self._db.execute("CREATE TABLE records (key TEXT UNIQUE, line TEXT NOT NULL, is_new INTEGER NOT NULL)")
        self._db.execute("BEGIN")

    def __enter__(self) -> "Snapshot":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM records").fetchone()[0])

    def put(self, record: Mapping[str, Any], line: str | None = None) -> bool:
        """Add a record, or replace the one of its key; without a key it stands for itself.

        ``line`` is the record as the source wrote it, where a number must keep its digits.
        Return False when it replaces a different one that was put before: fine where a source changes while it is
        read, wrong where what was declared to be its key is none.
        """
        key, line, known = self._key(record), line or as_line(record), None
        if key is not None:
            known = self._db.execute("SELECT line FROM records WHERE key = ? AND is_new", (key,)).fetchone()
        self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, 1)", (key, line))
        return known is None or known[0] == line

    def put_previous(self, path: Path) -> None:
        """Begin with the records of an NDJSON file: what was handed over last time."""
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                key = self._key(json.loads(line))
                self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, 0)", (key, line.rstrip("\n")))

    def clear(self) -> None:
        """Forget all of them: the source is read again from the start."""
        self._db.execute("DELETE FROM records")

    def untouched(self) -> Iterator[dict[str, Any]]:
        """Yield the previous records that were not put again."""
        for (line,) in self._db.execute("SELECT line FROM records WHERE NOT is_new"):
            yield json.loads(line)

    def lines(self) -> Iterator[str]:
        """Yield every record as a line, in the order of the keys."""
        for (line,) in self._db.execute("SELECT line FROM records ORDER BY key, line"):
            yield line

    def _key(self, record: Mapping[str, Any]) -> str | None:
        key = self._key_of(record)
        return None if key is None else key.encode("utf-8", "backslashreplace").decode()


def key_at(*names: str) -> KeyOf:
    """Return a teller of the key made of these fields: None when one is missing or null."""

    def tell(record: Mapping[str, Any]) -> str | None:
        values = [record.get(name) for name in names]
        if any(value is None or value == "" for value in values):
            return None
        return str(values[0]) if len(values) == 1 else json.dumps(values, ensure_ascii=False)

    return tell
