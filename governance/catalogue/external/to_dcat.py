"""A catalogue of others as DCAT-AP 3.0.1: their datasets under their own identifiers, our entries beside them.

A ``dcat:CatalogRecord`` is ours and says since when the entry stands here and what it was made from (``dct:source``,
their own record); the ``dcat:Dataset`` it is about is theirs, with their publisher, page, licence and files.
Source: DCAT-AP 3.0.1 (SEMIC), catalogue record.
"""

import hashlib

from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, Graph, URIRef
from rdflib import Literal as Value

from governance.catalogue.graph import GraphWriter
from governance.catalogue.model import Catalogue, ExternalCatalogue, ExternalDataset, ExternalLink, Text
from governance.catalogue.vocabulary import AUTHORITY, FRENCH, THEME_SCHEME, theme_uri

_FILE_TYPES = frozenset(
    ("CSV", "GEOJSON", "GPKG", "HTML", "JSON", "KML", "ODS", "PARQUET", "PDF", "SHP", "XLS", "XLSX", "XML", "ZIP")
)
"""Formats that the EU table knows by the name that portals use."""


def build_external_graph(catalogue: Catalogue, external: ExternalCatalogue) -> Graph:
    """Return what one catalogue of others has for the territory, as a catalogue of its own."""
    to = GraphWriter(catalogue, "3.0.1")
    me, publisher = to.uri("external", external.id), catalogue.organisation(catalogue.publisher)
    to.add(me, RDF.type, DCAT.Catalog)
    to.say(me, DCTERMS.title, Text(fr=f"Jeux de données de {external.name}", en=f"Datasets of {external.name}"))
    to.say(
        me,
        DCTERMS.description,
        Text(
            fr=f"Ce que {external.name} publie sur le territoire ; les données restent chez qui les publie.",
            en=f"What {external.name} publishes about the territory; the data stay with whoever publishes them.",
        ),
    )
    who = to.uri("organisation", publisher.id)
    to.add(me, DCTERMS.publisher, who)
    to.add(who, RDF.type, FOAF.Agent)
    to.add(who, FOAF.name, Value(publisher.name, lang="fr"))
    to.add(me, RDFS.seeAlso, URIRef(external.homepage))
    to.add(me, DCTERMS.modified, max(each.changed for each in external.datasets))
    for dataset in external.datasets:
        to.add(me, DCAT.dataset, URIRef(dataset.uri))
        to.add(me, DCAT.record, to.uri("record", dataset.id))
        _write_record(to, dataset)
        _write_dataset(to, dataset)
    return to.graph


def _write_record(to: GraphWriter, dataset: ExternalDataset) -> None:
    me = to.uri("record", dataset.id)
    source = me + "#source"
    to.add(me, RDF.type, DCAT.CatalogRecord)
    to.add(me, FOAF.primaryTopic, URIRef(dataset.uri))
    to.add(me, DCTERMS.issued, dataset.first_seen)
    to.add(me, DCTERMS.modified, dataset.changed)
    to.add(me, DCTERMS.language, FRENCH)
    to.add(me, DCTERMS.source, source)
    to.add(source, RDF.type, DCAT.CatalogRecord)
    to.add(source, FOAF.primaryTopic, URIRef(dataset.uri))
    to.add(source, DCTERMS.modified, dataset.modified or dataset.changed)
    to.add(source, RDFS.seeAlso, URIRef(dataset.landing_page))


def _write_dataset(to: GraphWriter, dataset: ExternalDataset) -> None:
    me = URIRef(dataset.uri)
    to.add(me, RDF.type, DCAT.Dataset)
    to.add(me, DCTERMS.identifier, dataset.identifier)
    to.say(me, DCTERMS.title, Text(fr=dataset.title))
    to.say(me, DCTERMS.description, Text(fr=dataset.description))
    to.document(me, DCAT.landingPage, dataset.landing_page)
    to.add(me, DCTERMS.modified, dataset.modified)
    if dataset.publisher:
        # Of their publisher the name alone is known: whether two that bear one name are one, nobody says.
        agent = to.uri("record", dataset.id) + "#publisher"
        to.add(me, DCTERMS.publisher, agent)
        to.add(agent, RDF.type, FOAF.Agent)
        to.add(agent, FOAF.name, Value(dataset.publisher, lang="fr"))
    for keyword in dataset.keywords:
        to.add(me, DCAT.keyword, Value(keyword, lang="fr"))
    for code in dataset.themes:
        to.add(me, DCAT.theme, theme_uri(code))
        to.add(theme_uri(code), SKOS.inScheme, THEME_SCHEME)
        to.add(THEME_SCHEME, RDF.type, SKOS.ConceptScheme)
        to.say(THEME_SCHEME, DCTERMS.title, Text(fr="Thèmes de données", en="Data themes"))
    for place in dataset.places:
        to.add(me, DCTERMS.spatial, URIRef(place))
        to.add(URIRef(place), RDF.type, DCTERMS.Location)
    for link in dataset.links:
        _write_link(to, dataset, link)


def _write_link(to: GraphWriter, dataset: ExternalDataset, link: ExternalLink) -> None:
    me = to.uri("record", dataset.id) + f"#file-{hashlib.sha256(link.url.encode()).hexdigest()[:16]}"
    to.add(URIRef(dataset.uri), DCAT.distribution, me)
    to.add(me, RDF.type, DCAT.Distribution)
    to.say(me, DCTERMS.title, Text(fr=link.title))
    to.add(me, DCAT.accessURL, URIRef(link.url))
    to.add(URIRef(link.url), RDF.type, RDFS.Resource)
    if link.format in _FILE_TYPES:
        to.add(me, DCTERMS["format"], AUTHORITY[f"file-type/{link.format}"])
    if dataset.licence:
        to.add(me, DCTERMS.license, URIRef(dataset.licence))
