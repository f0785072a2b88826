"""From a record of another portal to an entry of our catalogue. Pure; and where nothing of theirs is trusted.

Texts are cut to a length, addresses are web addresses or left out, dates are dates or none, licences and themes are
those of a table or an address: whatever a portal writes, our files stay readable and within the profile.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyoxigraph as oxigraph

from governance.catalogue.model import ExternalDataset, ExternalLink
from governance.catalogue.vocabulary import theme_code

Record = Mapping[str, Any]

_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]{1,2000}")
_TITLE, _TEXT, _WORD = 300, 10_000, 100
_LICENCES = {
    "lov2": "https://spdx.org/licenses/etalab-2.0",
    "fr-lo": "https://spdx.org/licenses/etalab-2.0",
    "etalab-2.0": "https://spdx.org/licenses/etalab-2.0",
    "licence ouverte v2.0": "https://spdx.org/licenses/etalab-2.0",
    "odc-odbl": "https://spdx.org/licenses/ODbL-1.0",
    "odbl": "https://spdx.org/licenses/ODbL-1.0",
    "odbl-1.0": "https://spdx.org/licenses/ODbL-1.0",
    "cc-by": "https://spdx.org/licenses/CC-BY-4.0",
    "cc-by-4.0": "https://spdx.org/licenses/CC-BY-4.0",
    "cc-zero": "https://spdx.org/licenses/CC0-1.0",
}
"""Short names that portals use, to SPDX; ``fr-lo`` is data.gouv.fr's for the first version and for the second alike."""


def key_of(record: Record) -> str | None:
    """Return what tells a record from the others of its portal; None where nothing does."""
    return _text(record.get("uri") or record.get("identifier"), 2000) or None


def entry_id(catalogue_id: str, key: str) -> str:
    """Return our id of an entry: always the same for the same record, and a valid name in CKAN."""
    return f"{entry_name(catalogue_id)}{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def entry_name(catalogue_id: str) -> str:
    """Return how our ids of a catalogue's entries begin."""
    return f"externe--{catalogue_id}--"


def describe(catalogue_id: str, record: Record, first_seen: datetime, changed: datetime) -> ExternalDataset | None:
    """Return the entry of a record; None for one that says neither what it is nor where."""
    key, title = key_of(record), _text(record.get("title"), _TITLE)
    pages = [address for each in _listed(record, "landingPage") if (address := web_address(each))]
    links = _links(record)
    uri = web_address(record.get("uri"))
    landing = next(iter(pages), None) or uri or (links[0].url if links else None)
    if key is None or not title or landing is None:
        return None
    return ExternalDataset(
        id=entry_id(catalogue_id, key),
        uri=uri or landing,
        identifier=_text(record.get("identifier"), 500) or key,
        title=title,
        description=_text(record.get("description"), _TEXT) or title,
        publisher=_text(record.get("publisher"), _TITLE),
        landing_page=landing,
        licence=_licence(record),
        keywords=tuple(dict.fromkeys(word for each in _listed(record, "keyword") if (word := _text(each, _WORD)))),
        themes=tuple(dict.fromkeys(code for each in _listed(record, "theme") if (code := theme_code(str(each))))),
        places=tuple(address for each in _listed(record, "spatial") if (address := web_address(each))),
        modified=instant(record.get("modified")),
        links=links,
        first_seen=first_seen,
        changed=changed,
    )


def web_address(value: object) -> str | None:
    """Return an address of the web that may stand in a graph or in a page; None for anything else."""
    text = str(value or "").strip()
    if not _WEB.fullmatch(text):
        return None
    try:
        return oxigraph.NamedNode(text).value  # who writes the graph has the last word on what an address is
    except ValueError:
        return None


def instant(value: object) -> datetime | None:
    """Return an instant of ISO 8601, in UTC where no zone is said; None for anything else."""
    try:
        read = datetime.fromisoformat(str(value or "").strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _links(record: Record) -> tuple[ExternalLink, ...]:
    found: dict[str, ExternalLink] = {}
    for file in _files(record):
        address = web_address(file.get("downloadURL")) or web_address(file.get("accessURL"))
        if address:
            kind = _text(file.get("format"), _WORD).rstrip("/").rsplit("/", 1)[-1].upper()
            found.setdefault(address, ExternalLink(url=address, title=_text(file.get("title"), _TITLE), format=kind))
    return tuple(found[address] for address in sorted(found))


def _licence(record: Record) -> str | None:
    """Of the dataset; else the one that all its files have."""
    told = _text(record.get("license"), 500)
    of_files = {_text(file.get("license"), 500) for file in _files(record)} - {""}
    licence = told or (of_files.pop() if len(of_files) == 1 else "")
    return _LICENCES.get(licence.casefold()) or web_address(licence)


def _files(record: Record) -> list[Record]:
    return [each for each in _listed(record, "distribution") if isinstance(each, Mapping)]


def _listed(record: Record, name: str) -> Iterable[Any]:
    value = record.get(name)
    return value if isinstance(value, list | tuple) else ()


def _text(value: object, length: int) -> str:
    """Without what no page can show: control signs, halves of a pair; line ends stay."""
    text = str(value) if isinstance(value, str | int | float) else ""
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs", "Cn"})
    return "".join(kept).strip()[:length].strip()
