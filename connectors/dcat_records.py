"""What a DCAT-AP graph says of a dataset and of its distributions, as plain records (DCAT-AP 3.0, 4)."""

from collections.abc import Iterator
from typing import Any

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SKOS
from rdflib.term import Node

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
_DCATAP = Namespace("http://data.europa.eu/r5r/")
_SPDX = Namespace("http://spdx.org/rdf/terms#")
Record = dict[str, Any]

_OF_DATASET: dict[str, URIRef] = {
    "identifier": DCTERMS.identifier,
    "title": DCTERMS.title,
    "description": DCTERMS.description,
    "publisher": DCTERMS.publisher,
    "issued": DCTERMS.issued,
    "modified": DCTERMS.modified,
    "accessRights": DCTERMS.accessRights,
    "accrualPeriodicity": DCTERMS.accrualPeriodicity,
    "license": DCTERMS.license,
}
_REPEATED: dict[str, URIRef] = {
    "keyword": DCAT.keyword,
    "theme": DCAT.theme,
    "landingPage": DCAT.landingPage,
    "spatial": DCTERMS.spatial,
    "language": DCTERMS.language,
    "conformsTo": DCTERMS.conformsTo,
    "applicableLegislation": _DCATAP.applicableLegislation,
}
_OF_DISTRIBUTION: dict[str, URIRef] = {
    "identifier": DCTERMS.identifier,
    "title": DCTERMS.title,
    "downloadURL": DCAT.downloadURL,
    "accessURL": DCAT.accessURL,
    "format": DCTERMS["format"],
    "mediaType": DCAT.mediaType,
    "byteSize": DCAT.byteSize,
    "license": DCTERMS.license,
    "modified": DCTERMS.modified,
}


def record_of(graph: Graph, dataset: Node, language: str) -> Record:
    """Return a dataset as a record; fields that are not said are absent."""
    record = _fields(graph, dataset, _OF_DATASET, language)
    for name, predicate in _REPEATED.items():
        values = sorted({text for node in graph.objects(dataset, predicate) if (text := _text(graph, node, language))})
        if values:
            record[name] = values
    distributions = [distribution for _, distribution in distributions_of(graph, dataset, language)]
    if distributions:
        record["distribution"] = distributions
    return record


def distributions_of(graph: Graph, dataset: Node, language: str) -> list[tuple[Node, Record]]:
    """Return a dataset's distributions with their nodes, in a stable order."""
    found = [
        (node, _fields(graph, node, _OF_DISTRIBUTION, language) | _checksum(graph, node))
        for node in graph.objects(dataset, DCAT.distribution)
    ]
    return sorted(found, key=lambda pair: sorted((name, str(value)) for name, value in pair[1].items()))


def _checksum(graph: Graph, distribution: Node) -> Record:
    """The checksum's value alone: its length tells the algorithm apart."""
    values = {
        str(value)
        for checksum in graph.objects(distribution, _SPDX.checksum)
        for value in graph.objects(checksum, _SPDX.checksumValue)
    }
    return {"checksum": min(values)} if values else {}


def is_named(graph: Graph, node: Node, name: str) -> bool:
    """Whether a node has that URI or that identifier."""
    return str(node) == name or any(str(one) == name for one in graph.objects(node, DCTERMS.identifier))


def _fields(graph: Graph, node: Node, predicates: dict[str, URIRef], language: str) -> Record:
    record: Record = {"uri": str(node)} if isinstance(node, URIRef) else {}
    for name, predicate in predicates.items():
        text = _best(graph, list(graph.objects(node, predicate)), language)
        if text:
            record[name] = text
    return record


def _best(graph: Graph, nodes: list[Node], language: str) -> str | None:
    """The text in the language asked for, else without one, else in English, else the first of the alphabet."""

    def rank(node: Node) -> tuple[int, str]:
        spoken = node.language if isinstance(node, Literal) else None
        order = {language: 0, None: 1, "en": 2}.get(spoken, 3)
        return order, _text(graph, node, language) or ""

    return _text(graph, min(nodes, key=rank), language) if nodes else None


def _text(graph: Graph, node: Node, language: str) -> str | None:
    """A literal's text or a node's address; of a node without one, its name."""
    if isinstance(node, Literal | URIRef):
        named = _names(graph, node) if isinstance(node, URIRef) else iter(())
        return next(named, None) or str(node).strip() or None
    return _best(graph, list(_name_nodes(graph, node)), language)


def _name_nodes(graph: Graph, node: Node) -> Iterator[Node]:
    for predicate in (FOAF.name, SKOS.prefLabel, DCTERMS.title, RDF.value):
        yield from graph.objects(node, predicate)


def _names(graph: Graph, node: URIRef) -> Iterator[str]:
    """Only a publisher is better known by its name than by its address."""
    return iter(sorted(str(name).strip() for name in graph.objects(node, FOAF.name)))
