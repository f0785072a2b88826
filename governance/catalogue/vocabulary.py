"""Terms of others that a catalogue points at: EU authority tables, ADMS, INSEE, and their names in two languages.

DCAT-AP 3 wants every term it points at to be of a known class, and concepts to bear a label; a harvester
that does not follow links still learns both from our graph.
"""

from rdflib import DCTERMS, SKOS, Namespace, URIRef

from governance.catalogue.model import CatalogueError, FileFormat, Place

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
DQV = Namespace("http://www.w3.org/ns/dqv#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
AUTHORITY = Namespace("http://publications.europa.eu/resource/authority/")
IANA = Namespace("https://www.iana.org/assignments/media-types/")

OGC_FEATURES = URIRef("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core")
THEME_SCHEME = AUTHORITY["data-theme"]
FRENCH = AUTHORITY["language/FRA"]
PUBLIC = AUTHORITY["access-right/PUBLIC"]
STABLE = AUTHORITY["planned-availability/STABLE"]
COMPLETED = AUTHORITY["dataset-status/COMPLETED"]
WITHDRAWN = AUTHORITY["dataset-status/WITHDRAWN"]
LOCAL_AUTHORITY = URIRef("http://purl.org/adms/publishertype/LocalAuthority")
COMPANY = URIRef("http://purl.org/adms/publishertype/Company")
ATTRIBUTION_LICENCE = URIRef("http://purl.org/adms/licencetype/Attribution")

_THEMES = {
    "AGRI": ("Agriculture, pêche, sylviculture et alimentation", "Agriculture, fisheries, forestry and food"),
    "ECON": ("Économie et finances", "Economy and finance"),
    "EDUC": ("Éducation, culture et sport", "Education, culture and sport"),
    "ENER": ("Énergie", "Energy"),
    "ENVI": ("Environnement", "Environment"),
    "GOVE": ("Gouvernement et secteur public", "Government and public sector"),
    "HEAL": ("Santé", "Health"),
    "INTR": ("Questions internationales", "International issues"),
    "JUST": ("Justice, système juridique et sécurité publique", "Justice, legal system and public safety"),
    "REGI": ("Régions et villes", "Regions and cities"),
    "SOCI": ("Population et société", "Population and society"),
    "TECH": ("Science et technologie", "Science and technology"),
    "TRAN": ("Transports", "Transport"),
}
_CONCEPTS = {
    STABLE: ("stable", "stable"),
    COMPLETED: ("terminé", "completed"),
    WITHDRAWN: ("retiré", "withdrawn"),
    LOCAL_AUTHORITY: ("collectivité territoriale", "local authority"),
    COMPANY: ("entreprise", "company"),
    ATTRIBUTION_LICENCE: ("attribution", "attribution"),
}
LABELS: dict[URIRef, tuple[str, str]] = _CONCEPTS | {AUTHORITY[f"data-theme/{k}"]: v for k, v in _THEMES.items()}
"""French and English labels of every concept that a catalogue may point at."""

_FILE_TYPES: dict[FileFormat, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "json": ("JSON", "application/json"),
    "parquet": ("PARQUET", "application/vnd.apache.parquet"),
    "geojson": ("GEOJSON", "application/geo+json"),
}
_FREQUENCY = AUTHORITY["frequency/"]


def theme_uri(code: str) -> URIRef:
    """Return the URI of an EU data theme, from its code such as ``GOVE``.

    Raises:
        CatalogueError: the code is none of the thirteen.
    """
    if code not in _THEMES:
        raise CatalogueError(f"theme {code!r} is not in the EU data-theme table: {', '.join(sorted(_THEMES))}")
    return AUTHORITY[f"data-theme/{code}"]


def theme_code(address: str) -> str | None:
    """Return the code of an EU data theme from its URI; None for anything else."""
    start, _, code = address.rpartition("/")
    return code if f"{start}/" == f"{THEME_SCHEME}/" and code in _THEMES else None


def frequency_uri(code: str) -> URIRef:
    """Return the URI of an EU frequency, from its code such as ``MONTHLY``."""
    return _FREQUENCY + code


def file_type_uris(file_format: FileFormat) -> tuple[URIRef, URIRef]:
    """Return the EU file type and the IANA media type of a format."""
    file_type, media_type = _FILE_TYPES[file_format]
    return AUTHORITY[f"file-type/{file_type}"], IANA[media_type]


def place_uri(place: Place) -> URIRef:
    """Return INSEE's own identifier of a territory."""
    kind = "commune" if place.kind == "commune" else "intercommunalite"
    return URIRef(f"http://id.insee.fr/geo/{kind}/{place.code}")


RANGES = {
    DCTERMS.language: DCTERMS.LinguisticSystem,
    DCTERMS.accessRights: DCTERMS.RightsStatement,
    DCTERMS.license: DCTERMS.LicenseDocument,
    DCTERMS.accrualPeriodicity: DCTERMS.Frequency,
    DCTERMS.conformsTo: DCTERMS.Standard,
    DCTERMS["format"]: DCTERMS.MediaTypeOrExtent,
    DCATAP.applicableLegislation: ELI.LegalResource,
    DCATAP.hvdCategory: SKOS.Concept,
}
"""Class of what a property points at, written beside the pointer."""
