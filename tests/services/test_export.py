"""What a harvester reads from CKAN: within the shapes of DCAT-AP, under the identifiers of the platform's own files."""

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef

from tests.catalogue.shapes import THREE, TWO, shapes_of
from tests.catalogue.world import PUBLIC
from tests.services.portal import Portal

pytestmark = pytest.mark.services


def _export(portal: Portal, path: str) -> Graph:
    answer = portal.anonymous(path)
    assert answer.status_code == 200
    return Graph().parse(data=answer.content.decode(), format="json-ld" if ".jsonld" in path else "turtle")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "shapes"),
    [
        ("/catalog.ttl", THREE),
        ("/catalog.jsonld", THREE),
        ("/catalog.ttl?fq=organization:besne", THREE),
        ("/dataset/equipements.ttl", THREE),
        ("/dataset/equipements--besne.ttl", THREE),
        ("/catalog.ttl?profiles=archipel_2", TWO),
        ("/dataset/equipements--besne.ttl?profiles=archipel_2", TWO),
    ],
)
def test_shapes_of_the_profile_find_no_violation(published: Portal, path: str, shapes: tuple[str, ...]) -> None:
    graph = _export(published, path)
    assert len(list(graph.subjects(RDF.type, DCAT.Distribution))) >= 3
    conforms, _, report = validate(graph, shacl_graph=shapes_of(*shapes), allow_warnings=False)
    assert conforms, report


@pytest.mark.shared
def test_shapes_find_a_violation_in_a_spoiled_export(published: Portal) -> None:
    graph = _export(published, "/catalog.ttl")
    graph.remove((URIRef(f"{PUBLIC}/id/dataset/equipements"), DCTERMS.title, None))
    conforms, _, _ = validate(graph, shacl_graph=shapes_of(*THREE))
    assert not conforms


def test_identifiers_are_those_of_the_files(published: Portal) -> None:
    ours = Graph().parse(published.world.served / "catalog.ttl")
    theirs = _export(published, "/catalog.ttl")
    for kind in (DCAT.Dataset, DCAT.Distribution, DCAT.DataService):
        assert set(theirs.subjects(RDF.type, kind)) == set(ours.subjects(RDF.type, kind)), kind


@pytest.mark.parametrize(
    "predicate",
    [
        DCTERMS.title,
        DCTERMS.description,
        DCTERMS.publisher,
        DCTERMS.accessRights,
        DCTERMS.spatial,
        DCTERMS.isPartOf,
        DCTERMS.conformsTo,
        DCAT.theme,
        DCAT.keyword,
        DCAT.distribution,
        DCAT.contactPoint,
        URIRef("http://data.europa.eu/r5r/hvdCategory"),
        URIRef("http://data.europa.eu/r5r/applicableLegislation"),
    ],
)
def test_a_dataset_says_in_ckan_what_it_says_in_the_files(published: Portal, predicate: URIRef) -> None:
    dataset = URIRef(f"{PUBLIC}/id/dataset/equipements--besne")
    ours = Graph().parse(published.world.served / "catalog.ttl")
    assert set(ours.objects(dataset, predicate))
    assert set(_export(published, "/catalog.ttl").objects(dataset, predicate)) == set(ours.objects(dataset, predicate))


def test_distributions_carry_the_terms_of_access(published: Portal) -> None:
    graph = _export(published, "/dataset/equipements--besne.ttl")
    bearing = set(graph.subjects(URIRef("http://www.w3.org/ns/odrl/2/hasPolicy"), None))
    assert bearing == set(graph.subjects(RDF.type, DCAT.Distribution))


@pytest.mark.shared
def test_a_resource_that_a_person_added_passes_too(portal: Portal) -> None:
    portal.publish()
    added = {"package_id": portal.show("equipements")["id"], "url": "https://agglo.example/g.pdf", "format": "PDF"}
    portal.editor.call_action("resource_create", {**added, "name": "Guide"})
    portal.editor.call_action("resource_create", {**added, "url": "https://agglo.example/g.xyz", "format": "Croquis"})
    graph = _export(portal, "/dataset/equipements.ttl")
    conforms, _, report = validate(graph, shacl_graph=shapes_of(*THREE), allow_warnings=False)
    assert conforms, report
