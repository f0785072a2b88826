"""A dataset's page: what a row is, a preview, the dictionary, downloads, conditions, ready code."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import uuid4

from governance.api.feeds import FeedDescription, describe_feed
from governance.api.gate import Asked, Gate, ask, record, relation_of
from governance.catalogue.file_catalogue import FileCatalogue, IndexedFile
from governance.console.ask_for_access import AskForAccess, ask_for_access
from governance.console.shown import Shown
from governance.decisions.model import PROVENANCE_COLUMNS, Reason, Subject
from governance.shared_layer import SharedTable, read_current

PREVIEW_ROWS = 20
_MACHINE_COLUMNS = frozenset(PROVENANCE_COLUMNS) - {"member_id"}
"""Provenance that tells a reader nothing; it is in the files and the feed."""


class Preview(Shown):
    """The first rows, as the policy engine lets everybody see them; no row and the reasons where it does not."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    reasons: tuple[Reason, ...] = ()


class Contributor(Shown):
    """One member or partner whose rows are in the dataset."""

    id: str
    name: str
    rows: int


class Snippet(Shown):
    """Ready code in one language."""

    name: Literal["curl", "Python", "R"]
    code: str


class DatasetPage(Shown):
    """One dataset."""

    feed: FeedDescription
    steward_name: str | None
    ask: AskForAccess | None
    """Whom to ask, where not everybody may read."""
    keywords: tuple[str, ...]
    contributors: tuple[Contributor, ...]
    preview: Preview
    downloads: tuple[IndexedFile, ...]
    slices: tuple[tuple[str, tuple[IndexedFile, ...]], ...]
    snippets: tuple[Snippet, ...]


def _cell(value: Any) -> str:
    """A cell as the feed writes it; nothing for an absent value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def preview_of(gate: Gate, dataset: str) -> Preview:
    """Return what an anonymous visitor may preview; the access is in the journal, refused or not."""
    asked = Asked(Subject(), dataset, "preview")
    decision = ask(gate, asked)
    shared = read_current(gate.platform.lake)
    table = shared.tables.get(dataset) if shared else None
    if not decision.allow:
        record(gate, asked, uuid4().hex, decision, "refused")
        return Preview(reasons=decision.reasons)
    if table is None:
        record(gate, asked, uuid4().hex, decision, "no_data")
        return Preview()
    relation = relation_of(gate, decision, gate.platform.contracts[dataset], table)
    columns, rows = gate.rows.preview(relation, PREVIEW_ROWS, hide=_MACHINE_COLUMNS)
    record(gate, asked, uuid4().hex, decision, "allowed", len(rows))
    return Preview(columns=columns, rows=tuple(tuple(_cell(value) for value in row) for row in rows))


def _contributors(gate: Gate, table: SharedTable | None, is_open: bool) -> tuple[Contributor, ...]:
    if table is None or not is_open:
        return ()
    known = gate.platform.federation.organisations
    counted = sorted(table.rows_by_member.items(), key=lambda pair: -pair[1])
    return tuple(
        Contributor(id=member, name=known[member].name, rows=rows) for member, rows in counted if member in known
    )


def _snippets(feed: FeedDescription) -> tuple[Snippet, ...]:
    """Ready code; a feed that needs an agreement shows where the token and the purpose go."""
    address = f"{feed.href}?format=csv"
    if feed.classification == "open":
        curl = f"curl -o {feed.id}.csv '{address}'"
        python = f'import polars as pl\n\ntable = pl.read_csv("{address}")'
        r_code = f'table <- read.csv("{address}")'
    else:
        address += "&purpose=dpv:…"
        curl = f"curl -H 'Authorization: Bearer …' -o {feed.id}.csv '{address}'"
        python = (
            "import httpx\n\n"
            f'answer = httpx.get("{address}", headers={{"Authorization": "Bearer …"}})\n'
            "answer.raise_for_status()"
        )
        r_code = f'answer <- httr::GET("{address}", httr::add_headers(Authorization = "Bearer …"))'
    return (Snippet(name="curl", code=curl), Snippet(name="Python", code=python), Snippet(name="R", code=r_code))


def dataset_page(gate: Gate, dataset: str) -> DatasetPage:
    """Return a dataset's page as everybody may see it.

    Raises:
        ProblemError: 404, no such dataset.
    """
    platform = gate.platform
    feed = describe_feed(gate, Subject(), dataset)
    contract = platform.contracts[dataset]
    shared = read_current(platform.lake)
    table = shared.tables.get(dataset) if shared else None
    steward = platform.federation.organisations.get(contract.steward or "")
    index = FileCatalogue(platform.settings.state_dir / "catalogue").read_index()
    published = index.datasets if index else ()
    names = {who.id: who.name for who in platform.federation.organisations.values()}
    return DatasetPage(
        feed=feed,
        steward_name=steward.name if steward else platform.federation.head.name,
        ask=ask_for_access(platform, contract),
        keywords=contract.keywords,
        contributors=_contributors(gate, table, contract.classification == "open"),
        preview=preview_of(gate, dataset),
        downloads=next((found.files for found in published if found.id == dataset), ()),
        slices=tuple(
            (names.get(found.publisher, found.publisher), found.files)
            for found in published
            if found.part_of == dataset
        ),
        snippets=_snippets(feed),
    )
