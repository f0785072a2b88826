"""What a portal says of its datasets, as records that read the same whichever protocol they came by.

The names are DCAT's without prefix, as in ``connectors.dcat_records``; of fields that may repeat a sorted list.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.api import Api
from connectors.base import Fetched, FetchRequest
from connectors.records import write_records
from connectors.snapshot import Snapshot

Record = dict[str, Any]
LISTING = "datasets.ndjson"
"""Name of the file that is handed over: a record a line."""


def write_listing(request: FetchRequest, api: Api, pages: Iterable[Iterable[Record]]) -> Fetched:
    """Hand over the records of all pages as NDJSON, in a stable order, each dataset once.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    with Snapshot(request.into, _key_of) as snapshot:
        for page in pages:
            for record in page:
                snapshot.put(record)
        return write_records(request, snapshot.lines(), api.cost, LISTING)


def _key_of(record: Mapping[str, Any]) -> str | None:
    key = record.get("uri") or record.get("identifier")
    return None if key is None else str(key)


def said(fields: Mapping[str, Any]) -> Record:
    """Return a record of the fields that say something: text without spaces around it, lists sorted and each once."""
    record: Record = {}
    for name, value in fields.items():
        if isinstance(value, list | tuple | set):
            kept: Any = _sorted(value)
        else:
            kept = str(value).strip() if value is not None else ""
        if kept:
            record[name] = kept
    return record


def _sorted(values: Iterable[Any]) -> list[Any]:
    listed = [each for each in values if each]
    if any(isinstance(each, dict) for each in listed):
        return [each for each in listed if isinstance(each, dict)]
    return sorted({text for each in listed if (text := str(each).strip())})


def text_at(value: Any, *path: str) -> str:
    """Return the text at a way through objects; "" where something on it is missing or of another kind."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value).strip() if isinstance(value, str | int | float) else ""


def objects_at(value: Any, name: str) -> list[Record]:
    """Return the objects of a list; none where there is no such list."""
    listed = value.get(name) if isinstance(value, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
