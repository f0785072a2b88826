"""A DCAT-AP catalogue in pages (Hydra), in any of its three forms, with the file of a distribution."""

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

from tests.connectors.api.served import Ask, Reply, Served
from tests.connectors.example_site import CONTENT

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
_TYPES = {"turtle": "text/turtle", "json-ld": "application/ld+json", "xml": "application/rdf+xml"}


class DcatCatalogue(Served):
    """``titles`` of datasets by identifier, two a page."""

    def __init__(self, form: str = "turtle") -> None:
        super().__init__()
        self.form, self.size = form, 20
        self.titles = {f"d{number:02}": f"Jeu {number}" for number in range(50)}
        self.files = {"/files/fichier.csv": CONTENT}

    def answer(self, ask: Ask) -> Reply:
        if ask.path in self.files:
            return Reply(self.files[ask.path], headers={"Content-Type": "text/csv"}, is_file=True)
        if ask.path != "/catalog":
            return Reply(b"<html>404</html>", 404)
        page = int(ask.query.get("page", 1))
        graph = Graph()
        for name in list(self.titles)[(page - 1) * self.size : page * self.size]:
            self._describe(graph, name, ask.base)
        if page * self.size < len(self.titles):
            here = URIRef(f"{ask.base}/catalog?page={page}")
            graph.add((here, RDF.type, HYDRA.PartialCollectionView))
            graph.add((here, HYDRA.next, URIRef(f"{ask.base}/catalog?page={page + 1}")))
        return Reply(graph.serialize(format=self.form, encoding="utf-8"), headers={"Content-Type": _TYPES[self.form]})

    def _describe(self, graph: Graph, name: str, base: str) -> None:
        dataset, file = URIRef(f"https://data.example.org/{name}"), URIRef(f"https://data.example.org/{name}/csv")
        publisher = URIRef("https://data.example.org/org")
        for predicate, value in (
            (RDF.type, DCAT.Dataset),
            (DCTERMS.identifier, Literal(name)),
            (DCTERMS.title, Literal(f"{self.titles[name]} in English", lang="en")),
            (DCTERMS.title, Literal(self.titles[name], lang="fr")),
            (DCAT.keyword, Literal("subventions")),
            (DCAT.keyword, Literal("associations")),
            (DCTERMS.publisher, publisher),
            (DCAT.distribution, file),
        ):
            graph.add((dataset, predicate, value))
        graph.add((publisher, FOAF.name, Literal("Commune d'exemple")))
        graph.add((file, RDF.type, DCAT.Distribution))
        graph.add((file, DCTERMS["format"], URIRef("http://publications.europa.eu/resource/authority/file-type/CSV")))
        graph.add((file, DCAT.mediaType, URIRef("https://www.iana.org/assignments/media-types/text/csv")))
        graph.add((file, DCAT.downloadURL, URIRef(f"{base}/files/fichier.csv")))
