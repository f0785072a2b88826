"""Things parted into runs that are small enough to be worked on together."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def part_by_size(things: Iterable[T], size_of: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Give successive things, as many at a time as are no larger together than ``most``; a larger one comes alone."""
    together: list[T] = []
    size = 0
    for thing in things:
        own = size_of(thing)
        if together and size + own > most:
            yield together
            together, size = [], 0
        together.append(thing)
        size += own
    if together:
        yield together
