"""A connection to a PostgreSQL server: to a judged address, read-only, and cut when it keeps us waiting."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Timer
from typing import Any

import psycopg
from psycopg import Connection, IsolationLevel, errors

from connectors.credentials import Credentials
from connectors.egress import judge_service
from connectors.patience import Patience
from connectors.problems import ConnectorProblem, SourceRefused, SourceUnavailable

USUAL_PORTS = (5432,)
_PASSING = ("starting up", "shutting down", "recovery", "too many", "remaining connection slots")


_SETTINGS = (
    "-c statement_timeout={milliseconds} -c default_transaction_read_only=on"
    " -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=1"
)


@dataclass(frozen=True)
class Server:
    """Where a table is, who asks, and how patiently."""

    host: str
    port: int
    database: str
    tls: bool
    ca: str | None
    table: str
    credentials: Credentials
    patience: Patience

    @property
    def where(self) -> str:
        """For messages: never a user, never a password."""
        return f"postgresql://{self.host}:{self.port}/{self.database}/{self.table}"

    @contextmanager
    def opened(self) -> Iterator[Connection[Any]]:
        """A read-only transaction that sees one instant; what fails becomes one of our problems."""
        limits = self.patience.limits
        addresses = judge_service(self.host, self.port, USUAL_PORTS, limits.egress)
        wait = self.patience.cap(limits.timeout_seconds, self.where)
        milliseconds = max(1, int(self.patience.cap(limits.total_seconds, self.where) * 1000))
        try:
            with (
                _trusted(self.ca if self.tls else "") as root,
                psycopg.connect(
                    # libpq tries them in turn; the name is what TLS checks.
                    host=",".join([self.host] * len(addresses)),
                    hostaddr=",".join(map(str, addresses)),
                    port=self.port,
                    dbname=self.database,
                    user=self.credentials.name,
                    password=self.credentials.secret.get_secret_value(),
                    sslmode="verify-full" if self.tls else "disable",
                    sslrootcert=root,
                    gssencmode="disable",
                    connect_timeout=max(2, int(wait)),
                    application_name="archipel",
                    options=_SETTINGS.format(milliseconds=milliseconds),
                ) as connection,
            ):
                connection.read_only = True
                connection.isolation_level = IsolationLevel.REPEATABLE_READ
                yield connection
        except psycopg.Error as error:
            raise self._problem(error) from error

    @contextmanager
    def watched(self, connection: Connection[Any]) -> Iterator[None]:
        """Cut the connection when one answer takes too long: the driver itself waits for ever."""
        wait = self.patience.cap(self.patience.limits.timeout_seconds, self.where)
        is_late = Event()
        timer = Timer(wait, _cut, [connection, is_late])
        timer.daemon = True
        timer.start()
        try:
            yield
        except errors.OperationalError as error:
            if is_late.is_set():
                raise self.patience.too_slow(self.where) from error
            raise
        finally:
            timer.cancel()

    def _problem(self, error: psycopg.Error) -> ConnectorProblem:
        where, text = self.where, str(error)
        if isinstance(error, errors.QueryCanceled):
            return self.patience.too_slow(where)
        if isinstance(error, errors.InsufficientPrivilege):
            return SourceRefused(where, 403, "lecture interdite à cet utilisateur", "this user may not read it")
        if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName):
            return SourceRefused(where, 404, "aucune table de ce nom", "no such table")
        if isinstance(error, errors.UndefinedColumn):
            return SourceRefused(where, 400, "une colonne déclarée n'existe pas", "a declared column does not exist")
        if "certificate verify failed" in text or "does not match host name" in text:
            return SourceRefused(where, 495, "certificat non reconnu", "certificate not trusted")
        if "does not support SSL" in text:
            return SourceRefused(where, 495, "il ne sait pas chiffrer", "it does not encrypt")
        # Before a session begins libpq gives no SQLSTATE. FATAL is the server's own word, the same in most languages;
        # what passes is told apart by its English text, and elsewhere fails at once, to be asked again by schedule.
        if error.sqlstate is None and "FATAL" in text and not any(words in text for words in _PASSING):
            return SourceRefused(where, 401, "utilisateur, mot de passe ou base refusés", "user, password or database")
        if isinstance(error, psycopg.OperationalError):
            return SourceUnavailable(where, "connexion impossible ou coupée", "connection failed or cut")
        return SourceRefused(where, 400, f"erreur SQL {error.sqlstate}", f"SQL error {error.sqlstate}")


def _cut(connection: Connection[Any], is_late: Event) -> None:
    """Wakes the thread that waits on the connection; closing it here would pull the socket from under it."""
    is_late.set()
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        return  # kept silent because it has just ended by itself


@contextmanager
def _trusted(ca: str | None) -> Iterator[str]:
    """Name of what libpq is to trust: it reads certificates from a file only."""
    if not ca:
        yield "system" if ca is None else ""
        return
    with tempfile.NamedTemporaryFile("w", prefix="archipel-ca-", suffix=".pem") as file:
        file.write(ca)
        file.flush()
        yield file.name
