"""DCAT-AP of what CKAN keeps, with the same statements as the platform's own files.

ckanext-dcat writes most of it; the rest is mended on the finished graph. ``/catalog.ttl`` is DCAT-AP 3.0.1;
``/catalog.ttl?profiles=archipel_2`` is 2.1.1, for harvesters that still read it.
"""

from typing import Any

from ckan.plugins import toolkit
from ckanext.dcat.profiles import EuropeanDCATAP3Profile
from rdflib import DCTERMS, FOAF, RDF, SKOS, Literal, URIRef

from . import mending
from .terms import DCAT, THEMES


class ArchipelProfile(EuropeanDCATAP3Profile):  # type: ignore[misc] # kept because the extension has no types
    """DCAT-AP 3.0.1."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Add one dataset to the graph."""
        super().graph_from_dataset(dataset_dict, dataset_ref)
        graph = self.g
        resources = dataset_dict.get("resources") or []
        for resource in resources:
            if resource.get("format") == "API" and resource.get("access_service_uri"):
                mending.turn_feed_into_service(graph, dataset_ref, resource)
        for distribution in list(graph.objects(dataset_ref, DCAT.distribution)):
            mending.name_formats(graph, distribution)
            mending.name_languages(graph, distribution, {})
        mending.name_languages(graph, dataset_ref, dataset_dict)
        mending.add_part_and_quality(graph, dataset_ref, dataset_dict)
        mending.add_offer(graph, dataset_ref, dataset_dict)
        mending.add_classes_and_labels(graph, dataset_ref)

    def graph_from_catalog(self, catalog_dict: dict[str, Any] | None, catalog_ref: URIRef) -> None:
        """Add the catalogue to the graph, with whoever answers for it."""
        super().graph_from_catalog(catalog_dict, catalog_ref)
        graph, config = self.g, toolkit.config
        publisher = URIRef(config["archipel.publisher_uri"])
        graph.add((catalog_ref, DCTERMS.publisher, publisher))
        graph.add((publisher, RDF.type, FOAF.Agent))
        graph.set((publisher, FOAF.name, Literal(config["archipel.publisher_name"])))
        graph.add((catalog_ref, DCTERMS.license, URIRef(config["archipel.licence"])))
        graph.add((catalog_ref, DCAT.themeTaxonomy, THEMES))
        graph.add((THEMES, RDF.type, SKOS.ConceptScheme))
        graph.add((THEMES, DCTERMS.title, Literal("Thèmes de données", lang="fr")))
        graph.add((THEMES, DCTERMS.title, Literal("Data themes", lang="en")))
        mending.name_catalogue_language(graph, catalog_ref)
        mending.name_languages(graph, catalog_ref, {})
        mending.add_classes_and_labels(graph, catalog_ref)


class ArchipelProfile2(ArchipelProfile):
    """DCAT-AP 2.1.1."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Add one dataset to the graph."""
        super().graph_from_dataset(dataset_dict, dataset_ref)
        mending.write_as_2(self.g, dataset_ref, dataset_dict.get("resources") or [])
