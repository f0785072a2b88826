"""What ckanext-dcat leaves out or says otherwise than the platform's own files, mended on the finished graph."""

from collections.abc import Iterable, Mapping
from typing import Any

from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from .terms import (
    CLASSES,
    DCAT,
    DQV,
    FILE_TYPES,
    FRENCH,
    IANA,
    LICENCE_TYPES,
    ODRL,
    OGC_FEATURES,
    OPENAPI,
    REACHED,
    SPDX,
)
from .words import all_words


def name_languages(graph: Graph, subject: Node, fields: Mapping[str, Any]) -> None:
    """Say which words are French, and add the English ones."""
    for predicate in (DCTERMS.title, DCTERMS.description, DCAT.keyword):
        for value in list(graph.objects(subject, predicate)):
            if isinstance(value, Literal) and value.language is None:
                graph.remove((subject, predicate, value))
                graph.add((subject, predicate, Literal(str(value), lang="fr")))
    for predicate, field in ((DCTERMS.title, "title_en"), (DCTERMS.description, "notes_en")):
        if fields.get(field):
            graph.add((subject, predicate, Literal(fields[field], lang="en")))


def name_formats(graph: Graph, distribution: Node) -> None:
    """Formats and media types as identifiers; one that no table knows keeps its name as a label."""
    for value in list(graph.objects(distribution, DCTERMS["format"])):
        if isinstance(value, Literal):
            graph.remove((distribution, DCTERMS["format"], value))
            known = FILE_TYPES.get(str(value).casefold())
            graph.add(
                (distribution, DCTERMS["format"], known or _labelled(graph, DCTERMS.MediaTypeOrExtent, str(value)))
            )
    for value in list(graph.objects(distribution, DCAT.mediaType)):
        if isinstance(value, Literal):
            graph.remove((distribution, DCAT.mediaType, value))
            graph.add((distribution, DCAT.mediaType, IANA[str(value)]))


def _labelled(graph: Graph, kind: URIRef, label: str) -> BNode:
    node = BNode()
    graph.add((node, RDF.type, kind))
    graph.add((node, RDFS.label, Literal(label)))
    return node


def add_part_and_quality(graph: Graph, dataset: Node, fields: Mapping[str, Any]) -> None:
    """What the dataset is a part of, and what the checks found, in DQV."""
    if fields.get("is_part_of"):
        whole = URIRef(fields["is_part_of"])
        graph.add((dataset, DCTERMS.isPartOf, whole))
    measures = (("quality_rows", XSD.integer, "rows"), ("quality_quarantined", XSD.decimal, "quarantined-share"))
    for field, datatype, name in measures:
        if fields.get(field) not in (None, ""):
            measure = URIRef(f"{dataset}#quality-{name}")
            metric = URIRef(f"{str(dataset).split('/id/')[0]}/id/metric/{name}")
            graph.add((dataset, DQV.hasQualityMeasurement, measure))
            graph.add((measure, RDF.type, DQV.QualityMeasurement))
            graph.add((measure, DQV.isMeasurementOf, metric))
            graph.add((measure, DQV.value, Literal(str(fields[field]), datatype=datatype)))
            graph.add((metric, RDF.type, DQV.Metric))


def add_offer(graph: Graph, dataset: Node, fields: Mapping[str, Any]) -> None:
    """The licence's terms in ODRL, on each distribution."""
    if not fields.get("offer_uri"):
        return
    offer = URIRef(fields["offer_uri"])
    permission, duty = URIRef(f"{offer}#permission"), URIRef(f"{offer}#attribution")
    for kind in (ODRL.Policy, ODRL.Offer):
        graph.add((offer, RDF.type, kind))
    graph.add((offer, ODRL.uid, offer))
    graph.add((offer, ODRL.permission, permission))
    graph.add((permission, RDF.type, ODRL.Permission))
    graph.add((permission, ODRL.target, dataset))
    for publisher in graph.objects(dataset, DCTERMS.publisher):
        graph.add((permission, ODRL.assigner, publisher))
    for action in (ODRL.use, ODRL.derive, ODRL.distribute):
        graph.add((permission, ODRL.action, action))
    graph.add((permission, ODRL.duty, duty))
    graph.add((duty, RDF.type, ODRL.Duty))
    graph.add((duty, ODRL.action, ODRL.attribute))
    for distribution in graph.objects(dataset, DCAT.distribution):
        graph.add((distribution, ODRL.hasPolicy, offer))


def turn_feed_into_service(graph: Graph, dataset: Node, resource: Mapping[str, Any]) -> None:
    """What CKAN calls a resource of format API is a service that serves the dataset, no distribution of it."""
    distribution, service = URIRef(resource["uri"]), URIRef(resource["access_service_uri"])
    graph.remove((dataset, DCAT.distribution, distribution))
    graph.remove((distribution, None, None))
    for each in graph.objects(dataset, DCAT.distribution):
        graph.add((each, DCAT.accessService, service))
    address = str(resource["url"]).split("?")[0]
    graph.add((service, RDF.type, DCAT.DataService))
    graph.add((service, DCAT.endpointURL, URIRef(address)))
    is_map = "/v1/ogc/" in address
    described = "ogc/api" if is_map else "openapi.json"
    graph.add((service, DCAT.endpointDescription, URIRef(f"{address.split('/v1/')[0]}/v1/{described}")))
    graph.add((service, DCTERMS.conformsTo, OGC_FEATURES if is_map else OPENAPI))
    graph.add((service, DCAT.servesDataset, dataset))
    graph.add((service, DCTERMS.license, URIRef(resource["license"])))
    graph.add((service, DCTERMS.accessRights, URIRef(resource["rights"])))
    if (service, DCTERMS.title, None) not in graph:
        name = address.rsplit("/", 1)[-1]
        french, english = ("Carte", "Map") if is_map else ("Flux", "Feed")
        graph.add((service, DCTERMS.title, Literal(f"{french} : {name}", lang="fr")))
        graph.add((service, DCTERMS.title, Literal(f"{english}: {name}", lang="en")))
    for publisher in graph.objects(dataset, DCTERMS.publisher):
        if (service, DCTERMS.publisher, None) not in graph:
            graph.add((service, DCTERMS.publisher, publisher))


def add_classes_and_labels(graph: Graph, subject: Node) -> None:
    """Say of each term of others what it is and how it is called: a harvester need not follow links to know.

    From one dataset or catalogue on; of its distributions, services, agents and licences too.
    """
    around = {subject, *(each for edge in REACHED for each in graph.objects(subject, edge))}
    around |= {each for one in list(around) for edge in REACHED for each in graph.objects(one, edge)}
    for one in around:
        kind = LICENCE_TYPES.get(str(one))
        if kind is not None:
            graph.set((one, DCTERMS.type, kind))
        for predicate, expected in CLASSES.items():
            for target in graph.objects(one, predicate):
                if not isinstance(target, Literal):
                    _say_what_it_is(graph, target, expected)


def _say_what_it_is(graph: Graph, target: Node, kind: URIRef) -> None:
    graph.add((target, RDF.type, kind))
    for language, label in all_words().get(str(target), {}).items():
        graph.add((target, SKOS.prefLabel, Literal(label, lang=language)))


def name_catalogue_language(graph: Graph, catalogue: Node) -> None:
    """CKAN names its language by two letters."""
    graph.set((catalogue, DCTERMS.language, FRENCH))
    for page in graph.objects(catalogue, FOAF.homepage):
        graph.add((page, RDF.type, FOAF.Document))


def write_as_2(graph: Graph, dataset: Node, resources: Iterable[Mapping[str, Any]]) -> None:
    """The older profile names the version otherwise, counts bytes as a decimal and knows SHA-1 only."""
    for version in list(graph.objects(dataset, DCAT.version)):
        graph.remove((dataset, DCAT.version, version))
        graph.add((dataset, OWL.versionInfo, version))
    # In the whole graph, since the profile we extend does so too and turns those of earlier datasets back.
    for distribution, size in list(graph.subject_objects(DCAT.byteSize)):
        graph.set((distribution, DCAT.byteSize, Literal(str(size), datatype=XSD.decimal)))
    for distribution in list(graph.objects(dataset, DCAT.distribution)):
        for checksum in list(graph.objects(distribution, SPDX.checksum)):
            graph.remove((distribution, SPDX.checksum, checksum))
            graph.remove((checksum, None, None))
    for resource in resources:
        if resource.get("hash_sha1") and resource.get("uri"):
            checksum = URIRef(f"{resource['uri']}#checksum")
            digest = Literal(resource["hash_sha1"], datatype=XSD.hexBinary, normalize=False)
            graph.add((URIRef(resource["uri"]), SPDX.checksum, checksum))
            graph.add((checksum, RDF.type, SPDX.Checksum))
            graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha1))
            graph.add((checksum, SPDX.checksumValue, digest))
