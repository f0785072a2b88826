"""The append-only, hash-chained record of decisions, policy changes, schedule changes and publications."""
