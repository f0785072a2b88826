"""The one engine to the platform's state, and its tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    exists,
    func,
    insert,
    inspect,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from governance.state.room import watch_room

metadata = MetaData()
# No text has a length: SQLite never held one to it, and PostgreSQL would lose a receipt for a long word in it.


class Words(TypeDecorator[str]):
    """Text that came from outside, such as a file's name or a server's message, as any database takes it.

    PostgreSQL takes no NUL, and neither takes half a character pair; a receipt must not be lost to either.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Show what cannot be kept as a sign that can."""
        return (
            None if value is None else value.replace("\x00", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
        )


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, whichever zone it was given in and whatever the database keeps of that: SQLite nothing."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Keep it in UTC."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give it in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


receipts = Table(
    "receipts",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("batch_id", String),
    Column("member_id", String, nullable=False, index=True),
    Column("source_id", String, nullable=False),
    Column("dataset", String, nullable=False, index=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("outcome", String, nullable=False),
    Column("state", String, nullable=False),
    Column("report_status", String),
    Column("file_name", Words),
    Column("file_sha256", String),
    Column("file_bytes", Integer),
    Column("rows_in", Integer),
    Column("rows_accepted", Integer),
    Column("rows_quarantined", Integer),
    Column("rows_duplicates", Integer),
    Column("rows_gone", Integer),
    Column("contract_version", String),
    Column("release", String),
    Column("detected", Words),
    Column("message_fr", Words, nullable=False),
    Column("message_en", Words, nullable=False),
    Column("remedy_fr", Words, nullable=False, default=""),
    Column("remedy_en", Words, nullable=False, default=""),
)

cursors = Table(
    "cursors",
    metadata,
    Column("member_id", String, primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("file_sha256", String, nullable=False),
    Column("file_name", Words, nullable=False),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("watermark", Words),
    Column("outcome", String, nullable=False),
    Column("state", String, nullable=False),
    Column("contract_version", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("checked_at", Float, nullable=False),
)

accepted = Table(
    "accepted",
    metadata,
    Column("member_id", String, primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("dataset", String, nullable=False, index=True),
    Column("run_id", String, nullable=False),
    Column("batch_id", String, nullable=False),
    Column("rows", Integer, nullable=False),
)


under_way = Table(
    "under_way",
    metadata,
    Column("member_id", String, primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("since", Instant, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("member_id", String, primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("archived_at", Instant),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("member_id", String, nullable=False, index=True),
    Column("subscription", String, nullable=False),
    Column("occasion", String, nullable=False),
    Column("run_id", String),
    Column("told", Text),
    Column("since", Instant),
    Column("due_at", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("settled_at", Instant),
    Column("failure_fr", Words, nullable=False),
    Column("failure_en", Words, nullable=False),
)

engine_bundles = Table(
    "engine_bundles",
    metadata,
    Column("engine", String, primary_key=True),
    Column("bundle", String, primary_key=True),
    Column("revision", String),
    Column("active_since", String),
    Column("fault", Text),
    Column("reported_at", String, nullable=False),
)

engine_decisions = Table(
    "engine_decisions",
    metadata,
    Column("decision_id", String, primary_key=True),
    Column("at", String, nullable=False, index=True),
    Column("engine", String, nullable=False),
    Column("path", String, nullable=False),
    Column("policy_version", String),
    Column("target", String),
    Column("allow", Boolean),
    Column("event", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("issuer_session", String, nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("tokens", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("ask_again_at", Instant, nullable=False),
    Column("asked_until", Instant, nullable=False),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("until", Instant, nullable=False, index=True),
)

lineage_events = Table(
    "lineage_events",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("job", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("is_last", Boolean, nullable=False),
    Column("told", Text, nullable=False),
)

layout = Table("state_layout", metadata, Column("version", Integer, primary_key=True))

LAYOUT = 5
"""Version of these tables and of the lake's folders; raised whenever either changes."""

_LOCK_NUMBER = 4_157_044
"""Of the advisory lock under which tables are made on PostgreSQL: two that make the same one at once both fail."""


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
    # Asked first because a server that was started again has ended every connection that was kept.
    engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _wait_for_the_other_writer)
    watch_room(engine)
    _make_tables(engine)
    return engine


def make_missing(engine: Engine, tables: MetaData, *more: Executable) -> None:
    """Make the tables that are not there, with what goes with them (``more``), in one transaction.

    Several processes may open a new database at once: they queue, and who comes second finds everything made. Where
    nothing is missing nothing is asked for: the role that the platform works as may be one that makes no tables.
    """
    if tables.tables.keys() <= set(inspect(engine).get_table_names()):
        return
    with alone(engine) as connection:
        tables.create_all(connection)
        for statement in more:
            connection.execute(statement)


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction beside which no other such one runs, and on SQLite no other writer."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_NUMBER)))
        try:
            yield connection
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def _make_tables(engine: Engine) -> None:
    known = inspect(engine).get_table_names()
    if receipts.name in known and layout.name not in known:
        raise StateOfAnotherVersion(engine, None)
    if layout.name in known:
        with engine.connect() as connection:
            found = connection.execute(select(layout.c.version)).scalar_one_or_none()
        if found != LAYOUT:
            raise StateOfAnotherVersion(engine, found)
    version = select(literal(LAYOUT)).where(~exists(select(layout.c.version)))
    make_missing(engine, metadata, insert(layout).from_select(["version"], version))
