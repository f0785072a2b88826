"""The journal is held to its promises on both engines."""

from tests.databases import database_url, postgresql

__all__ = ["database_url", "postgresql"]
