"""Rows of a feed, as files: the one place of the API that touches the shared layer.

DuckDB reads the relation that the decision leaves, in a process-wide engine that can open the shared layer and
its own work folder and nothing else. Whole feeds are kept as files until the data or the decision changes.
"""

import os
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from connectors.problems import is_out_of_room
from governance.api.compression import ENCODINGS, Encoding, compress_file
from governance.api.formats import FORMATS, Format
from governance.api.geometry import Geometry
from governance.api.held_tables import HeldTables
from governance.api.problems import ProblemError
from governance.api.query import FeedQuery, quote
from governance.api.words import reason
from governance.api.writing import Envelope, Sheet, finish, literal
from governance.shared_layer import SharedTable

_LONGEST_SECONDS = 30.0
_MEMORY_LIMIT = "512MB"
_MOST_DESCRIBED = 1_000
_MOST_KEPT = 48
"""Whole files of one dataset and agreement that are kept: versions, rights, formats, encodings, those used last."""
WHOLE = "whole"
"""Folder of the whole files in that of feeds; the front may have been given it to read."""
APART = ".sent"
"""Folder, in that of whole files, of the second names of those that are being sent."""
OPEN_TO_ALL = "-"
"""Folder of what is read under no agreement; no agreement can bear that name."""


@dataclass(frozen=True)
class Relation:
    """The only rows and columns that a caller's own filters may be applied to."""

    sql: str
    parameters: Sequence[Any]
    geometry: Geometry | None = None
    feature_id: str = "NULL"
    """SQL of what a row is known by as a feature."""
    file: Path | None = None
    """The one file that is read; nothing where there are several."""


@dataclass(frozen=True)
class FeedFile:
    """One answer on disk."""

    path: Path
    rows: int


def _where(query: FeedQuery) -> str:
    return " WHERE " + " AND ".join(item.to_sql() for item in query.filters) if query.filters else ""


def _order(query: FeedQuery, visible: Collection[str]) -> str:
    """A total order: rows that tie on every visible column are equal, so that their exchange changes nothing."""
    if not query.sort:
        return ""
    asked = [f"{quote(name)} {'DESC' if down else 'ASC'} NULLS LAST" for name, down in query.sort]
    return " ORDER BY " + ", ".join([*asked, *(quote(name) for name in visible)])


class RowReader:
    """Reads relations over the shared layer; one for the process, safe for its threads."""

    def __init__(self, shared: Path, work: Path) -> None:
        self._work, self._shared = work.resolve(), shared.resolve()
        self._work.mkdir(parents=True, exist_ok=True)
        self.whole_folder = self._work / WHOLE
        self.whole_folder.mkdir(exist_ok=True)
        self._apart = self.whole_folder / APART
        self._apart.mkdir(exist_ok=True)
        self._building = threading.Lock()
        self._described: dict[tuple[str, str], dict[str, str]] = {}
        self._engine = duckdb.connect(":memory:")
        folders = ", ".join(literal(f"{path}/") for path in (self._shared, self._work))
        # Kept in this order because each line forbids what the one before still needed.
        self._engine.execute(f"SET memory_limit = {literal(_MEMORY_LIMIT)}")
        self._engine.execute(f"SET temp_directory = {literal(str(self._work / 'spill'))}")
        self._engine.execute(f"SET allowed_directories = [{folders}]")
        # The files of the shared layer never change, and reading what each row group holds took half of a count.
        self._engine.execute("SET parquet_metadata_cache = true")
        # A name in a statement is a table's or a file's, never that of a variable of this program.
        self._engine.execute("SET python_enable_replacements = false")
        self._engine.execute("SET enable_external_access = false")
        self._engine.execute("SET lock_configuration = true")
        self._held = HeldTables(self._engine)

    def file_of(self, table: SharedTable) -> Path:
        """Path of a table's file, by the name under which it may be read."""
        return self._shared / table.file

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()

    def columns(self, relation: Relation) -> dict[str, str]:
        """DuckDB type of each column of a relation, in order."""
        # Remembered because the files of the shared layer never change and asking costs 2 ms a request.
        key = (relation.sql, repr(relation.parameters))
        found = self._described.get(key)
        if found is None:
            rows = self._run(f"DESCRIBE {relation.sql}", relation.parameters)
            found = {str(row[0]): str(row[1]) for row in rows}
            if len(self._described) >= _MOST_DESCRIBED:
                self._described.clear()
            self._described[key] = found
        return dict(found)

    def count(self, relation: Relation, query: FeedQuery) -> int:
        """Number of rows that fit a query, over all its pages."""
        values = [value for item in query.filters for value in item.values]
        sql = f"SELECT count(*) FROM ({relation.sql}) AS visible{_where(query)}"  # noqa: S608
        return int(self._run(sql, [*relation.parameters, *values])[0][0])

    def extent(self, relation: Relation) -> tuple[float, float, float, float] | None:
        """West, south, east, north of a relation's points, in degrees; None where there is none, and for shapes."""
        bounds = relation.geometry.bounds_sql() if relation.geometry else None
        if bounds is None:
            return None
        found = self._run(f"SELECT {bounds} FROM ({relation.sql})", relation.parameters)[0]  # noqa: S608
        return None if None in found else (float(found[0]), float(found[1]), float(found[2]), float(found[3]))

    @contextmanager
    def page(
        self, relation: Relation, query: FeedQuery, offset: int, file_format: Format, envelope: Envelope = Envelope({})
    ) -> Iterator[FeedFile]:
        """Write one page to a file that lives as long as the block.

        Raises:
            ProblemError: 503, reading took longer than allowed.
        """
        if relation.file is not None:
            self._held.ask(relation.file)
        path = self._work / f"page-{uuid4().hex}.{file_format.extension}"
        try:
            sheet = self._sheet(relation, query, file_format, envelope)
            yield FeedFile(path, self._write(relation, query, offset, sheet, path))
        finally:
            path.unlink(missing_ok=True)

    def whole(
        self, place: str, relation: Relation, fingerprint: str, file_format: Format, encoding: Encoding | None
    ) -> FeedFile:
        """Return the whole feed as a file; made once for each fingerprint, and those used longest ago are removed.

        ``place`` is the folder of the dataset and the agreement.

        Raises:
            ProblemError: 503, writing took longer than allowed.
        """
        folder = self.whole_folder / place
        plain = f"{fingerprint[:32]}.{file_format.extension}"
        wanted = f"{plain}.{encoding}" if encoding else plain
        # Looked for before waiting, so that one long file in the making holds up nobody who asks for another.
        found = _kept(folder, wanted)
        if found is not None:
            return found
        with self._building:
            file = _kept(folder, plain) or self._make_whole(folder, plain, relation, file_format)
            if encoding is not None:
                file = _kept(folder, wanted) or _packed(file, wanted, encoding)
            _prune(folder, keep=_MOST_KEPT)
        return file

    def name_apart(self, file: Path) -> Path | None:
        """Give a whole file a second name, by which it can be opened though its first is taken away meanwhile.

        None where the disk gives no second names: then it may be gone when it is opened. Who asked for the name takes
        it away; should they not get to it, ``forget_names`` does.

        Raises:
            FileNotFoundError: its first name was taken away before.
        """
        apart = self._apart / f".{uuid4().hex}"
        try:
            os.link(file, apart, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError as error:
            if is_out_of_room(error):
                raise
            return None
        return apart

    def forget_names(self) -> None:
        """Take away second names that are older than any sending needs: who asked for them was cut short."""
        for apart in self._apart.iterdir():
            with suppress(FileNotFoundError):
                # When a file got a name, and not when its content was written.
                if time.time() - apart.lstat().st_ctime > _LONGEST_SECONDS:
                    apart.unlink()

    def formats_taken(self, place: str) -> tuple[Format, ...]:
        """Formats of the whole files that lie in a folder."""
        names = [path.name.partition(".")[2] for path in _files(self.whole_folder / place)]
        return tuple(known for known in FORMATS if any(_is_of(name, known) for name in names))

    def remove_files(self, place: str, keep: Collection[str]) -> int:
        """Remove the whole files of a folder but those of some fingerprints; say how many."""
        kept = {fingerprint[:32] for fingerprint in keep}
        gone = [path for path in _files(self.whole_folder / place) if path.name.partition(".")[0] not in kept]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def remove_agreements(self, known: Collection[str]) -> int:
        """Remove the whole files of agreements that are declared no more; say how many."""
        folders = [folder for folder in self.whole_folder.glob("*/*") if folder.is_dir()]
        others = [folder for folder in folders if folder.name not in known and folder.name != OPEN_TO_ALL]
        return sum(self.remove_files(str(folder.relative_to(self.whole_folder)), keep=()) for folder in others)

    def _make_whole(self, folder: Path, name: str, relation: Relation, file_format: Format) -> FeedFile:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".draft-{uuid4().hex}"
        query = FeedQuery(tuple(self.columns(relation)))
        try:
            rows = self._write(relation, query, 0, self._sheet(relation, query, file_format), draft)
            # The number of rows is part of the name: it costs a scan to count them again.
            return FeedFile(draft.rename(folder / f"{name}.{rows}"), rows)
        finally:
            draft.unlink(missing_ok=True)

    def preview(
        self, relation: Relation, limit: int, hide: Collection[str] = ()
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Column names and the first rows of a relation, without the columns to hide."""
        names = tuple(name for name in self.columns(relation) if name not in hide)
        listed = ", ".join(quote(name) for name in names)
        return names, self._run(f"SELECT {listed} FROM ({relation.sql}) LIMIT ?", [*relation.parameters, limit])  # noqa: S608

    def _sheet(
        self, relation: Relation, query: FeedQuery, file_format: Format, envelope: Envelope = Envelope({})
    ) -> Sheet:
        kinds = self.columns(relation)
        return Sheet(file_format, query.columns, kinds, relation.geometry, relation.feature_id, envelope)

    def _write(self, relation: Relation, query: FeedQuery, offset: int, sheet: Sheet, path: Path) -> int:
        inner = f"SELECT * FROM ({relation.sql}) AS visible{_where(query)}{_order(query, sheet.kinds)}"  # noqa: S608
        values = [*relation.parameters, *(value for item in query.filters for value in item.values)]
        if query.limit is not None:
            inner += " LIMIT ? OFFSET ?"
            values += [query.limit, offset]
        sql = f"COPY ({sheet.to_select(inner)}) TO {literal(str(path))} ({sheet.copy_options})"
        rows = int(self._run(sql, values)[0][0])
        finish(path, sheet.format)
        return rows

    def _run(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        connection = self._engine.cursor()
        clock = threading.Timer(_LONGEST_SECONDS, connection.interrupt)
        clock.start()
        try:
            return connection.execute(sql, parameters).fetchall()
        except duckdb.InterruptException as error:
            raise ProblemError(503, reason("query_too_long")) from error
        finally:
            clock.cancel()
            connection.close()


def _files(folder: Path) -> list[Path]:
    """The finished files of a folder, which need not be there."""
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []


def _is_of(name: str, known: Format) -> bool:
    """Whether ``csv.5`` or ``csv.gzip.5`` is a file of a format."""
    kind, _, rows = name.removeprefix(f"{known.extension}.").rpartition(".")
    return name.startswith(f"{known.extension}.") and rows.isdigit() and kind in ("", *ENCODINGS)


def _kept(folder: Path, name: str) -> FeedFile | None:
    """The file of that name, if there is one; the number of its rows stands behind it."""
    found = next((path for path in folder.glob(f"{name}.*") if path.name.removeprefix(f"{name}.").isdigit()), None)
    if found is None:
        return None
    with suppress(FileNotFoundError):
        # Of the two times that a file has, the one of its content stays: readers are told it.
        os.utime(found, ns=(time.time_ns(), found.stat().st_mtime_ns))
    return FeedFile(found, int(found.suffix[1:]))


def _packed(file: FeedFile, name: str, encoding: Encoding) -> FeedFile:
    """A compressed copy beside a file, made whole before it gets its name."""
    draft = file.path.with_name(f".draft-{uuid4().hex}")
    try:
        compress_file(file.path, draft, encoding)
        return FeedFile(draft.rename(file.path.with_name(f"{name}.{file.rows}")), file.rows)
    finally:
        draft.unlink(missing_ok=True)


def _prune(folder: Path, keep: int) -> None:
    """Keep the files used last; a file that is being sent stays readable after its name is gone."""
    files = sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=_used_at, reverse=True)
    for path in files[keep:]:
        path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_atime
    return 0.0
