"""What can be read here and by whom: the list of feeds and the description of one, for one caller."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from governance.api.earlier_views import earlier_contracts, seen_decision
from governance.api.formats import formats_of
from governance.api.gate import Asked, Gate, ask, contract_of, relation_of
from governance.api.query import FeedQuery, kind_of
from governance.contracts.earlier import major_of
from governance.contracts.model import Classification, Contract
from governance.decisions.model import PROVENANCE_COLUMNS, Decision, Duty, Reason, Subject
from governance.shared_layer import SharedTable, read_current


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Words(_Frozen):
    """One text in both languages."""

    fr: str
    en: str

    def text(self, language: str) -> str:
        """The text in French (``fr``) or, for anything else, in English."""
        return self.fr if language == "fr" else self.en

    @classmethod
    def same(cls, text: str) -> Self:
        """A name or a code, which is the same in both."""
        return cls(fr=text, en=text)


class Access(_Frozen):
    """What the policy engine answers this caller now."""

    readable: bool
    reasons: tuple[Reason, ...]
    duties: tuple[Duty, ...] = ()
    agreement_id: str | None = None
    policy_version: str | None = None
    valid_until: datetime


class EarlierVersion(_Frozen):
    """An earlier version of the contract by which the feed may still be read."""

    version: str
    served_until: date = Field(description="last day")
    href: str
    description_href: str


class FeedSummary(_Frozen):
    """One line of the list of feeds."""

    id: str = Field(examples=["subventions"])
    title: Words
    classification: Classification
    contract_version: str
    earlier_versions: tuple[EarlierVersion, ...] = ()
    licence: str | None
    updated_at: datetime | None = Field(description="when the content last changed; nothing before the first data")
    rows: int | None = Field(description="rows this caller may read; nothing when none is readable or no data yet")
    access: Access
    href: str
    description_href: str


class FeedList(_Frozen):
    """Every feed, readable or not, with the reason."""

    version: str | None = Field(description="version of the shared layer")
    feeds: tuple[FeedSummary, ...]


class FeedColumn(_Frozen):
    """One column as this caller sees it."""

    name: str
    type: str
    title: Words
    description: Words
    required: bool
    allowed_values: tuple[str, ...] = ()
    mask: Literal["show", "null", "hash", "truncate", "generalise", "hidden"]
    operators: tuple[str, ...] = Field(description="what may follow the name: column__operator=value")


class FeedFormat(_Frozen):
    """One format the feed is served in."""

    format: str
    media_type: str
    words: Words
    href: str


class FeedDescription(FeedSummary):
    """All about one feed: its contract, its visible columns, its conditions, its formats."""

    description: Words
    row_is: str
    steward: str | None
    frequency: str | None
    conforms_to: str | None
    primary_key: tuple[str, ...] = Field(description="columns that tell rows apart; changes (since) are told by them")
    columns: tuple[FeedColumn, ...]
    formats: tuple[FeedFormat, ...]


def formats_at(address: str, *, has_geometry: bool) -> tuple[FeedFormat, ...]:
    """The formats of a feed, each with the address that gives it."""
    return tuple(
        FeedFormat(
            format=known.name,
            media_type=known.media_type,
            words=Words(fr=known.said_fr, en=known.said_en),
            href=f"{address}{'&' if '?' in address else '?'}format={known.name}",
        )
        for known in formats_of(has_geometry)
    )


def _access(decision: Decision) -> Access:
    return Access(
        readable=decision.allow,
        reasons=decision.reasons,
        duties=decision.duties,
        agreement_id=decision.agreement_id,
        policy_version=decision.policy_version,
        valid_until=decision.valid_until,
    )


def _table_of(gate: Gate, dataset: str) -> SharedTable | None:
    current = read_current(gate.platform.lake)
    return current.tables.get(dataset) if current else None


def _rows(gate: Gate, decision: Decision, contract: Contract, table: SharedTable | None) -> int | None:
    if table is None or not decision.allow:
        return None
    if decision.row_filter == {}:
        return table.rows
    return gate.rows.count(relation_of(gate, decision, contract, table), FeedQuery(()))


def _summary(gate: Gate, contract: Contract, decision: Decision, table: SharedTable | None) -> FeedSummary:
    address, description = _addresses(gate, contract)
    return FeedSummary(
        id=contract.id,
        title=Words(fr=contract.title, en=contract.title_en or contract.title),
        classification=contract.classification,
        contract_version=contract.version,
        earlier_versions=_earlier_versions(gate, contract),
        licence=contract.licence if contract.classification == "open" else None,
        updated_at=table.updated_at if table else None,
        rows=_rows(gate, decision, contract, table),
        access=_access(decision),
        href=address,
        description_href=description,
    )


def _addresses(gate: Gate, contract: Contract) -> tuple[str, str]:
    """Where a feed is read by a contract, and where that is described."""
    address = f"{gate.platform.settings.public_address}/v1/feeds/{contract.id}"
    asked = f"?contract={major_of(contract)}" if contract.served_as is not None else ""
    return f"{address}{asked}", f"{address}/description{asked}"


def _earlier_versions(gate: Gate, contract: Contract) -> tuple[EarlierVersion, ...]:
    """What a reader of the current version may fall back on; an earlier one leads to no other."""
    if contract.served_as is not None:
        return ()
    found = []
    for one in earlier_contracts(gate.platform, contract.id):
        href, description_href = _addresses(gate, one)
        assert one.supported_until is not None  # those without an end are not among them
        found.append(
            EarlierVersion(
                version=one.version, served_until=one.supported_until, href=href, description_href=description_href
            )
        )
    return tuple(found)


def list_feeds(gate: Gate, subject: Subject, purpose: str | None = None) -> FeedList:
    """Return every feed with what the caller may do with it; open ones first, then by id."""
    current = read_current(gate.platform.lake)
    order = {"open": 0, "restricted": 1, "personal": 2}
    contracts = sorted(gate.platform.contracts.values(), key=lambda one: (order[one.classification], one.id))
    feeds = []
    for contract in contracts:
        decision = ask(gate, Asked(subject, contract.id, purpose=purpose, hands_over=False))
        table = current.tables.get(contract.id) if current else None
        feeds.append(_summary(gate, contract, decision, table))
    return FeedList(version=current.version if current else None, feeds=tuple(feeds))


def _columns(contract: Contract, decision: Decision, types: dict[str, str]) -> tuple[FeedColumn, ...]:
    masks = decision.column_masks if decision.allow else {}
    columns = []
    for column in contract.columns:
        mask = masks.get(column.name)
        columns.append(
            FeedColumn(
                name=column.name,
                type=column.type,
                title=Words(fr=column.title or column.name, en=column.title_en or column.title or column.name),
                description=Words(fr=column.description, en=column.description_en or column.description),
                required=column.constraints.required,
                allowed_values=tuple(str(value) for value in column.constraints.enum or ()),
                mask=mask.mask if mask else "hidden",
                operators=kind_of(types[column.name]).operators if column.name in types else (),
            )
        )
    return (*columns, *_provenance(decision, types))


_PROVENANCE: dict[str, tuple[str, str, str]] = {
    "member_id": ("string", "Organisme qui a fourni la ligne", "Organisation that provided the row"),
    "source_id": ("string", "Source de cet organisme", "Source of that organisation"),
    "file_sha256": ("string", "Empreinte du fichier reçu", "Hash of the file received"),
    "line_number": ("integer", "Ligne dans ce fichier", "Line in that file"),
    "run_id": ("string", "Accusé de traitement", "Receipt of the run"),
    "contract_version": ("string", "Version du contrat appliqué", "Version of the contract applied"),
    "overlap": (
        "string",
        "Si la ligne est aussi donnée ailleurs, et si les deux se contredisent",
        "Whether the row is also given elsewhere, and whether the two contradict each other",
    ),
}


def _provenance(decision: Decision, types: dict[str, str]) -> list[FeedColumn]:
    """Columns that say where a row comes from; only the visible ones, since no contract names them."""
    return [
        FeedColumn(
            name=name,
            type=_PROVENANCE[name][0],
            title=Words(fr=_PROVENANCE[name][1], en=_PROVENANCE[name][2]),
            description=Words(fr="", en=""),
            required=True,
            mask=decision.column_masks[name].mask,
            operators=kind_of(types[name]).operators,
        )
        for name in PROVENANCE_COLUMNS
        if name in types and name in decision.column_masks
    ]


def describe_feed(
    gate: Gate, subject: Subject, dataset: str, purpose: str | None = None, major: str | None = None
) -> FeedDescription:
    """Return one feed's description for this caller; a refused caller gets the conditions and no hidden value.

    Raises:
        ProblemError: 404, no such dataset or version of its contract; 410, the version is served no more.
    """
    contract = contract_of(gate, dataset, major)
    decision = ask(gate, Asked(subject, dataset, purpose=purpose, hands_over=False))
    table = _table_of(gate, dataset)
    relation = relation_of(gate, decision, contract, table) if decision.allow and table else None
    types = gate.rows.columns(relation) if relation else {}
    summary = _summary(gate, contract, decision, table)
    return FeedDescription(
        **dict(summary),
        description=Words(fr=contract.description, en=contract.description_en or contract.description),
        row_is=contract.row_is,
        steward=contract.steward,
        frequency=contract.frequency,
        conforms_to=contract.conforms_to,
        primary_key=contract.primary_key,
        columns=_columns(contract, seen_decision(decision, contract), types),
        formats=formats_at(summary.href, has_geometry=relation is not None and relation.geometry is not None),
    )
