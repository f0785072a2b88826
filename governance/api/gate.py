"""The enforcement point of feeds and previews: ask, refuse or open, and write down which of the two.

Nothing reaches a row of the shared layer except through `open_feed`, and every call of it ends in the journal
before a byte is sent.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Self
from uuid import uuid4

from governance.api.earlier_views import contract_read, seen_columns, seen_decision
from governance.api.geometry import feature_id_sql, geometry_of
from governance.api.handed_over import front_key
from governance.api.kept_pages import KeptPages
from governance.api.problems import ProblemError
from governance.api.query import quote
from governance.api.quotas import Allowance, Quotas
from governance.api.refused_tokens import RefusedTokens
from governance.api.rows import OPEN_TO_ALL, Relation, RowReader
from governance.api.snapshots import deleted_since, require_same_contract, version_of
from governance.api.words import reason
from governance.contracts.model import Contract
from governance.decisions.agreements import Quota
from governance.decisions.enforce import relation_sql
from governance.decisions.model import (
    ENGINE_REASON_CODES,
    PROVENANCE_COLUMNS,
    Channel,
    Context,
    Decision,
    DecisionRequest,
    Subject,
    Target,
)
from governance.identity.tokens import TokenVerifier, open_verifier
from governance.journal.keys import derive_key, load_key
from governance.platform import Platform
from governance.shared_layer import SharedTable, SharedVersion
from governance.shared_versions import find_version


@dataclass(frozen=True)
class Gate:
    """What every request needs; made once for the process."""

    platform: Platform
    rows: RowReader
    verifier: TokenVerifier
    quotas: Quotas
    pages: KeptPages
    refused: RefusedTokens
    cursor_key: bytes
    hash_key: bytes
    """The installation's, from which those of hashed columns are derived."""
    front_key: str

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return the gate of a platform."""
        settings = platform.settings
        key = load_key(settings)
        default = Quota(requests=settings.feed_quota_requests, seconds=settings.feed_quota_seconds)
        return cls(
            platform=platform,
            rows=RowReader(platform.lake.shared, settings.feeds_dir),
            verifier=open_verifier(settings),
            quotas=Quotas(settings.federation_dir, default),
            pages=KeptPages(),
            refused=RefusedTokens(platform.journal),
            cursor_key=derive_key(key, "feed-cursor"),
            hash_key=key,
            front_key=front_key(settings),
        )


@dataclass(frozen=True)
class Asked:
    """Who asks for which dataset, through which door, for what."""

    subject: Subject
    dataset: str
    channel: Channel = "feed"
    purpose: str | None = None
    agreement_id: str | None = None
    hands_over: bool = True
    """Whether rows may leave on the answer; a description of a feed says what would be decided."""
    contract_major: str | None = None
    """Major version of the contract that the rows shall follow, as asked; nothing for the current one."""


@dataclass(frozen=True)
class OpenFeed:
    """A feed as one decision leaves it."""

    asked: Asked
    decision_id: str
    decision: Decision
    """On the current contract, whichever the rows are shown by."""
    contract: Contract
    """The one that the rows are shown by, which may be an earlier major version."""
    version: str
    """Name of the shared version that is read."""
    table: SharedTable
    without: tuple[tuple[str, str], ...]
    """Sources, as (member, source), that a person deleted after that version was made."""
    relation: Relation
    visible: Mapping[str, str]
    """DuckDB type of each visible column, in order."""
    holds_seconds: int
    """For how many whole seconds the front may give the same answer to others; never past the end of the decision."""
    allowance: Allowance | None = None
    """What is left of the agreement's quota; nothing where no agreement is read under."""

    @property
    def hidden(self) -> list[str]:
        """Columns of the contract and of provenance that this decision does not show."""
        known = (*(column.name for column in self.contract.columns), *PROVENANCE_COLUMNS)
        return [name for name in known if name not in self.visible]

    @property
    def seen(self) -> Decision:
        """The decision with its masks under the names of the contract that the rows are shown by."""
        return seen_decision(self.decision, self.contract)

    @property
    def is_whole(self) -> bool:
        """Whether every row leaves, so that the shared table's own count holds."""
        return self.decision.row_filter == {}

    @property
    def kept_in(self) -> str:
        """Folder of its whole files, by dataset and agreement."""
        return f"{self.asked.dataset}/{self.decision.agreement_id or OPEN_TO_ALL}"

    @cached_property
    def rights(self) -> str:
        """Hash of what the decision shows, whatever the data."""
        masks = {name: mask.model_dump() for name, mask in self.decision.column_masks.items()}
        return _hash_of(self.decision.row_filter, masks, self.decision.agreement_id, self.contract.version)

    def fingerprint(self, *more: object) -> str:
        """Hash of the data, of what the decision shows, and of whatever the answer depends on besides."""
        return _hash_of(self.table.sha256, self.without, self.rights, *more)


def _hash_of(*content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def ask(gate: Gate, asked: Asked, instant: datetime | None = None) -> Decision:
    """Return the decision for a reading; it fails closed and never raises for a refusal."""
    request = DecisionRequest(
        subject=asked.subject,
        action="read",
        target=Target(dataset=asked.dataset),
        context=Context(
            channel=asked.channel,
            purpose=asked.purpose,
            agreement_id=asked.agreement_id,
            instant=instant or datetime.now(UTC),
        ),
        hands_over=asked.hands_over,
    )
    return gate.platform.pdp.decide(request)


def contract_of(gate: Gate, dataset: str, major: str | None = None) -> Contract:
    """Return a dataset's contract: the current one, or the major version that is asked for.

    Raises:
        ProblemError: 404, no such dataset or version; 410, the version is served no more.
    """
    contract = gate.platform.contracts.get(dataset)
    if contract is None:
        raise ProblemError(404, reason("dataset_not_found", dataset=dataset[:80]))
    return contract if major is None else contract_read(gate.platform, contract, major)


def relation_of(
    gate: Gate,
    decision: Decision,
    contract: Contract,
    table: SharedTable,
    without: Collection[tuple[str, str]] = (),
) -> Relation:
    """Return the only rows and cells that the decision leaves of a table, ``without`` those of deleted sources.

    With an earlier ``contract`` they stand under its names.
    """
    present = [name for name, _ in table.columns]
    file = gate.rows.file_of(table)
    sql, parameters = relation_sql(
        decision,
        contract.served_as or contract,
        file,
        present=present,
        key=derive_key(gate.hash_key, f"column-hash:{decision.agreement_id or ''}"),
        without=without,
    )
    if contract.served_as is not None:
        shown = seen_columns(decision, contract, present)
        # kept because every name is quoted and every code of the contract written as a literal
        sql = f"SELECT {', '.join(f'{value} AS {quote(name)}' for name, value in shown.items())} FROM ({sql})"  # noqa: S608
        decision, present = seen_decision(decision, contract), list(shown)
    geometry = geometry_of(contract, decision, present)
    feature_id = feature_id_sql(contract, decision, present) if geometry else "NULL"
    return Relation(sql, tuple(parameters), geometry, feature_id, file)


def open_feed(gate: Gate, asked: Asked, at: str | None = None) -> OpenFeed:
    """Return a feed that may be read, as it is now or, by a version's name or an instant, as it was.

    Raises:
        ProblemError: 404 unknown dataset or contract, no data yet or no such version; 401 refused and nobody
            identified; 403 refused; 429 the agreement's quota is used up; 400 ``at`` cannot be read; 410 another
            contract shaped that version, or the contract is served no more; 503 the policy engine gave no answer that
            counts. A refusal is in the journal.
    """
    contract = contract_of(gate, asked.dataset, asked.contract_major)
    decision = ask(gate, asked)
    decision_id = uuid4().hex
    if not decision.allow:
        record(gate, asked, decision_id, decision, "refused")
        raise _refusal(asked, decision)
    with recorded_when_wrong(gate, asked, decision_id, decision):
        allowance = gate.quotas.take(decision.agreement_id)
        version = version_of(gate.platform.lake, at)
    table = version.tables.get(asked.dataset) if version else None
    if version is None or table is None:
        record(gate, asked, decision_id, decision, "no_data")
        raise ProblemError(404, reason("dataset_without_data", dataset=asked.dataset))
    without: tuple[tuple[str, str], ...] = ()
    if at is not None:
        with recorded_when_wrong(gate, asked, decision_id, decision):
            require_same_contract(contract, table)
        without = deleted_since(gate.platform.journal, version)
    return opened(gate, asked, decision_id, decision, contract, version, without, allowance)


def opened(
    gate: Gate,
    asked: Asked,
    decision_id: str,
    decision: Decision,
    contract: Contract,
    version: SharedVersion,
    without: tuple[tuple[str, str], ...] = (),
    allowance: Allowance | None = None,
) -> OpenFeed:
    """Return what a decision leaves of a dataset in a version that has it.

    Raises:
        KeyError: the version has no such dataset.
    """
    table = version.tables[asked.dataset]
    relation = relation_of(gate, decision, contract, table, without)
    visible = gate.rows.columns(relation)
    left = (decision.valid_until - datetime.now(UTC)).total_seconds()
    return OpenFeed(
        asked,
        decision_id,
        decision,
        contract,
        version.version,
        table,
        without,
        relation,
        visible,
        holds_seconds=max(0, int(min(left, gate.platform.settings.decision_keep_seconds))),
        allowance=allowance,
    )


def open_version(gate: Gate, feed: OpenFeed, version: str, *, may_name_deleted: bool) -> Relation:
    """Return what the same decision leaves of the same dataset in another version, to compare with.

    ``may_name_deleted``: rows of a source that a person deleted since may be told by their key to be taken away; where
    only a whole row could tell, they may not.

    Raises:
        ProblemError: 410, that version is not known any more, another contract shaped it, or see above.
    """
    found = find_version(gate.platform.lake, version)
    table = found.tables.get(feed.asked.dataset) if found else None
    if table is None:
        raise ProblemError(410, reason("since_outdated"))
    require_same_contract(feed.contract, table)
    if found is not None and not may_name_deleted and deleted_since(gate.platform.journal, found):
        raise ProblemError(410, reason("since_outdated"))
    return relation_of(gate, feed.decision, feed.contract, table)


@contextmanager
def recorded_when_wrong(gate: Gate, asked: Asked, decision_id: str, decision: Decision) -> Iterator[None]:
    """Write into the journal that a question was allowed but wrong, should the block end in a Problem."""
    try:
        yield
    except ProblemError as error:
        outcome = {429: "over_quota", 503: "failed"}.get(error.status, "invalid")
        record(gate, asked, decision_id, decision, outcome)
        raise


def _refusal(asked: Asked, decision: Decision) -> ProblemError:
    if any(code in ENGINE_REASON_CODES for code in decision.codes):
        return ProblemError(503, *decision.reasons, headers={"Retry-After": "5"})
    if asked.subject.organisation is None:
        return ProblemError(401, *decision.reasons, headers={"WWW-Authenticate": "Bearer"})
    return ProblemError(403, *decision.reasons)


def record(
    gate: Gate, asked: Asked, decision_id: str, decision: Decision, outcome: str, rows: int | None = None
) -> None:
    """Write an access into the journal, which keeps the subject as a pseudonym.

    Raises:
        SQLAlchemyError: it could not be written; nothing may be handed over then.
    """
    gate.platform.journal.append(
        "decision",
        {
            "decision_id": decision_id,
            "engine_decision_id": decision.engine_decision_id,
            "policy_version": decision.policy_version,
            "organisation": asked.subject.organisation,
            "action": "read",
            "channel": asked.channel,
            "purpose": asked.purpose,
            "agreement_id": decision.agreement_id,
            "outcome": outcome,
            "reasons": list(decision.codes),
            "rows": rows,
            # Who still reads by an earlier version has to be known before it ends.
            **({"contract_major": asked.contract_major} if asked.contract_major is not None else {}),
        },
        subject=asked.subject.id,
        target=asked.dataset,
    )
