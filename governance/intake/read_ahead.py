"""The next piece is read while the one before it is judged: reading waits for the disk, judging for the processor."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def one_ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Give the pieces, each of which is made while the one before it is used; what making one raises is raised here."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as reader:
        following = reader.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = reader.submit(next, pieces, None)
            yield piece
