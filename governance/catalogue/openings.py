"""Which datasets, and whose slices of them, the policy opens to everybody. The catalogue holds nothing else.

Asked anew at every publication: as somebody who signed in for nobody, to distribute, through the channel
``publish``, once for each harmonised dataset and once for each provider's part, since a member may keep its own back.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from governance.api.geometry import geometry_of
from governance.catalogue.model import FILE_FORMATS, FileFormat
from governance.contracts.model import Contract
from governance.decisions.model import (
    PROVENANCE_COLUMNS,
    Action,
    Channel,
    Context,
    Decision,
    DecisionRequest,
    Subject,
    Target,
)
from governance.decisions.opa import PolicyDecisionPoint
from governance.federation import Federation
from governance.shared_layer import SharedTable, SharedVersion

SUBJECT = Subject(id="public")


@dataclass(frozen=True)
class Opening:
    """One answer that lets something out: a dataset, or one organisation's slice of it."""

    contract: Contract
    table: SharedTable
    organisation_id: str | None
    """Whose slice; None for the harmonised dataset."""
    decision: Decision
    has_feed: bool
    members: tuple[str, ...] | None
    """Ids of the organisations whose rows may be in it; for a slice, one; None for a computed dataset: all rows."""

    @property
    def visible(self) -> tuple[str, ...]:
        """Names of the columns that leave, in the order of the shared table.

        A column that the organisation keeps back for its rows is absent from its slice, not merely empty.
        """
        known = {column.name for column in self.contract.columns} | set(PROVENANCE_COLUMNS)
        return tuple(name for name, _ in self.table.columns if name in known and self._leaves(name))

    def _leaves(self, column: str) -> bool:
        mask = self.decision.column_masks.get(column)
        return self.decision.allow and mask is not None and self.organisation_id not in mask.null_for

    @property
    def formats(self) -> tuple[FileFormat, ...]:
        """Formats of its files: GeoJSON only where what leaves says where each row lies."""
        has_geometry = geometry_of(self.contract, self.decision, self.visible) is not None
        return FILE_FORMATS if has_geometry else tuple(each for each in FILE_FORMATS if each != "geojson")

    @property
    def rows_key(self) -> str:
        """What tells whether the rows changed: for a slice, its own rows, whatever became of the others'."""
        own = self.table.digests_by_member.get(self.organisation_id) if self.organisation_id else None
        return own or self.table.sha256

    @property
    def input_key(self) -> str:
        """SHA-256 over all that the files depend on: rows, decision, contract. Same key, same files.

        The bundle's version, the reasons and the validity are left out: they change without changing a cell.
        """
        told = {
            "rows": self.rows_key,
            "filter": self.decision.row_filter,
            "masks": {name: mask.model_dump(mode="json") for name, mask in self.decision.column_masks.items()},
            "members": self.members,
            "contract": hashlib.sha256(self.contract.model_dump_json().encode()).hexdigest(),
        }
        if "geojson" in self.formats:  # told only then, so that the files of other datasets stay as they are
            told["formats"] = self.formats
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """One question asked for the catalogue and its answer, for the journal."""

    request: DecisionRequest
    decision: Decision


@dataclass(frozen=True)
class Openings:
    """What is open, and everything that was asked to know it."""

    open: tuple[Opening, ...]
    answers: tuple[Answer, ...]


class _Asker:
    """Asks in one instant and remembers every answer."""

    def __init__(self, pdp: PolicyDecisionPoint, instant: datetime) -> None:
        self.pdp = pdp
        self.instant = instant
        self.answers: list[Answer] = []

    def ask(self, action: Action, channel: Channel, dataset: str, member_id: str | None = None) -> Decision:
        request = DecisionRequest(
            subject=SUBJECT,
            action=action,
            target=Target(dataset=dataset, member_id=member_id),
            context=Context(channel=channel, instant=self.instant),
        )
        decision = self.pdp.decide(request)
        self.answers.append(Answer(request, decision))
        return decision


def _opens(decision: Decision) -> bool:
    """An answer with no row, no column or a duty that a public file cannot carry out opens nothing."""
    carried_out = all(duty.code == "attribute" for duty in decision.duties)
    return decision.allow and decision.row_filter is not None and bool(decision.column_masks) and carried_out


def _open_dataset(asker: _Asker, contract: Contract, table: SharedTable, providers: Collection[str]) -> list[Opening]:
    whole = asker.ask("distribute", "publish", contract.id)
    if not _opens(whole):
        return []
    has_feed = _opens(asker.ask("read", "feed", contract.id))
    if not providers:
        return [Opening(contract, table, None, whole, has_feed, None)]
    slices = []
    for member_id in sorted(member for member, rows in table.rows_by_member.items() if rows and member in providers):
        part = asker.ask("distribute", "publish", contract.id, member_id)
        if _opens(part):
            slices.append(Opening(contract, table, member_id, part, has_feed, (member_id,)))
    members = tuple(opening.organisation_id for opening in slices if opening.organisation_id)
    # Kept although the whole's own filter says the same: two answers must agree before a row leaves.
    return [Opening(contract, table, None, whole, has_feed, members), *slices] if members else []


def find_openings(
    pdp: PolicyDecisionPoint,
    federation: Federation,
    contracts: Mapping[str, Contract],
    shared: SharedVersion,
    instant: datetime,
) -> Openings:
    """Ask for every shared dataset that has a contract; what has none is not asked for and stays closed.

    A dataset that nobody declares a source for is computed from others: it has no slices, and its rows are
    nobody's in particular.
    """
    asker = _Asker(pdp, instant)
    providers: dict[str, set[str]] = {}
    for organisation, source in federation.sources():
        providers.setdefault(source.dataset, set()).add(organisation.id)
    found: list[Opening] = []
    for dataset_id in sorted(shared.tables):
        if dataset_id in contracts:
            known = providers.get(dataset_id, set())
            found += _open_dataset(asker, contracts[dataset_id], shared.tables[dataset_id], known)
    return Openings(tuple(found), tuple(asker.answers))
