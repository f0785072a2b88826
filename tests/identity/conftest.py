"""Sessions are kept alike on both engines of the state."""

from tests.databases import database_url, postgresql

__all__ = ["database_url", "postgresql"]
