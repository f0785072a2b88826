"""Both engines of the state: a fixture that gives each test an empty database on the one and on the other."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url

from governance.state.database import open_database
from tests.connectors.contract.adapter import SECRET
from tests.connectors.contract.adapters.sql import PostgresServer

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real server, for all the tests of a process."""
    with ExitStack() as stack:
        yield PostgresServer(tmp_path_factory.mktemp("postgresql"), stack)


def new_database(server: PostgresServer) -> str:
    """Make an empty database and return its SQLAlchemy address."""
    name = f"state_{next(_NUMBERS)}"
    server.admin.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://archipel:{SECRET}@127.0.0.1:{server.port}/{name}"


def close(server: PostgresServer, address: str) -> None:
    """End every connection to a database and remove it."""
    open_database.cache_clear()
    server.admin.execute(f"DROP DATABASE {make_url(address).database} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    address = new_database(server)
    yield address
    close(server, address)
