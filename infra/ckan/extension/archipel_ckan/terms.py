"""Terms of others that the export points at, and the classes that the shapes of DCAT-AP ask for beside them."""

from rdflib import DCTERMS, FOAF, SKOS, Namespace, URIRef

ADMS = Namespace("http://www.w3.org/ns/adms#")
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
DQV = Namespace("http://www.w3.org/ns/dqv#")
IANA = Namespace("https://www.iana.org/assignments/media-types/")
LICENCE_TYPE = Namespace("http://purl.org/adms/licencetype/")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
SPDX = Namespace("http://spdx.org/rdf/terms#")

FRENCH = AUTHORITY["language/FRA"]
THEMES = AUTHORITY["data-theme"]
OGC_FEATURES = URIRef("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core")
OPENAPI = URIRef("https://spec.openapis.org/oas/v3.1.0")

CLASSES = {
    ADMS.status: SKOS.Concept,
    DCAT.mediaType: DCTERMS.MediaType,
    DCAT.theme: SKOS.Concept,
    DCATAP.availability: SKOS.Concept,
    DCATAP.hvdCategory: SKOS.Concept,
    DCTERMS.accessRights: DCTERMS.RightsStatement,
    DCTERMS.accrualPeriodicity: DCTERMS.Frequency,
    DCTERMS.conformsTo: DCTERMS.Standard,
    DCTERMS["format"]: DCTERMS.MediaTypeOrExtent,
    DCTERMS.language: DCTERMS.LinguisticSystem,
    DCTERMS.license: DCTERMS.LicenseDocument,
    DCTERMS.rights: DCTERMS.RightsStatement,
    DCTERMS.type: SKOS.Concept,
    FOAF.homepage: FOAF.Document,
}
"""Property to the class of what it points at."""

LICENCE_TYPES = {
    "https://spdx.org/licenses/etalab-2.0": LICENCE_TYPE.Attribution,
    "https://spdx.org/licenses/CC-BY-4.0": LICENCE_TYPE.Attribution,
    "https://spdx.org/licenses/ODbL-1.0": LICENCE_TYPE["ViralEffect-ShareAlike"],
}

FILE_TYPES = {
    name.casefold(): AUTHORITY[f"file-type/{name.upper()}"]
    for name in ("CSV", "JSON", "GeoJSON", "Parquet", "XLSX", "ODS", "PDF", "HTML", "XML", "ZIP", "TXT", "GPKG", "SHP")
}
"""Format as CKAN names it, in small letters, to the EU's file type."""

REACHED = (DCAT.distribution, DCAT.accessService, DCTERMS.publisher, DCTERMS.license)
"""Properties that lead to a node which the export describes too."""
