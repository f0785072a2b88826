"""Writes the first version of the files that a change path touches."""
