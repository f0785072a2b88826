"""DCAT-AP 3 of what CKAN keeps, completed: the same statements as the platform's own files.

ckanext-dcat writes most of it. What it leaves out or says otherwise is mended on the finished graph, here.
"""

from typing import Any

from ckan.plugins import toolkit
from ckanext.dcat.profiles import EuropeanDCATAP3Profile
from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, Literal, Namespace, URIRef

from .words import all_words

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
FRENCH = URIRef("http://publications.europa.eu/resource/authority/language/FRA")

CLASSES = {
    DCTERMS.language: DCTERMS.LinguisticSystem,
    DCTERMS.accessRights: DCTERMS.RightsStatement,
    DCTERMS.rights: DCTERMS.RightsStatement,
    DCTERMS.license: DCTERMS.LicenseDocument,
    DCTERMS.accrualPeriodicity: DCTERMS.Frequency,
    DCTERMS.conformsTo: DCTERMS.Standard,
    DCTERMS["format"]: DCTERMS.MediaTypeOrExtent,
    DCAT.mediaType: DCTERMS.MediaType,
    DCAT.theme: SKOS.Concept,
    DCATAP.availability: SKOS.Concept,
    DCATAP.hvdCategory: SKOS.Concept,
    URIRef("http://www.w3.org/ns/adms#status"): SKOS.Concept,
}
"""Class of what a property points at; the shapes ask for it beside the pointer."""


class ArchipelProfile(EuropeanDCATAP3Profile):  # type: ignore[misc] # kept because the extension has no types
    """What the platform adds to ckanext-dcat's own profile of DCAT-AP 3."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Add one dataset to the graph."""
        super().graph_from_dataset(dataset_dict, dataset_ref)

    def graph_from_catalog(self, catalog_dict: dict[str, Any] | None, catalog_ref: URIRef) -> None:
        """Add the catalogue to the graph."""
        super().graph_from_catalog(catalog_dict, catalog_ref)
