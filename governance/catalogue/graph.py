"""One graph under construction.

No node is blank, so that every part can be cited and its text does not depend on the order of hashing.
"""

from typing import Any, Literal

from rdflib import FOAF, RDF, SKOS, Graph, URIRef
from rdflib import Literal as Value

from governance.catalogue.model import Catalogue, Text
from governance.catalogue.vocabulary import LABELS, RANGES

Profile = Literal["3.0.1", "2.1.1"]


class GraphWriter:
    """One graph under construction, for one profile."""

    def __init__(self, catalogue: Catalogue, profile: Profile) -> None:
        self.catalogue = catalogue
        self.profile = profile
        self.base = catalogue.public_address
        self.graph = Graph(bind_namespaces="none")

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
