"""Where a number comes from, and what stops if a source stops: the page about one thing, and the list of all."""

import re
from collections.abc import Mapping

from pydantic import Field

from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.layers import Drawing, lay_out
from governance.console.shown import Shown
from governance.lineage.answers import Answer, Lineage, Origin
from governance.lineage.graph import Node

MOST_IN_A_COLUMN = 14
"""More boxes of one kind than this are drawn as one that says how many; the table lists them all."""
_MOST_SIGNS = 21
"""Signs of a label that a box has room for."""
KINDS = {"datasets": "dataset", "models": "model", "catalogue": "entry", "feeds": "feed"}
"""Part of an address to kind of node; sources have an address of their own."""
ASKED = ("source", *KINDS.values())
"""Kinds that have a page."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DrawnBox(Shown):
    """A node, or several of one kind, as the drawing shows it."""

    x: int
    y: int
    kind: str
    text_fr: str
    text_en: str
    is_asked: bool


class LineagePage(Shown):
    """Both answers about one thing, and the drawing of them."""

    answer: Answer
    drawing: Drawing = Field(exclude=True)
    boxes: tuple[DrawnBox, ...] = Field(exclude=True)


class LineageList(Shown):
    """Everything that can be asked about, and, for a line of a file, where it came from."""

    nodes: tuple[Node, ...]
    file: str
    line: str
    fault: str | None
    """The field that cannot be used: ``file`` or ``line``."""
    found: tuple[Origin, ...]
    is_asked: bool


def lineage_page(gate: Gate, kind: str, name: str, sees_all: bool) -> LineagePage:
    """Return the page about one node; ``sees_all`` with agreements, and with rows of what is not open.

    Raises:
        ProblemError: 404, there is no such thing.
    """
    lineage = Lineage(gate.platform, sees_all=sees_all)
    node = lineage.graph.find(KINDS.get(kind, kind), name)
    if node is None or node.kind not in ASKED:
        raise ProblemError(404, reason("page_not_found"))
    answer = lineage.answer(node)
    drawing, boxes = drawn(answer)
    return LineagePage(answer=answer, drawing=drawing, boxes=boxes)


def lineage_list(gate: Gate, parameters: Mapping[str, str], sees_all: bool) -> LineageList:
    """Return what can be asked about; with ``file`` (SHA-256) and ``line``, which run received that file."""
    lineage = Lineage(gate.platform, sees_all=sees_all)
    file, line = (parameters.get(name, "").strip()[:80] for name in ("file", "line"))
    is_asked = bool(file or line)
    fault = None
    if is_asked and not _SHA256.fullmatch(file):
        fault = "file"
    elif line and not (line.isascii() and line.isdigit()):
        fault = "line"
    return LineageList(
        nodes=tuple(
            n for n in lineage.graph.nodes.values() if n.kind in ("source", "model", "dataset", "entry", "feed")
        ),
        file=file,
        line=line,
        fault=fault,
        found=tuple(lineage.of_file(file)) if is_asked and fault is None else (),
        is_asked=is_asked,
    )


def drawn(answer: Answer) -> tuple[Drawing, tuple[DrawnBox, ...]]:
    """Lay the answer's part of the graph out, many of a kind as one box."""
    crowds: dict[tuple[int, str], list[Node]] = {}
    for node in answer.nodes:
        crowds.setdefault((node.layer, node.kind), []).append(node)
    shown: dict[str, tuple[str, int, str, str, bool]] = {}
    stands_for: dict[str, str] = {}
    for (layer, kind), nodes in crowds.items():
        is_crowd = len(nodes) > MOST_IN_A_COLUMN and answer.node not in nodes
        for node in nodes:
            key = f"{kind}:*{layer}" if is_crowd else node.key
            text = (f"{len(nodes)}", f"{len(nodes)}") if is_crowd else (_short(node.label_fr), _short(node.label_en))
            shown[key] = (kind, layer, *text, node == answer.node)
            stands_for[node.key] = key
    edges = sorted({(stands_for[start], stands_for[end]) for start, end in answer.edges})
    drawing = lay_out({key: layer for key, (_, layer, *_rest) in shown.items()}, edges)
    boxes = []
    for box in drawing.boxes:
        kind, _, french, english, is_asked = shown[box.key]
        boxes.append(DrawnBox(x=box.x, y=box.y, kind=kind, text_fr=french, text_en=english, is_asked=is_asked))
    return drawing, tuple(boxes)


def _short(text: str) -> str:
    """Return a label as long as a box has room; of a commune's part the commune, which tells it from the others."""
    if len(text) <= _MOST_SIGNS:
        return text
    before, _, member = text.rpartition(" – ")
    return _cut(f"… {member}" if before else text)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SIGNS else f"{text[: _MOST_SIGNS - 1]}…"
