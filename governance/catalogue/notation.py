"""Turtle and JSON-LD of a graph, in a fixed order: the same bytes for the same statements.

Both are a head, the same for every graph, then nodes, so that what several graphs say becomes one text by putting their
nodes one after the other: a catalogue of thousands of datasets is joined, not written anew. A node that stands in two
of them is told twice, which means the same (RDF 1.1 Turtle, 2; JSON-LD 1.1, 9).
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph as oxigraph
from rdflib import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SKOS, XSD, Graph, URIRef
from rdflib.term import Node

from governance.catalogue.vocabulary import ADMS, DCATAP, DQV, HYDRA, ODRL, SPDX, VCARD

_PREFIXES = {
    prefix: str(namespace)
    for prefix, namespace in (
        ("adms", ADMS), ("dcat", DCAT), ("dcatap", DCATAP), ("dct", DCTERMS), ("dqv", DQV), ("foaf", FOAF),
        ("hydra", HYDRA), ("odrl", ODRL), ("org", ORG), ("owl", OWL), ("prov", PROV), ("rdfs", RDFS), ("skos", SKOS),
        ("spdx", SPDX), ("vcard", VCARD), ("xsd", XSD),
    )
}  # fmt: skip
_LONGEST_FIRST = sorted(_PREFIXES.items(), key=lambda item: -len(item[1]))
_TYPE = str(RDF.type)

_TURTLE_HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in _PREFIXES.items()).encode()
_JSON_LD_HEAD = f'{{"@context": {json.dumps(_PREFIXES)},\n"@graph": [\n'.encode()
_JSON_LD_TAIL = b"\n]}\n"
_JSON_LD_SEPARATOR = b",\n"


class NotOfThisNotation(ValueError):
    """The text was not written here, or by an earlier way of writing."""


def to_turtle(graph: Graph) -> bytes:
    """Return the graph as Turtle, UTF-8."""
    text = _serialised(graph, oxigraph.RdfFormat.TURTLE)
    # The prefixes are the library's first lines, in no fixed order.
    return _TURTLE_HEAD + text.split(b"\n", len(_PREFIXES))[-1]


def to_json_ld(graph: Graph) -> bytes:
    """Return the graph as JSON-LD, UTF-8, with a compact context."""
    nodes = json.loads(_serialised(graph, oxigraph.RdfFormat.JSON_LD))
    written = (json.dumps(_compact_node(node), ensure_ascii=False).encode() for node in nodes)
    return b"".join((_JSON_LD_HEAD, _JSON_LD_SEPARATOR.join(written), _JSON_LD_TAIL))


def join_turtle(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one Turtle document, piece by piece, that says what all of ``to_turtle``'s say.

    Raises:
        NotOfThisNotation: one of them is not of ``to_turtle``.
    """
    yield _TURTLE_HEAD
    for text in texts:
        yield _between(text, _TURTLE_HEAD, b"")


def join_json_ld(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one JSON-LD document, piece by piece, that says what all of ``to_json_ld``'s say.

    Raises:
        NotOfThisNotation: one of them is not of ``to_json_ld``.
    """
    yield _JSON_LD_HEAD
    separator = b""
    for text in texts:
        yield separator + _between(text, _JSON_LD_HEAD, _JSON_LD_TAIL)
        separator = _JSON_LD_SEPARATOR
    yield _JSON_LD_TAIL


def _between(text: bytes, head: bytes, tail: bytes) -> bytes:
    if not (text.startswith(head) and text.endswith(tail)):
        raise NotOfThisNotation(text[: len(head)].decode(errors="replace"))
    return text[len(head) : len(text) - len(tail)]


def _serialised(graph: Graph, notation: oxigraph.RdfFormat) -> bytes:
    text = oxigraph.serialize(_triples(graph), format=notation, prefixes=_PREFIXES)
    if text is None:
        raise TypeError("without an output, the text is what is returned")
    return text


def _triples(graph: Graph) -> list[oxigraph.Triple]:
    ordered = sorted(graph, key=lambda triple: tuple(part for node in triple for part in _sorting(node)))
    return [
        oxigraph.Triple(oxigraph.NamedNode(str(subject)), oxigraph.NamedNode(str(predicate)), _node(value))
        for subject, predicate, value in ordered
    ]


def _sorting(node: Node) -> tuple[str, str, str]:
    return str(node), getattr(node, "language", None) or "", str(getattr(node, "datatype", None) or "")


def _node(value: Any) -> oxigraph.NamedNode | oxigraph.Literal:
    if isinstance(value, URIRef):
        return oxigraph.NamedNode(value)
    if value.language:
        return oxigraph.Literal(str(value), language=value.language)
    return oxigraph.Literal(str(value), datatype=oxigraph.NamedNode(value.datatype) if value.datatype else None)


def _compact_node(node: dict[str, Any]) -> dict[str, Any]:
    compact: dict[str, Any] = {"@id": node["@id"]}
    for predicate, values in node.items():
        if predicate == _TYPE:
            compact["@type"] = [_compact(value["@id"]) for value in values]
        elif predicate != "@id":
            compact[_compact(predicate)] = [_compact_value(value) for value in values]
    return compact


def _compact_value(value: dict[str, str]) -> dict[str, str]:
    return {**value, "@type": _compact(value["@type"])} if "@type" in value else value


def _compact(address: str) -> str:
    for prefix, namespace in _LONGEST_FIRST:
        if address.startswith(namespace):
            return f"{prefix}:{address.removeprefix(namespace)}"
    return address
