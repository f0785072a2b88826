"""Rows of one table or view of a PostgreSQL database, all of them or what changed since the last run.

PostgreSQL 12 and later, over its own protocol (version 3). The declaration names a table and columns, never SQL: a
selection or a join belongs in a view, which whoever keeps the database declares. The rows come in a read-only
transaction that sees one instant (repeatable read), through a server-side cursor; each is the JSON that the server
writes (``to_json``): dates as ISO 8601 in UTC, numbers with all their digits, NaN and infinity as text.

With ``watermark`` (a column that grows whenever a row is written) only rows from the last value on are asked for, that
value's own included, because rows of the same instant may follow, and rows where it is null, which have no place in
time. A transaction that was open for long may commit rows *behind* the watermark: ``overlap_seconds`` goes back by so
much. Deletions leave no trace in a watermark: the rows are counted in the same transaction, and how many are gone is
told. When the connection is cut an incremental fetch goes on from the last row received; another begins anew.
"""

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Placeholder
from pydantic import Field, model_validator

from connectors.authority import Authority
from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators, read_options
from connectors.credentials import two_parts
from connectors.patience import Patience
from connectors.postgres import Server
from connectors.problems import BadOptions, TooLarge
from connectors.records import Cost, checked, write_records
from connectors.snapshot import Snapshot, key_at

_BATCH = 1000


class Options(ConnectorOptions):
    """What the declaration of a ``sql`` source says; its secret is ``user:password``."""

    host: str = Field(title="Serveur", min_length=1, description="name or address of the server")
    port: int = Field(5432, title="Port", ge=1, le=65535, description="another than 5432 has to be allowed")
    database: str = Field(title="Base", min_length=1, description="name of the database")
    tls: bool = Field(True, title="Chiffrement", description="encrypted, and the server's name verified")
    ca: Authority | None = Field(
        None, title="Autorité", description="certificate (PEM) of a private authority to trust"
    )
    table: str = Field(
        title="Table ou vue",
        pattern=r"^([^.\x00]{1,63}\.)?[^.\x00]{1,63}$",
        description="with its schema: public.grants",
    )
    columns: tuple[str, ...] = Field((), title="Colonnes", description="those to take; by default all")
    key: tuple[str, ...] = Field(title="Clé", min_length=1, description="columns that tell rows apart")
    watermark: str | None = Field(
        None, title="Repère", description="column that grows with each write; or all is taken"
    )
    overlap_seconds: float = Field(0, title="Recouvrement", ge=0, description="how far to go back, where it is a time")
    max_rows: int = Field(5_000_000, title="Lignes", gt=0, description="most rows of one run")

    @model_validator(mode="after")
    def _key_is_taken(self) -> "Options":
        missing = set(self.key) - set(self.columns) if self.columns else set()
        if missing:
            raise ValueError(f"key names a column that is not taken: {min(missing)}")
        if self.overlap_seconds and self.watermark is None:
            raise ValueError("overlap_seconds goes with watermark")
        return self

    @property
    def relation(self) -> Identifier:
        """Table or view, quoted."""
        return Identifier(*self.table.split("."))


def _taken(options: Options) -> Composed:
    if not options.columns:
        return Composed([SQL("t.*")])
    return SQL(", ").join(Identifier("t", column) for column in options.columns)


def _query(options: Options, since: str | None) -> Composed:
    """Rows in the order of the watermark, so that the last received tells how far the fetch came."""
    order = SQL(", ").join(Identifier("t", column) for column in options.key)
    if options.watermark is None:
        text = "SELECT (SELECT to_json(r) FROM (SELECT {taken}) r)::text, NULL FROM {relation} t ORDER BY {order}"
        return SQL(text).format(taken=_taken(options), relation=options.relation, order=order)
    mark = Identifier("t", options.watermark)
    condition = Composed([])
    if since is not None:
        back = SQL("{value}::timestamptz - make_interval(secs => {back})" if options.overlap_seconds else "{value}")
        bound = back.format(value=Placeholder("since"), back=Placeholder("back"))
        condition = SQL("WHERE {mark} >= {bound} OR {mark} IS NULL").format(mark=mark, bound=bound)
    return SQL(
        "SELECT (SELECT to_json(r) FROM (SELECT {taken}) r)::text, {mark}::text FROM {relation} t {condition}"
        " ORDER BY {mark} NULLS FIRST, {order}"
    ).format(taken=_taken(options), mark=mark, relation=options.relation, condition=condition, order=order)


class _Reading:
    """One table on its way into a snapshot, kept from one attempt to the next."""

    def __init__(self, request: FetchRequest, options: Options, snapshot: Snapshot) -> None:
        self._options, self._snapshot, self.patience = options, snapshot, Patience(request.limits)
        self._server = _server(request, options, self.patience)
        self._previous = request.previous if options.watermark else None
        self.mark = request.known_watermark if options.watermark else None
        self.received_bytes = self._rows = self.gone = 0
        if self._previous:
            snapshot.put_previous(self._previous)

    def read(self, attempt: int) -> None:
        """Take what is to be taken, then count what is gone.

        Raises:
            ConnectorProblem: any of ``connectors.problems``.
        """
        is_resumed = attempt > 1 and self._options.watermark is not None
        if not is_resumed and self._previous is None:
            self._snapshot.clear()
        with self._server.opened() as connection:
            with closing(self._lines(connection)) as lines:
                for line, mark in lines:
                    self._put(line, is_resumed)
                    self.mark = mark or self.mark
            if self._options.watermark:
                counted = SQL("SELECT count(*) FROM {}").format(self._options.relation)
                with self._server.watched(connection):
                    (count,) = connection.execute(counted).fetchone() or (0,)
                self.gone = max(0, len(self._snapshot) - int(count))

    def _put(self, line: str, is_resumed: bool) -> None:
        self.received_bytes += len(line.encode())
        self._rows += 1
        self.patience.require_room(self.received_bytes, self._server.where)
        if self._rows > self._options.max_rows:
            most = self._options.max_rows
            raise TooLarge(self._server.where, f"plus de {most} lignes", f"over {most} rows")
        record = json.loads(line)
        if any(record.get(column) is None for column in self._options.key):
            raise BadOptions("key", "a row has no value in it")
        # After a cut a row may come again, changed meanwhile; in one transaction a key comes once.
        if not self._snapshot.put(record, line) and not is_resumed:
            raise BadOptions("key", "several rows share one key")

    def _lines(self, connection: Connection[Any]) -> Generator[tuple[str, str | None]]:
        values = {"since": self.mark, "back": self._options.overlap_seconds}
        with connection.cursor("archipel") as cursor:
            with self._server.watched(connection):
                cursor.execute(_query(self._options, self.mark), values)
            rows: list[tuple[str, str | None]] = [("", None)]
            while rows:
                with self._server.watched(connection):
                    rows = cursor.fetchmany(_BATCH)
                for line, mark in rows:
                    # Only columns of type json keep line breaks, and only between their tokens.
                    yield line.replace("\r", " ").replace("\n", " "), mark


def _server(request: FetchRequest, options: Options, patience: Patience) -> Server:
    return Server(
        host=options.host,
        port=options.port,
        database=options.database,
        tls=options.tls,
        ca=options.ca,
        table=options.table,
        credentials=two_parts(request.secret),
        patience=patience,
    )


def check(request: FetchRequest) -> Checked:
    """Say whether the table and its columns can be read, without taking a row.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options, patience = read_options(Options, request), Patience(request.limits)
    server = _server(request, options, patience)
    for attempt in patience.attempts:
        with attempt, server.opened() as connection, server.watched(connection):
            connection.execute(_query(options, None) + SQL(" LIMIT 0"))
    return checked(f"{options.table}.ndjson", resumable=options.watermark is not None)


def fetch(request: FetchRequest) -> Fetched:
    """Take the rows, or those from the watermark on laid over the ones we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options = read_options(Options, request)
    with Snapshot(request.into, key_at(*options.key)) as snapshot:
        reading = _Reading(request, options, snapshot)
        for attempt in reading.patience.attempts:
            with attempt:
                reading.read(attempt.num)
        cost = Cost(attempt.num, reading.received_bytes)
        since = Validators(watermark=reading.mark)
        fetched = write_records(request, snapshot.lines(), cost, f"{options.table}.ndjson", since=since)
    return fetched.model_copy(update={"gone": reading.gone})
