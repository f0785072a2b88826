"""A graph as boxes in columns and lines between them, laid out here so that a page needs no program and no script.

Columns are given; within one, a box stands as near as it can to the middle of what it is tied to (barycentre, a few
sweeps there and back). Source: Sugiyama, Tagawa, Toda, 1981.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from governance.console.shown import Shown

BOX_WIDTH, BOX_HEIGHT = 190, 44
COLUMN_GAP, ROW_GAP, MARGIN = 40, 14, 8
SWEEPS = 4


class Box(Shown):
    """Where one node is drawn; left upper corner, in the drawing's units."""

    key: str
    x: int
    y: int


class Line(Shown):
    """A curve from one box to another, as an SVG path."""

    path: str


class Drawing(Shown):
    """A laid out graph."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def lay_out(layers: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> Drawing:
    """Return where nodes stand; ``layers`` is each node's column, of which empty ones take no room."""
    columns: dict[int, list[str]] = defaultdict(list)
    for key, layer in layers.items():
        columns[layer].append(key)
    ordered = [columns[layer] for layer in sorted(columns)]
    tied: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        tied[start].append(end)
        tied[end].append(start)
    for sweep in range(SWEEPS):
        _sweep(ordered if sweep % 2 == 0 else ordered[::-1], tied)
    highest = max((len(column) for column in ordered), default=0)
    boxes = {
        key: Box(
            key=key,
            x=MARGIN + index * (BOX_WIDTH + COLUMN_GAP),
            # A short column stands in the middle of the longest.
            y=MARGIN + (highest - len(column)) * (BOX_HEIGHT + ROW_GAP) // 2 + place * (BOX_HEIGHT + ROW_GAP),
        )
        for index, column in enumerate(ordered)
        for place, key in enumerate(column)
    }
    return Drawing(
        width=2 * MARGIN + len(ordered) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP,
        height=2 * MARGIN + highest * (BOX_HEIGHT + ROW_GAP) - ROW_GAP,
        boxes=tuple(boxes.values()),
        lines=tuple(_line(boxes[start], boxes[end]) for start, end in edges),
    )


def _sweep(columns: Sequence[list[str]], tied: Mapping[str, Sequence[str]]) -> None:
    place: dict[str, float] = {}
    for column in columns:
        middle = {key: _middle([place[other] for other in tied.get(key, ()) if other in place]) for key in column}
        stays = {key: index / max(len(column) - 1, 1) for index, key in enumerate(column)}
        column.sort(key=lambda key: (stays[key] if middle[key] is None else middle[key], stays[key]))
        place |= {key: index / max(len(column) - 1, 1) for index, key in enumerate(column)}


def _middle(places: Sequence[float]) -> float | None:
    return sum(places) / len(places) if places else None


def _line(start: Box, end: Box) -> Line:
    x1, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT // 2
    x2, y2 = end.x, end.y + BOX_HEIGHT // 2
    bend = max((x2 - x1) // 2, 12)
    return Line(path=f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}")
