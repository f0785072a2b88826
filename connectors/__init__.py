"""How bytes are fetched: one file a protocol. Imports nothing of governance or dags."""
