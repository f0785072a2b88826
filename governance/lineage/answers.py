"""Two questions about anything in the graph: where does this number come from, and what stops if it stops.

The first is answered from events: which files of whom, by which runs, under which version of which contract. The second
from the graph and from how many rows each source has in what is served now.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from governance.lineage.facts import KeptRun, RestsOn
from governance.lineage.graph import Graph, Node, build_graph
from governance.lineage.names import HARMONISE, PUBLISH
from governance.lineage.store import LineageStore
from governance.platform import Platform
from governance.state.cursors import list_accepted
from governance.state.receipts import Receipt, find_receipt, receipts_of_bytes

Effect = Literal["stops", "loses_rows", "recomputed", "goes_on"]
"""stops: nothing feeds it any more; loses_rows: it goes on without these rows; recomputed: its figures are computed
without them; goes_on: it holds none of these rows today."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Origin(_Frozen):
    """One source whose rows are in it today. What may not be told to everybody is left out (`is_told` is false)."""

    member_id: str
    member_name: str
    source_id: str
    dataset: str
    is_told: bool
    run_id: str | None = None
    received_at: datetime | None = None
    file_name: str | None = None
    file_sha256: str | None = None
    contract_version: str | None = None
    rows: int | None = None
    rows_quarantined: int | None = None
    trace_id: str | None = None


class Touched(_Frozen):
    """One thing that a stop would touch, and how; `rows` of `of_rows` where that may be told."""

    node: Node
    effect: Effect
    rows: int | None = None
    of_rows: int | None = None


class Answer(_Frozen):
    """Both answers about one node, and the part of the graph that they speak of."""

    node: Node
    origins: tuple[Origin, ...]
    steps: tuple[Node, ...]
    """Models on the way, in the order of the data."""
    version: str | None
    """Of the shared layer, for what rests on one."""
    made_at: datetime | None
    published_at: datetime | None
    policy_version: str | None
    engine_decisions: tuple[str, ...]
    touched: tuple[Touched, ...]
    grace_days: int
    """How long rows of a source that is gone stay served."""
    with_agreements: bool
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]


class Lineage:
    """The graph and the events of one installation, read once for a page or a command."""

    def __init__(self, platform: Platform, *, sees_all: bool) -> None:
        self.platform = platform
        self.sees_all = sees_all
        self.graph: Graph = build_graph(platform, with_agreements=sees_all)
        self._store = LineageStore(platform.engine)
        self._last = {run.job: run for run in self._store.last_runs(HARMONISE, PUBLISH)}
        self._rows: dict[str, dict[str, int]] = defaultdict(dict)
        """Rows that count now, by dataset and source."""
        for one in list_accepted(platform.engine):
            self._rows[one.dataset][f"{one.member_id}/{one.source_id}"] = one.rows

    def answer(self, node: Node) -> Answer:
        """Return both answers about a node."""
        before, after = self.graph.upstream(node), self.graph.downstream(node)
        about = [*before, node, *after]
        dataset = node.name if node.kind in ("dataset", "feed") else node.dataset if node.kind == "entry" else None
        made, published = self._last.get(f"{HARMONISE}.{dataset}"), self._last.get(f"{PUBLISH}.{dataset}")
        publication = published.publication if published else None
        return Answer(
            node=node,
            origins=tuple(self._origins(node, before, made)),
            steps=tuple(one for one in before if one.kind == "model"),
            version=made.version.version if made and made.version else None,
            made_at=made.at if made else None,
            published_at=published.at if published and self._is_open(dataset) else None,
            policy_version=publication.policy_version if publication and self._is_open(dataset) else None,
            engine_decisions=publication.engine_decisions if publication and self._is_open(dataset) else (),
            touched=tuple(self._touched(node, one) for one in after if one.kind not in ("accepted", "model")),
            grace_days=self.platform.settings.absence_grace_days,
            with_agreements=self.sees_all,
            nodes=tuple(about),
            edges=tuple(self.graph.edges_among(about)),
        )

    def of_file(self, sha256: str) -> list[Origin]:
        """Return the runs that received these bytes, newest first, as far as they may be told."""
        receipts = sorted(receipts_of_bytes(self.platform.engine, [sha256]), key=lambda r: r.finished_at, reverse=True)
        read = [receipt for receipt in receipts if receipt.rows_in is not None and self._is_told(receipt.dataset)]
        return [self._origin(_rests_on(receipt)) for receipt in read]

    def _is_open(self, dataset: str | None) -> bool:
        contract = self.platform.contracts.get(dataset or "")
        return contract is not None and contract.classification == "open"

    def _is_told(self, dataset: str) -> bool:
        return self.sees_all or self._is_open(dataset)

    def _origins(self, node: Node, before: Sequence[Node], made: KeptRun | None) -> list[Origin]:
        """By the events of what is served where there are any; else by the rows that count now."""
        wanted = {one.name for one in [*before, node] if one.kind == "source"}
        if made is not None and made.version is not None:
            served: Collection[RestsOn] = made.version.rests_on
        else:
            datasets = {one.dataset for one in [*before, node] if one.kind in ("source", "accepted")}
            listed = [one for one in list_accepted(self.platform.engine) if one.dataset in datasets]
            served = [RestsOn(**one.model_dump()) for one in listed]
            served = [one for one in served if f"{one.member_id}/{one.source_id}" in wanted]
        if node.kind == "entry" and node.member_id is not None:
            served = [one for one in served if one.member_id == node.member_id]
        return [self._origin(one) for one in served]

    def _origin(self, served: RestsOn) -> Origin:
        organisation = self.platform.federation.organisations.get(served.member_id)
        known = {
            "member_id": served.member_id,
            "member_name": organisation.name if organisation else served.member_id,
            "source_id": served.source_id,
            "dataset": served.dataset,
        }
        if not self._is_told(served.dataset):
            return Origin(is_told=False, **known)
        told = self._store.find_run(served.run_id)
        receipt = find_receipt(self.platform.engine, served.run_id)
        return Origin(
            is_told=True,
            run_id=served.run_id,
            received_at=receipt.started_at if receipt else told.at if told else None,
            file_name=receipt.file_name if receipt else None,
            file_sha256=receipt.file_sha256 if receipt else None,
            contract_version=receipt.contract_version if receipt else None,
            rows=served.rows,
            rows_quarantined=receipt.rows_quarantined if receipt else None,
            trace_id=told.trace_id if told else None,
            **known,
        )

    def _touched(self, node: Node, one: Node) -> Touched:
        if node.kind != "source":
            return Touched(node=one, effect="stops")
        rows = self._rows.get(node.dataset or "", {})
        mine, everything = rows.get(node.name, 0), sum(rows.values())
        if one.dataset != node.dataset:
            return Touched(node=one, effect="recomputed" if mine else "goes_on")
        is_alone = one.kind == "entry" and one.member_id is not None
        if is_alone:
            everything = sum(count for name, count in rows.items() if name.startswith(f"{node.member_id}/"))
        effect: Effect = "goes_on" if not mine else "stops" if mine == everything else "loses_rows"
        told = {"rows": mine, "of_rows": everything} if self._is_told(node.dataset or "") else {}
        return Touched(node=one, effect=effect, **told)


def _rests_on(receipt: Receipt) -> RestsOn:
    return RestsOn(
        member_id=receipt.member_id,
        source_id=receipt.source_id,
        dataset=receipt.dataset,
        run_id=receipt.run_id,
        rows=receipt.rows_accepted or 0,
    )
