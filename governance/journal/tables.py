"""The journal's tables: entries that only grow, identities that can be erased, and the keyed head."""

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text
from sqlalchemy.schema import CreateIndex, CreateTable

metadata = MetaData()

entries = Table(
    "journal_entries",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False, index=True),
    Column("kind", String(64), nullable=False, index=True),
    Column("subject", String(64), index=True),
    Column("target", String(128), index=True),
    Column("fields", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

identities = Table(
    "journal_identities",
    metadata,
    Column("pseudonym", String(64), primary_key=True),
    Column("identity", Text, nullable=False),
)

head = Table(
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
)


def make_tables(engine: Engine) -> None:
    """Make what is missing; several processes may start at once."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                connection.execute(CreateIndex(index, if_not_exists=True))
