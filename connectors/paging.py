"""Pages of an API: links to follow, offsets to count, and whether all that was announced has come."""

from collections.abc import Callable, Iterator
from typing import Any

from connectors.api import Api, Params, unexpected
from connectors.egress import shown
from connectors.problems import SourceUnavailable
from connectors.session import Answer

Record = dict[str, Any]


def link_of(links: Any, relation: str, media_type: str = "") -> str | None:
    """Return the address of the first link of a relation in a ``links`` list, of that media type if several are."""
    listed = links if isinstance(links, list) else []
    fitting = [link for link in listed if isinstance(link, dict) and link.get("rel") == relation and link.get("href")]
    best = [link for link in fitting if str(link.get("type", "")).startswith(media_type)]
    return str((best or fitting)[0]["href"]) if fitting else None


def offset_pages(
    api: Api,
    url: str,
    params: Params,
    size: int,
    records_of: Callable[[Answer], list[Record]],
    total_of: Callable[[Answer], int | None],
    names: tuple[str, str] = ("limit", "offset"),
) -> Iterator[list[Record]]:
    """Yield the records of each page, until as many came as the server announces, or a page has none.

    A page shorter than ``size`` is not taken for the last one: many servers have a smaller limit of their own.
    ``total_of`` is None where the server does not say.

    Raises:
        SourceUnavailable: fewer came than were announced: the data moved meanwhile.
        UnexpectedAnswer: the server gives the same page again and again.
        ConnectorProblem: any other of ``connectors.problems``.
    """
    received, last = 0, b""
    while True:
        answer = api.get(url, {**params, names[0]: size, names[1]: received})
        records, total = records_of(answer), total_of(answer)
        if records and answer.content == last:
            unexpected(answer, f"sa page est la même à « {names[1]} » {received}", f"its page repeats at {received}")
        yield records
        received, last = received + len(records), answer.content
        if not records or (total is not None and received >= total):
            require_all(answer, received, total)
            return


def require_all(answer: Answer, received: int, announced: int | None) -> None:
    """Do nothing when as many records came as the server announced.

    Raises:
        SourceUnavailable: fewer came; the next try may find the data at rest.
    """
    if announced is not None and received < announced:
        raise SourceUnavailable(
            shown(answer.url),
            f"{received} enregistrements reçus sur {announced} annoncés",
            f"{received} records came of {announced} announced",
        )


def whole_number(value: Any) -> int | None:
    """Return a count that a server gives as number or text, None for "unknown" and the like."""
    text = str(value) if value is not None else ""
    return int(text) if text.isascii() and text.isdecimal() else None
