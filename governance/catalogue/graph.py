"""One graph under construction and its two notations, in a fixed order: the same bytes for the same catalogue.

No node is blank, so that every part can be cited and the text does not depend on the order of hashing.
"""

import json
from typing import Any, Literal

from rdflib import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SKOS, XSD, Graph, URIRef
from rdflib import Literal as Value

from governance.catalogue.model import Catalogue, Text
from governance.catalogue.vocabulary import ADMS, DCATAP, DQV, LABELS, ODRL, RANGES, SPDX, VCARD

Profile = Literal["3.0.1", "2.1.1"]
_PREFIXES = {
    "adms": ADMS, "dcat": DCAT, "dcatap": DCATAP, "dct": DCTERMS, "dqv": DQV, "foaf": FOAF, "odrl": ODRL, "org": ORG,
    "owl": OWL, "prov": PROV, "rdfs": RDFS, "skos": SKOS, "spdx": SPDX, "vcard": VCARD, "xsd": XSD,
}  # fmt: skip


class GraphWriter:
    """One graph under construction, for one profile."""

    def __init__(self, catalogue: Catalogue, profile: Profile) -> None:
        self.catalogue = catalogue
        self.profile = profile
        self.base = catalogue.public_address
        self.graph = Graph(bind_namespaces="none")
        for prefix, namespace in _PREFIXES.items():
            self.graph.bind(prefix, namespace)

    def uri(self, kind: str, name: str = "") -> URIRef:
        """Stable identifier of a thing of ours, below ``{public}/id/``."""
        return URIRef(f"{self.base}/id/{kind}/{name}" if name else f"{self.base}/id/{kind}")

    def add(self, subject: URIRef, predicate: URIRef, value: Any) -> None:
        """Add one statement; nothing when the value is absent. What is pointed at gets its class and label."""
        if value is None or value == "":
            return
        node = value if isinstance(value, URIRef | Value) else Value(value)
        self.graph.add((subject, predicate, node))
        if isinstance(node, URIRef):
            if predicate in RANGES:
                self.graph.add((node, RDF.type, RANGES[predicate]))
            if node in LABELS:
                self.graph.add((node, RDF.type, SKOS.Concept))
                self.say(node, SKOS.prefLabel, Text(fr=LABELS[node][0], en=LABELS[node][1]))

    def say(self, subject: URIRef, predicate: URIRef, text: Text) -> None:
        """Add a text with its language tags."""
        for language, words in (("fr", text.fr), ("en", text.en)):
            if words:
                self.graph.add((subject, predicate, Value(words, lang=language)))

    def document(self, subject: URIRef, predicate: URIRef, address: str) -> None:
        """Point at a page on the web."""
        self.add(subject, predicate, URIRef(address))
        self.add(URIRef(address), RDF.type, FOAF.Document)


def to_turtle(graph: Graph) -> bytes:
    """Return the graph as Turtle, UTF-8, in a fixed order."""
    return graph.serialize(format="longturtle", encoding="utf-8")


def to_json_ld(graph: Graph) -> bytes:
    """Return the graph as JSON-LD, UTF-8, with a compact context, in a fixed order."""
    context = {prefix: str(namespace) for prefix, namespace in _PREFIXES.items()}
    document = json.loads(graph.serialize(format="json-ld", context=context, auto_compact=False))
    return json.dumps(_in_order(document), ensure_ascii=False, indent=1).encode() + b"\n"


def _in_order(value: Any) -> Any:
    """Sort keys, and lists too: none of ours has a meaning in its order."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted((_in_order(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
