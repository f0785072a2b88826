"""The journal's tables: entries that only grow, identities that can be erased, and the keyed head."""

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text

from governance.journal.append_only import protect
from governance.state.database import make_missing

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
    """Make what is missing, the guard against changes included; several processes may start at once."""
    make_missing(engine, metadata)
    protect(engine)
