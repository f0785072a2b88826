"""What the platform remembers between runs: receipts and cursors, in SQLite or PostgreSQL."""
