"""The one engine to the platform's state, and its tables."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable

metadata = MetaData()

receipts = Table(
    "receipts",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("batch_id", String(32)),
    Column("member_id", String(64), nullable=False, index=True),
    Column("source_id", String(64), nullable=False),
    Column("dataset", String(64), nullable=False, index=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("report_status", String(16)),
    Column("file_name", Text),
    Column("file_sha256", String(64)),
    Column("file_bytes", Integer),
    Column("rows_in", Integer),
    Column("rows_accepted", Integer),
    Column("rows_quarantined", Integer),
    Column("rows_duplicates", Integer),
    Column("rows_gone", Integer),
    Column("contract_version", String(32)),
    Column("detected", Text),
    Column("message_fr", Text, nullable=False),
    Column("message_en", Text, nullable=False),
    Column("remedy_fr", Text, nullable=False, default=""),
    Column("remedy_en", Text, nullable=False, default=""),
)

cursors = Table(
    "cursors",
    metadata,
    Column("member_id", String(64), primary_key=True),
    Column("source_id", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("origin", String(64), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("watermark", Text),
    Column("outcome", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("contract_version", String(32), nullable=False),
    Column("run_id", String(32), nullable=False),
    Column("checked_at", Float, nullable=False),
)

accepted = Table(
    "accepted",
    metadata,
    Column("member_id", String(64), primary_key=True),
    Column("source_id", String(64), primary_key=True),
    Column("dataset", String(64), nullable=False, index=True),
    Column("run_id", String(32), nullable=False),
    Column("batch_id", String(32), nullable=False),
    Column("rows", Integer, nullable=False),
)


under_way = Table(
    "under_way",
    metadata,
    Column("member_id", String(64), primary_key=True),
    Column("source_id", String(64), primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("member_id", String(64), primary_key=True),
    Column("source_id", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("archived_at", DateTime(timezone=True)),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("member_id", String(64), nullable=False, index=True),
    Column("subscription", String(32), nullable=False),
    Column("occasion", String(8), nullable=False),
    Column("run_id", String(32)),
    Column("told", Text),
    Column("since", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("next_try_at", DateTime(timezone=True), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("failure_fr", Text, nullable=False),
    Column("failure_en", Text, nullable=False),
)

layout = Table("state_layout", metadata, Column("version", Integer, primary_key=True))

LAYOUT = 4
"""Version of these tables and of the lake's folders; raised whenever either changes."""


class StateOfAnotherVersion(RuntimeError):  # noqa: N818 - kept because it is named after the fact it states
    """The state was made by another version of the platform; nothing of it was touched."""

    def __init__(self, engine: Engine, found: int | None) -> None:
        super().__init__(
            f"the state at {engine.url.render_as_string(hide_password=True)} was made by another version of Archipel "
            f"(layout {found or 1}, this one needs {LAYOUT}). No release has been made yet, so there is no upgrade: "
            "keep a copy, then 'make clean' and start again; the declarations stay."
        )


def insert_unless_known(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in the caller's transaction; those whose primary key is there already stay as they are.

    Asking first would not do: two processes may both be told that a row is not there.
    """
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


def _wait_for_the_other_writer(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """SQLite: several task processes write receipts at once; they queue instead of failing."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


@lru_cache(maxsize=8)
def open_database(address: str) -> Engine:
    """Return the engine of an address, with its tables made if they are missing.

    Raises:
        StateOfAnotherVersion: its tables are those of another version.
    """
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _wait_for_the_other_writer)
    _make_tables(engine)
    return engine


def _make_tables(engine: Engine) -> None:
    """Several task processes may open a new database at once: who comes second finds the tables made.

    The version is written first, so that nobody finds tables without it.
    """
    known = inspect(engine).get_table_names()
    if receipts.name in known and layout.name not in known:
        raise StateOfAnotherVersion(engine, None)
    with engine.begin() as connection:
        connection.execute(CreateTable(layout, if_not_exists=True))
    with suppress(IntegrityError), engine.begin() as connection:
        if connection.execute(select(layout.c.version)).first() is None:
            connection.execute(layout.insert().values(version=LAYOUT))
    with engine.connect() as connection:
        found: int = connection.execute(select(layout.c.version)).scalar_one()
    if found != LAYOUT:
        raise StateOfAnotherVersion(engine, found)
    for table in metadata.sorted_tables:
        with engine.begin() as connection:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
