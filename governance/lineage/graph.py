"""What comes from what: sources, accepted rows, models, shared datasets, catalogue entries, feeds, agreements.

Ends are declared (sources, agreements) or published (entries); what lies between is dbt's manifest. Which runs and
files stand behind it today is in the events (`governance.lineage.answers`).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

import networkx as nx
from pydantic import BaseModel, ConfigDict

from governance.catalogue.file_catalogue import FileCatalogue
from governance.decisions.agreements import load_agreements
from governance.lineage.manifest import Model, read_models
from governance.platform import Platform

Kind = Literal["source", "accepted", "reference", "model", "dataset", "entry", "feed", "agreement"]
LAYERS: dict[str, int] = {
    "source": 0, "accepted": 1, "reference": 1, "staging": 2, "intermediate": 3, "marts": 4, "dataset": 5,
    "entry": 6, "feed": 6, "agreement": 7,
}  # fmt: skip
"""From left to right as the graph is drawn; models stand by their schema."""


class Node(BaseModel):
    """One thing that data comes from or goes to."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    name: str
    """Source: ``<member>/<source>``; accepted, dataset, feed: the dataset; others: their name or id."""
    label_fr: str
    label_en: str
    layer: int
    member_id: str | None = None
    """Whose: of a source, or of an entry that is somebody's slice."""
    dataset: str | None = None
    """Of the contract that it falls under."""
    description: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.kind}:{self.name}"


class Graph:
    """All nodes, and what comes from what."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[tuple[str, str]]) -> None:
        self.nodes = {node.key: node for node in nodes}
        self._edges = nx.DiGraph()
        self._edges.add_nodes_from(self.nodes)
        self._edges.add_edges_from(pair for pair in edges if set(pair) <= self.nodes.keys())

    def find(self, kind: str, name: str) -> Node | None:
        """Return one node, or None."""
        return self.nodes.get(f"{kind}:{name}")

    def upstream(self, node: Node) -> list[Node]:
        """Everything that a node comes from, the farthest first."""
        return self._ordered(nx.ancestors(self._edges, node.key))

    def downstream(self, node: Node) -> list[Node]:
        """Everything that comes from a node, the nearest first; slices of others are none of a source's."""
        found = self._ordered(nx.descendants(self._edges, node.key))
        if node.kind != "source":
            return found
        return [one for one in found if one.kind != "entry" or one.member_id in (None, node.member_id)]

    def edges_among(self, nodes: Iterable[Node]) -> list[tuple[str, str]]:
        """What comes from what among some nodes."""
        return sorted(self._edges.subgraph([node.key for node in nodes]).edges)

    def _ordered(self, keys: Iterable[str]) -> list[Node]:
        return sorted((self.nodes[key] for key in keys), key=lambda node: (node.layer, node.kind, node.name))


def build_graph(platform: Platform, *, with_agreements: bool) -> Graph:
    """Return the graph of an installation as it stands; agreements are left out where they may not be shown."""
    models = read_models(platform.settings)
    by_dataset = {model.dataset: model for model in models.values() if model.dataset}
    nodes: list[Node] = [*_sources(platform), *_rows(platform, models), *_models(models), *_datasets(platform)]
    edges = [(f"source:{o.id}/{s.id}", f"accepted:{s.dataset}") for o, s in platform.federation.sources()]
    for model in models.values():
        edges += [(_parent(parent), _itself(model)) for parent in model.parents]
    # Before the first build nothing says what lies between; a dataset comes from its own rows all the same.
    edges += [(f"accepted:{name}", f"dataset:{name}") for name in platform.contracts if name not in by_dataset]
    for entry in _entries(platform):
        nodes.append(entry)
        edges.append((f"dataset:{entry.dataset}", entry.key))
    edges += [(f"dataset:{name}", f"feed:{name}") for name in platform.contracts]
    if with_agreements:
        for node in _agreements(platform):
            nodes.append(node)
            edges.append((f"feed:{node.dataset}", node.key))
    return Graph(nodes, edges)


def _itself(model: Model) -> str:
    return f"dataset:{model.dataset}" if model.dataset else f"model:{model.name}"


def _parent(name: str) -> str:
    kind, dot, rest = name.partition(".")
    return f"{kind}:{rest}" if dot else f"model:{name}"


def _titles(platform: Platform, dataset: str) -> dict[str, str]:
    contract = platform.contracts.get(dataset)
    if contract is None:
        return {"label_fr": dataset, "label_en": dataset}
    return {"label_fr": contract.title, "label_en": contract.title_en or contract.title}


def _sources(platform: Platform) -> Iterator[Node]:
    for organisation, source in platform.federation.sources():
        name = f"{organisation.id}/{source.id}"
        titles = {"label_fr": organisation.name, "label_en": organisation.name}
        yield Node(
            kind="source", name=name, layer=0, member_id=organisation.id, dataset=source.dataset,
            description=source.connector, **titles,
        )  # fmt: skip


def _rows(platform: Platform, models: dict[str, Model]) -> Iterator[Node]:
    provided = {source.dataset for _, source in platform.federation.sources()}
    parents = {parent for model in models.values() for parent in model.parents}
    for dataset in platform.contracts:
        if dataset in provided or f"accepted.{dataset}" in parents:
            yield Node(kind="accepted", name=dataset, layer=1, dataset=dataset, label_fr=dataset, label_en=dataset)
    for parent in sorted(parents):
        if parent.startswith("reference."):
            name = parent.partition(".")[2]
            yield Node(kind="reference", name=name, layer=1, label_fr=name, label_en=name)


def _models(models: dict[str, Model]) -> Iterator[Node]:
    for model in models.values():
        if model.dataset is None:
            titles = {"label_fr": model.name, "label_en": model.name}
            layer = LAYERS.get(model.layer, LAYERS["intermediate"])
            yield Node(kind="model", name=model.name, layer=layer, description=model.description, **titles)


def _datasets(platform: Platform) -> Iterator[Node]:
    for name in platform.contracts:
        yield Node(kind="dataset", name=name, layer=LAYERS["dataset"], dataset=name, **_titles(platform, name))
        yield Node(kind="feed", name=name, layer=LAYERS["feed"], dataset=name, **_titles(platform, name))


def _entries(platform: Platform) -> Iterator[Node]:
    index = FileCatalogue(platform.settings.state_dir / "catalogue").read_index()
    for entry in index.datasets if index else ():
        dataset = entry.part_of or entry.id
        whose = platform.federation.organisations.get(entry.publisher) if entry.part_of else None
        titles = _titles(platform, dataset)
        if whose is not None:
            titles = {name: f"{title} – {whose.name}" for name, title in titles.items()}
        yield Node(
            kind="entry", name=entry.id, layer=LAYERS["entry"], dataset=dataset,
            member_id=whose.id if whose else None, **titles,
        )  # fmt: skip


def _agreements(platform: Platform) -> Iterator[Node]:
    """Those by which somebody may read something now; another one is touched by nothing."""
    now = datetime.now(UTC)
    for agreement in load_agreements(platform.settings.federation_dir).values():
        if agreement.state == "finalized" and agreement.begins_at <= now < agreement.ends_at:
            partner = platform.federation.by_siren.get(agreement.assignee)
            name = partner.name if partner else agreement.assignee
            yield Node(
                kind="agreement", name=agreement.id, layer=LAYERS["agreement"], dataset=agreement.target,
                label_fr=name, label_en=name, description=agreement.title, member_id=partner.id if partner else None,
            )  # fmt: skip
