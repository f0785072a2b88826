"""Shared models out of the warehouse as Parquet: whole, or the rows of members that changed among those of before.

Either way the same rows are the same bytes. Apart from ``governance.pipeline.warehouse``, which only dbt writes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from connectors.problems import is_out_of_room
from governance.pipeline.warehouse import MEMORY_LIMIT, SharedModel, warehouse_path
from governance.settings import Settings

_ORDER_FIRST = ("member_id", "file_sha256", "line_number")
"""Rows of one member lie together, so that a slice reads few row groups; the other columns settle what is left, so that
the same rows are the same bytes."""
ROW_GROUP = 8192
"""Rows of a row group: few, so that a filter that fits some of them, or a page, reads little."""
_Columns = tuple[tuple[str, str], ...]


class ExportFailed(RuntimeError):
    """A model cannot be read out of the warehouse as it is; the message says why."""


@dataclass(frozen=True)
class Former:
    """A file that a model was written to before, whose rows may be taken over where a member's digest is the same."""

    path: Path
    columns: _Columns
    digests_by_member: dict[str, str]


@dataclass(frozen=True)
class Exported:
    """One shared model as it is now: its columns with their types, and how many rows of whom."""

    rows: int
    columns: _Columns
    rows_by_member: dict[str, int]
    digests_by_member: dict[str, str]
    changed: frozenset[str] | None
    """Members that have other rows than before, or none any more; None where all rows were written anew."""


def export(settings: Settings, model: SharedModel, path: Path, former: Former | None = None) -> Exported:
    """Write one shared model to Parquet; nothing is written where no member's rows changed.

    Raises:
        ExportFailed: a row cannot be read, rows changed while they were read, or a type has no equal in Parquet.
        duckdb.Error, polars.exceptions.PolarsError, OSError: there is no room left on the disk.
    """
    try:
        return _export(settings, model, path, former)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        if is_out_of_room(error):
            raise
        raise ExportFailed(str(error)) from error


def _export(settings: Settings, model: SharedModel, path: Path, former: Former | None) -> Exported:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        relation = connection.sql(f"SELECT * FROM {model.relation}")  # noqa: S608 - names come from the manifest
        columns = tuple(zip(relation.columns, (str(kind) for kind in relation.types), strict=True))
        counted = _count(connection, model, columns)
        changed = _changed_since(former, columns, {member: digest for member, _, digest in counted})
        rows = sum(count for _, count, _ in counted)
        if changed is None or changed:
            with _draft_beside(path) as draft:
                _copy_rows(connection, model, columns, changed, draft)
                _write(draft, former if changed is not None else None, changed or (), path)
                _require_same(connection, draft, path, rows)
    is_by_member = "member_id" in dict(columns)
    return Exported(
        rows=rows,
        columns=columns,
        rows_by_member={member: count for member, count, _ in counted} if is_by_member else {},
        digests_by_member={member: digest for member, _, digest in counted} if is_by_member else {},
        changed=changed,
    )


def _count(connection: duckdb.DuckDBPyConnection, model: SharedModel, columns: _Columns) -> list[tuple[str, int, str]]:
    """How many rows each member has, and their digest; of a model that knows no member, how many there are."""
    member = "member_id" if "member_id" in dict(columns) else "''"
    # A sum and not an exclusive or, under which two equal rows would cancel each other.
    return connection.execute(
        f"SELECT {member}, count(*), sum(hash(each))::VARCHAR FROM {model.relation} AS each "  # noqa: S608
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()


def _changed_since(former: Former | None, columns: _Columns, digests: dict[str, str]) -> frozenset[str] | None:
    """Whose rows are others than before; None where that does not tell which rows can be taken over."""
    if former is None or former.columns != columns or "member_id" not in dict(columns) or None in digests:
        return None
    before = former.digests_by_member
    return frozenset(member for member in {*before, *digests} if before.get(member) != digests.get(member))


@contextmanager
def _draft_beside(path: Path) -> Iterator[Path]:
    """Give a path for rows on their way, with a name that a sweep knows as a draft's."""
    draft = path.with_name(f".{path.name}.rows")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _copy_rows(
    connection: duckdb.DuckDBPyConnection,
    model: SharedModel,
    columns: _Columns,
    changed: Iterable[str] | None,
    draft: Path,
) -> None:
    """Sort the rows of some members, or all of them, into a draft."""
    names = [name for name, _ in columns]
    order = [name for name in _ORDER_FIRST if name in names]
    by = ", ".join(f'"{name}"' for name in (*order, *(name for name in names if name not in order)))
    of_members = "" if changed is None else "WHERE member_id IN (SELECT unnest(?))"
    connection.execute(
        f"COPY (SELECT * FROM {model.relation} {of_members} ORDER BY {by}) TO ? (FORMAT parquet)",  # noqa: S608
        [*([] if changed is None else [sorted(changed)]), str(draft)],
    )


def _write(draft: Path, former: Former | None, changed: Iterable[str], path: Path) -> None:
    """Write a draft's rows in the form in which they are read, among those of before that still hold.

    By Polars and not in SQL: both are sorted already, and DuckDB could only sort them all again.
    """
    rows = pl.scan_parquet(draft)
    if former is not None:
        kept = pl.scan_parquet(former.path).filter(~pl.col("member_id").is_in(list(changed)))
        rows = kept.merge_sorted(rows, key="member_id")
    rows.sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP)


def _require_same(connection: duckdb.DuckDBPyConnection, draft: Path, path: Path, rows: int) -> None:
    """Refuse a file of other rows than were counted, or of other types than the warehouse gave."""
    given, written = (connection.read_parquet(str(each)) for each in (draft, path))
    if (given.columns, given.types) != (written.columns, written.types):
        raise ExportFailed(f"written as {written.types}, not as {given.types}")
    (found,) = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone() or (0,)
    if found != rows:
        raise ExportFailed(f"{found} rows written, {rows} counted: they changed meanwhile; run it again")
