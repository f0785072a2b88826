"""Writing records to the file that is handed over: NDJSON, or one GeoJSON FeatureCollection, one record a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from connectors.base import Checked, Fetched, FetchRequest, Validators
from connectors.draft import PAGE_BYTES, Draft
from connectors.problems import TooLarge, UnexpectedAnswer


@dataclass(frozen=True)
class Layout:
    """How records stand in a file."""

    media_type: str
    before: str
    between: str
    after: str


NDJSON = Layout("application/x-ndjson", "", "\n", "\n")
"""One JSON object a line, UTF-8; no record, empty file."""


def geojson(crs: str = "") -> Layout:
    """One FeatureCollection; ``crs`` is named where it is not RFC 7946's own (by the member of GeoJSON 2008, 3)."""
    named = json.dumps({"type": "name", "properties": {"name": crs}})
    lead = f'"crs": {named}, ' if crs else ""
    return Layout("application/geo+json", f'{{"type": "FeatureCollection", {lead}"features": [\n', ",\n", "\n]}\n")


@dataclass(frozen=True)
class Cost:
    """What an order cost."""

    attempts: int
    received_bytes: int


def as_line(record: Mapping[str, Any]) -> str:
    """One line of JSON with its names sorted, since JSON gives their order no meaning."""
    line = json.dumps(record, ensure_ascii=False, sort_keys=True)
    try:
        line.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair is valid JSON and invalid UTF-8: such a line keeps its escapes.
        return json.dumps(record, sort_keys=True)
    return line


def json_lines(path: Path, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of an NDJSON file; empty lines are passed over.

    Raises:
        UnexpectedAnswer: a line is no JSON object, with its number.
    """
    with path.open("rb") as file:
        for number in count(1):
            line = file.readline(PAGE_BYTES)
            if not line:
                return
            try:
                record = json.loads(line) if line.strip() else None
            except (ValueError, RecursionError):
                record = ""
            if isinstance(record, dict):
                yield record
            elif record is not None:
                reasons = (f"sa ligne {number} n'est pas un objet JSON", f"its line {number} is no JSON object")
                raise UnexpectedAnswer(where, *reasons)


def checked(filename: str, layout: Layout = NDJSON, *, resumable: bool = False) -> Checked:
    """What ``check`` says of records: their size is known only once they are taken."""
    kind = layout.media_type
    return Checked(filename=filename, media_type=kind, size=None, validators=Validators(), resumable=resumable)


def write_records(
    request: FetchRequest,
    lines: Iterable[str],
    cost: Cost,
    filename: str,
    layout: Layout = NDJSON,
    since: Validators | None = None,
) -> Fetched:
    """Write lines of ``as_line`` and return the file, or its hash only when ``request.since`` has the same.

    ``since`` is what the source says of this state; its hash is filled in here.

    Raises:
        TooLarge: the file passes the limit; nothing is left on disk.
    """
    draft, limit = Draft(request.into), request.limits.max_bytes
    try:
        for piece in _pieces(lines, layout):
            if draft.size + len(piece) > limit:
                raise TooLarge(filename, f"plus de {limit} octets", f"over {limit} bytes")
            draft.write(piece)
    except BaseException:
        draft.drop()
        raise
    path = draft.keep_unless(request.since.sha256)
    return Fetched(
        not_modified=path is None,
        path=path,
        sha256=draft.sha256,
        size=draft.size,
        filename=filename,
        media_type=layout.media_type,
        validators=(since or Validators()).model_copy(update={"sha256": draft.sha256}),
        attempts=cost.attempts,
        received_bytes=cost.received_bytes,
    )


def _pieces(lines: Iterable[str], layout: Layout) -> Iterator[bytes]:
    lead = layout.before
    for line in lines:
        yield f"{lead}{line}".encode()
        lead = layout.between
    if lead == layout.between:
        yield layout.after.encode()
    elif layout is not NDJSON:
        yield f"{lead}{layout.after}".encode()
