"""The little Markdown that the reference pages are made of."""

from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Return a text as it may stand in a table: one line, no bar that would end the cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return a text as code, or nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table that ends with a line break; columns are as many as the heads."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell(value) for value in line)} |\n" for line in lines)


def page(title: str, words: str, *parts: str) -> str:
    """Return a whole page: title, what it is for, and its parts, with a blank line between them."""
    made = "<!-- Written by `archipel docs write` from the code; edit that, not this. -->"
    return "\n\n".join(part.strip() for part in (made, f"# {title}", words, *parts) if part.strip()) + "\n"
