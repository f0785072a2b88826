"""Writes what a decision opens as CSV, JSON, Parquet and, where rows have a place, GeoJSON.

Files are addressed by their content, and written only when cells have changed.

The only way to a row is ``relation_sql``: filter and masks are applied before anything is counted or written.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

import duckdb

from governance.api.formats import BY_NAME
from governance.api.geometry import feature_id_sql, geometry_of
from governance.api.writing import Sheet
from governance.catalogue.cells import csv_cell_sql, disarmed, instant_sql, literal, quoted
from governance.catalogue.model import FILE_FORMATS, CatalogueError, Distribution, FileFormat, slice_id
from governance.catalogue.openings import Opening
from governance.catalogue.store import DistributionStore, StoredDataset
from governance.decisions.enforce import relation_sql

_COPY_OPTIONS: dict[FileFormat, str] = {
    "csv": "FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NEW_LINE '\\r\\n'",
    "json": "FORMAT json, ARRAY true",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}


@dataclass(frozen=True)
class _Digest:
    sha256: str
    sha1: str
    size: int


def _select_for(file_format: FileFormat, columns: tuple[tuple[str, str], ...]) -> str:
    if file_format == "parquet":
        return "SELECT * FROM opened"
    cell = csv_cell_sql if file_format == "csv" else instant_sql
    listed = ", ".join(f"{cell(name, kind)} AS {quoted(_header(name, file_format))}" for name, kind in columns)
    return f"SELECT {listed} FROM opened"  # noqa: S608 - kept because every name is quoted


def _header(name: str, file_format: FileFormat) -> str:
    return disarmed(name) if file_format == "csv" else name


def _connect(*folders: Path) -> duckdb.DuckDBPyConnection:
    """A connection that can reach the shared files and the drafts, and nothing else."""
    connection = duckdb.connect()
    allowed = ", ".join(literal(str(folder)) for folder in folders)
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    # Kept at one thread because row groups then fall the same way each time: same rows, same bytes.
    connection.execute("SET threads = 1")
    connection.execute("SET lock_configuration = true")
    return connection


def _load(connection: duckdb.DuckDBPyConnection, opening: Opening, parquet: Path) -> tuple[tuple[str, str], ...]:
    """Materialise what the decision opens as table ``opened``; return its columns.

    Raises:
        CatalogueError: the decision hides ``member_id``, so rows cannot be told apart by provider.
    """
    if opening.members is not None and "member_id" not in opening.visible:
        raise CatalogueError(f"{opening.contract.id}: the decision hides member_id; no slice can be told apart")
    present = [name for name, _ in opening.table.columns]
    sql, parameters = relation_sql(opening.decision, opening.contract, parquet, present=present)
    shown = ", ".join(quoted(name) for name in opening.visible)
    query = f"SELECT {shown} FROM ({sql}) AS visible"  # noqa: S608 - kept because every name is quoted
    if opening.organisation_id is not None:
        # An equality, since the shared file is sorted by member and only that lets the others' rows be skipped.
        query += " WHERE member_id = ?"
        parameters = [*parameters, opening.organisation_id]
    elif opening.members is not None:
        query += " WHERE list_contains(?, member_id)"
        parameters = [*parameters, list(opening.members)]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE opened AS {query}", parameters)
    found = connection.execute("DESCRIBE opened").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in found)


def _digest(path: Path) -> _Digest:
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha256.update(block)
            sha1.update(block)
    return _Digest(sha256.hexdigest(), sha1.hexdigest(), path.stat().st_size)


def _period(
    connection: duckdb.DuckDBPyConnection, opening: Opening, columns: tuple[tuple[str, str], ...]
) -> tuple[date | None, date | None]:
    """First and last day of the contract's first dated column that is shown as it is; a year counts whole."""
    kinds = dict(columns)
    shown = {name for name, mask in opening.decision.column_masks.items() if mask.mask == "show"}
    for column in opening.contract.columns:
        if column.name not in kinds or column.name not in shown:
            continue
        name = quoted(column.name)
        if kinds[column.name] == "DATE" or kinds[column.name].startswith("TIMESTAMP"):
            bounds = f"CAST(min({name}) AS DATE), CAST(max({name}) AS DATE)"
        elif column.type == "year":
            bounds = f"make_date(CAST(min({name}) AS INT), 1, 1), make_date(CAST(max({name}) AS INT), 12, 31)"
        else:
            continue
        row = connection.execute(f"SELECT {bounds} FROM opened").fetchone()  # noqa: S608 - kept because names are quoted
        return row if row else (None, None)
    return None, None


def _copy(
    connection: duckdb.DuckDBPyConnection, file_format: FileFormat, columns: tuple[tuple[str, str], ...], folder: Path
) -> Path:
    path = folder / f"draft.{file_format}"
    select = _select_for(file_format, columns)
    connection.execute(f"COPY ({select}) TO {literal(str(path))} ({_COPY_OPTIONS[file_format]})")
    return path


def _copy_features(
    connection: duckdb.DuckDBPyConnection, opening: Opening, columns: tuple[tuple[str, str], ...], folder: Path
) -> Path:
    """The rows as GeoJSON (RFC 7946), written as the feeds write it; a row without a readable place has no geometry."""
    present = [name for name, _ in columns]
    sheet = Sheet(
        BY_NAME["geojson"],
        present,
        dict(columns),
        geometry_of(opening.contract, opening.decision, present),
        feature_id_sql(opening.contract, opening.decision, present),
    )
    path = folder / "draft.geojson"
    rows = sheet.to_select("SELECT * FROM opened")
    connection.execute(f"COPY ({rows}) TO {literal(str(path))} ({sheet.copy_options})")
    return path


def _keep(draft: Path, store: DistributionStore, identifier: str, instant: datetime) -> Distribution:
    """Move a finished draft to its content-addressed place."""
    file_format = _format_of(draft)
    digest = _digest(draft)
    distribution = Distribution(
        format=file_format,
        file=f"files/{identifier}.{digest.sha256[:16]}.{file_format}",
        bytes=digest.size,
        sha256=digest.sha256,
        sha1=digest.sha1,
        issued=instant,
    )
    path = store.path(distribution)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.chmod(0o644)
    draft.replace(path)
    return distribution


def _format_of(draft: Path) -> FileFormat:
    return next(file_format for file_format in FILE_FORMATS if draft.suffix == f".{file_format}")


def catalogue_id(opening: Opening) -> str:
    """Id in the catalogue of what is opened."""
    if opening.organisation_id is None:
        return opening.contract.id
    return slice_id(opening.contract.id, opening.organisation_id)


class DistributionWriter:
    """Writes the files of one publication over one connection, which is opened only when something has changed."""

    def __init__(self, shared: Path, store: DistributionStore, instant: datetime) -> None:
        # Resolved because the connection compares paths as they are written.
        self._shared = shared.resolve()
        self._store = store
        self._instant = instant.replace(microsecond=0)
        self._drafts = store.root.resolve() / "drafts"
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            shutil.rmtree(self._drafts, ignore_errors=True)  # what a process that was killed left behind
            self._drafts.mkdir(parents=True)
            self._connection = _connect(self._shared, self._drafts)
        return self._connection

    def write(self, opening: Opening, previous: StoredDataset | None) -> StoredDataset | None:
        """Write the files of one opening below the store; return what they are, or None when no row is left.

        Nothing is read when rows, decision and contract are those of ``previous``; nothing is kept when all that
        has changed is elsewhere (another commune's rows, a provenance column that is hidden).

        Raises:
            CatalogueError: the decision hides ``member_id``.
        """
        if previous and previous.input_key == opening.input_key and self._store.holds(previous):
            return previous
        connection = self._connected()
        columns = _load(connection, opening, self._shared / opening.table.file)
        rows = int((connection.execute("SELECT count(*) FROM opened").fetchone() or (0,))[0])
        if rows == 0:
            return None
        with tempfile.TemporaryDirectory(dir=self._drafts) as folder:
            first = _copy(connection, "csv", columns, Path(folder))
            content_key = hashlib.sha256(f"{columns}{_digest(first).sha256}".encode()).hexdigest()
            same = previous if previous and previous.content_key == content_key else None
            if (
                same
                and self._store.holds(same)
                and tuple(file.format for file in same.distributions) == opening.formats
            ):
                return same.model_copy(update={"input_key": opening.input_key})
            others = [kind for kind in opening.formats if kind not in ("csv", "geojson")]
            drafts = [first, *(_copy(connection, kind, columns, Path(folder)) for kind in others)]
            if "geojson" in opening.formats:
                drafts.append(_copy_features(connection, opening, columns, Path(folder)))
            made_at = same.distributions[0].issued if same else self._instant
            kept = tuple(_keep(draft, self._store, catalogue_id(opening), made_at) for draft in drafts)
        first_day, last_day = _period(connection, opening, columns)
        issued = previous.issued if previous else self._instant
        return StoredDataset(
            input_key=opening.input_key,
            content_key=content_key,
            rows=rows,
            columns=columns,
            first_day=first_day,
            last_day=last_day,
            distributions=kept,
            issued=issued,
            modified=same.modified if same else max(opening.table.updated_at.replace(microsecond=0), issued),
        )
