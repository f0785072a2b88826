"""Which datasets of other portals we have already, and how that is known, before anybody takes them in.

Four things are told apart, the first that holds wins:

* ``ours``: our own dataset, come back from a portal that harvested us; taken in, it would be published twice, and go
  round for ever. Told by our identifiers, our addresses, or the address of a source that we harvest.
* ``same_identifier``: another record under an identifier that is known, such as a newer copy on a second portal.
* ``same_landing_page``: another identifier for what stands on the same page.
* ``same_content``: another page, and a file with the same checksum.

Pure: records are those of the ``dcat`` connector, whichever portal they came from.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from governance.catalogue.file_catalogue import Index
from governance.federation import Federation, Source

Kind = Literal["ours", "same_identifier", "same_landing_page", "same_content", "new"]
Record = Mapping[str, Any]


class Compared(BaseModel):
    """One dataset of another portal."""

    model_config = ConfigDict(frozen=True)

    portal: str
    uri: str
    title: str
    kind: Kind
    like: str = ""
    """What we have already: an identifier of ours, or the address of the record that was met first."""
    by: str = ""
    """The identifier, page or checksum that both bear."""


class AlreadyThere:
    """What is known so far: our catalogue and sources, then every record that was compared."""

    def __init__(self, federation: Federation, index: Index | None, public_address: str) -> None:
        self._own = _address(public_address)
        self._sources = {
            _address(address): f"{who.id}/{source.id}"
            for who, source in federation.sources()
            for address in _addresses_of(source)
        }
        self._known: dict[Kind, dict[str, str]] = {
            "same_identifier": {}, "same_landing_page": {}, "same_content": {},
        }  # fmt: skip
        for dataset in index.datasets if index else ():
            self.know_files(dataset.id, (file.sha256 for file in dataset.files))

    def know_files(self, dataset_id: str, checksums: Iterable[str]) -> None:
        """Take these for files of a dataset of ours."""
        for checksum in checksums:
            self._known["same_content"].setdefault(checksum, dataset_id)

    def compare(self, portal: str, record: Record) -> Compared:
        """Say what a record is, and remember it: the next one like it is told as already there."""
        uri = str(record.get("uri") or record.get("identifier") or "")
        told: dict[str, Any] = {"portal": portal, "uri": uri, "title": str(record.get("title") or "")}
        echo = next((found for address in _addresses(record) if (found := self._is_ours(address))), None)
        if echo:
            return Compared(**told, kind="ours", like=echo[0], by=echo[1])
        keys = _keys(record)
        for kind, values in keys.items():
            for value in values:
                like = self._known[kind].get(value)
                if like is not None:
                    return Compared(**told, kind=kind, like=like, by=value)
        for kind, values in keys.items():
            self._known[kind].update(dict.fromkeys(values, uri))
        return Compared(**told, kind="new")

    def _is_ours(self, address: str) -> tuple[str, str] | None:
        key = _address(address)
        if key in self._sources:
            return self._sources[key], address
        if key.startswith(f"{self._own}/"):
            return key.removeprefix(f"{self._own}/").removeprefix("id/dataset/"), address
        return None


def _addresses_of(source: Source) -> Iterator[str]:
    """Where what a source takes is met on the web: a dataset's page on its portal, or the file itself.

    A portal's own address says nothing, it is that of everybody's datasets there.
    """
    options, name = source.options, str(source.options.get("dataset") or "")
    portal = str(options.get("url") or _PORTALS.get(source.connector, "")).rstrip("/")
    if source.connector == "dcat" and name:
        yield name
    elif source.connector in _PAGES:
        if name:
            yield from (f"{portal}/{page}{name}" for page in _PAGES[source.connector])
    elif portal:
        yield str(options["url"])


_PORTALS = {"datagouv": "https://www.data.gouv.fr"}
_PAGES = {
    "ckan": ("dataset/", "fr/dataset/"),
    "ods": ("explore/dataset/",),
    "datagouv": ("datasets/", "fr/datasets/"),
}
"""Ways to a dataset's page from the portal's address, by connector."""


def _keys(record: Record) -> dict[Kind, list[str]]:
    """What a record is known by, in the order in which it is asked."""
    own = [str(record[name]) for name in ("uri", "identifier") if record.get(name)]
    # A bare name such as "budget" is every portal's; only one that says whose it is tells two records the same.
    identifiers = [_address(each) for each in own if "://" in each or len(each) >= 32 or each.startswith("urn:")]
    pages = [_address(str(page)) for page in record.get("landingPage", ())]
    sums = [str(file["checksum"]).lower() for file in record.get("distribution", ()) if file.get("checksum")]
    return {"same_identifier": identifiers, "same_landing_page": pages, "same_content": sums}


def _addresses(record: Record) -> Iterator[str]:
    yield from (str(record[name]) for name in ("uri", "identifier") if record.get(name))
    yield from map(str, record.get("landingPage", ()))
    for file in record.get("distribution", ()):
        yield from (str(file[name]) for name in ("downloadURL", "accessURL") if file.get(name))


def _address(text: str) -> str:
    """An address as it is compared: scheme, case of the host and a last slash make no difference."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:  # half an IPv6 address and the like: compared as it stands
        return text.strip()
    if not parts.netloc:
        return text.strip()
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def counted(compared: Iterable[Compared]) -> dict[Kind, int]:
    """Return how many datasets are of each kind; every kind is there."""
    counts: dict[Kind, int] = dict.fromkeys(("new", "ours", "same_identifier", "same_landing_page", "same_content"), 0)
    for each in compared:
        counts[each.kind] += 1
    return counts
