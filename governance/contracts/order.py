"""In which order datasets are checked, so that what a row refers to is known before it."""

from collections.abc import Mapping

import networkx

from governance.contracts.keys import foreign_keys_of
from governance.contracts.model import Contract


class Order:
    """In which order datasets are checked, and which references of each can be."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        graph = networkx.DiGraph()
        graph.add_nodes_from(contracts)
        graph.add_edges_from(
            (key.resource, dataset)
            for dataset, contract in contracts.items()
            for key in foreign_keys_of(contract)
            if key.resource in contracts
        )
        circles = networkx.condensation(graph)
        self._circle: dict[str, int] = circles.graph["mapping"]
        ranks = {circle: rank for rank, circle in enumerate(networkx.lexicographical_topological_sort(circles))}
        self._rank = {dataset: ranks[circle] for dataset, circle in self._circle.items()}

    def rank(self, dataset: str) -> int:
        """Return a number that is lower for what is checked earlier."""
        return self._rank.get(dataset, 0)

    def referred_to(self, contract: Contract) -> tuple[str, ...]:
        """Return the datasets that a contract refers to and that can be checked before it."""
        named = {key.resource for key in foreign_keys_of(contract) if key.resource in self._circle}
        return tuple(sorted(other for other in named if self._circle[other] != self._circle.get(contract.id)))
