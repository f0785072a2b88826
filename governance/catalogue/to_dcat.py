"""From a catalogue to DCAT-AP, as graphs: one a dataset, and what the whole or one organisation's part says beyond.

Two profiles exist because one graph cannot satisfy both: 3.0.1 wants ``dcat:byteSize`` to be an
``xsd:nonNegativeInteger``, 2.1.1 an ``xsd:decimal`` and SHA-1 checksums.
Source: DCAT-AP 3.0.1 and 2.1.1 (SEMIC), DCAT 3 (W3C).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rdflib import DCAT, DCTERMS, FOAF, ORG, OWL, RDF, RDFS, SKOS, XSD, Graph, URIRef
from rdflib import Literal as Value

from governance.catalogue.graph import GraphWriter, Profile
from governance.catalogue.model import FORMAT_NAMES, Catalogue, Distribution, Organisation, PublishedDataset, Text
from governance.catalogue.paging import Page, address_of, names_of
from governance.catalogue.vocabulary import (
    ADMS,
    ATTRIBUTION_LICENCE,
    COMPANY,
    COMPLETED,
    DCATAP,
    DQV,
    FRENCH,
    HYDRA,
    LOCAL_AUTHORITY,
    ODRL,
    OGC_FEATURES,
    PUBLIC,
    SPDX,
    STABLE,
    THEME_SCHEME,
    VCARD,
    file_type_uris,
    frequency_uri,
    place_uri,
    theme_uri,
)

DCAT_VERSION = URIRef(f"{DCAT}version")  # kept apart because rdflib's namespace is DCAT 2


_FEED = Text(
    fr="Les mêmes lignes par appel, en CSV, JSON ou Parquet, avec filtres et pages.",
    en="The same rows on request, as CSV, JSON or Parquet, with filters and pages.",
)


_MAP = Text(
    fr="Les mêmes lignes sur une carte, pour QGIS et d'autres : OGC API Features.",
    en="The same rows on a map, for QGIS and others: OGC API Features.",
)


def _write_catalogue(
    to: GraphWriter,
    datasets: Sequence[PublishedDataset],
    modified: datetime | None,
    owner: Organisation | None = None,
) -> None:
    """The whole catalogue, a page of it, or the part that one organisation publishes under its own name."""
    catalogue = to.catalogue
    whole = to.uri("catalogue")
    me = to.uri("catalogue", owner.id) if owner else whole
    name = f" : {owner.name}" if owner else ""
    to.add(me, RDF.type, DCAT.Catalog)
    to.say(me, DCTERMS.title, Text(fr=catalogue.title.fr + name, en=catalogue.title.en + name.replace(" :", ":")))
    to.say(me, DCTERMS.description, catalogue.description)
    to.add(me, DCTERMS.publisher, to.uri("organisation", owner.id if owner else catalogue.publisher))
    to.add(me, DCTERMS.language, FRENCH)
    to.add(me, DCTERMS.issued, catalogue.issued)
    to.add(me, DCTERMS.modified, modified)
    to.add(me, DCAT.themeTaxonomy, THEME_SCHEME)
    to.document(me, FOAF.homepage, owner.homepage if owner and owner.homepage else catalogue.homepage)
    _write_licence(to, me, catalogue.licence)
    to.add(THEME_SCHEME, RDF.type, SKOS.ConceptScheme)
    to.say(THEME_SCHEME, DCTERMS.title, Text(fr="Thèmes de données", en="Data themes"))
    for dataset in datasets:
        to.add(me, DCAT.dataset, to.uri("dataset", dataset.id))
        to.add(me, DCAT.record, to.uri("record", dataset.id))
        for place in dataset.places:
            to.add(me, DCTERMS.spatial, place_uri(place))
        if dataset.has_feed:
            to.add(me, DCAT.service, to.uri("feed", dataset.dataset))
        if dataset.has_map:
            to.add(me, DCAT.service, to.uri("ogc", dataset.dataset))


def _write_licence(to: GraphWriter, subject: URIRef, licence: str) -> None:
    to.add(subject, DCTERMS.license, URIRef(licence))
    to.add(URIRef(licence), DCTERMS.type, ATTRIBUTION_LICENCE)


def _write_organisation(to: GraphWriter, organisation: Organisation) -> None:
    me = to.uri("organisation", organisation.id)
    for kind in (FOAF.Agent, FOAF.Organization, ORG.Organization):
        to.add(me, RDF.type, kind)
    to.add(me, FOAF.name, Value(organisation.name, lang="fr"))
    to.add(me, DCTERMS.type, COMPANY if organisation.kind == "partner" else LOCAL_AUTHORITY)
    if organisation.homepage:
        to.document(me, FOAF.homepage, organisation.homepage)
    siren = me + "#siren"
    to.add(me, ADMS.identifier, siren)
    to.add(siren, RDF.type, ADMS.Identifier)
    to.add(siren, SKOS.notation, organisation.siren)
    to.add(siren, ADMS.schemaAgency, "INSEE, répertoire Sirene")
    if organisation.kind == "member" and organisation.id != to.catalogue.publisher:
        to.add(me, ORG.memberOf, to.uri("organisation", to.catalogue.publisher))


def _write_contact(to: GraphWriter, subject: URIRef, organisation: Organisation) -> None:
    if not organisation.contact_email:
        return
    contact = to.uri("organisation", organisation.id) + "#contact"
    to.add(subject, DCAT.contactPoint, contact)
    to.add(contact, RDF.type, VCARD.Kind)
    to.add(contact, RDF.type, VCARD.Organization)
    to.add(contact, VCARD.fn, organisation.contact_name or organisation.name)
    to.add(contact, VCARD.hasEmail, URIRef(f"mailto:{organisation.contact_email}"))


def _write_dataset(to: GraphWriter, dataset: PublishedDataset) -> None:
    me = to.uri("dataset", dataset.id)
    publisher = to.catalogue.organisation(dataset.publisher)
    to.add(me, RDF.type, DCAT.Dataset)
    to.add(me, DCTERMS.identifier, dataset.id)
    to.say(me, DCTERMS.title, dataset.title)
    to.say(me, DCTERMS.description, dataset.description)
    for keyword in dataset.keywords:
        to.add(me, DCAT.keyword, Value(keyword, lang="fr"))
    to.add(me, DCTERMS.publisher, to.uri("organisation", publisher.id))
    _write_contact(to, me, publisher)
    to.add(me, DCTERMS.accessRights, PUBLIC)
    to.add(me, DCTERMS.language, FRENCH)
    to.add(me, DCTERMS.issued, dataset.issued)
    to.add(me, DCTERMS.modified, dataset.modified)
    to.add(me, DCAT_VERSION if to.profile == "3.0.1" else OWL.versionInfo, dataset.contract_version)
    to.document(me, DCAT.landingPage, f"{to.base}/fr/datasets/{dataset.dataset}")
    if dataset.theme:
        to.add(me, DCAT.theme, theme_uri(dataset.theme))
        to.add(theme_uri(dataset.theme), SKOS.inScheme, THEME_SCHEME)
    if dataset.frequency:
        to.add(me, DCTERMS.accrualPeriodicity, frequency_uri(dataset.frequency))
    if dataset.conforms_to:
        to.add(me, DCTERMS.conformsTo, URIRef(dataset.conforms_to))
    if dataset.part_of:
        to.add(me, DCTERMS.isPartOf, to.uri("dataset", dataset.part_of))
    _write_extent(to, me, dataset)
    _write_law(to, me, dataset)
    _write_quality(to, me, dataset)
    for distribution in dataset.distributions:
        to.add(me, DCAT.distribution, to.uri("distribution", f"{dataset.id}/{distribution.format}"))
        _write_distribution(to, dataset, distribution)
    _write_offer(to, dataset)
    _write_record(to, dataset)


def _write_extent(to: GraphWriter, me: URIRef, dataset: PublishedDataset) -> None:
    """Where and when the rows speak of."""
    for place in dataset.places:
        where = place_uri(place)
        to.add(me, DCTERMS.spatial, where)
        to.add(where, RDF.type, DCTERMS.Location)
        to.add(where, RDFS.label, Value(place.name, lang="fr"))
        to.add(where, DCTERMS.identifier, place.code)
    if dataset.period:
        period = me + "#period"
        to.add(me, DCTERMS.temporal, period)
        to.add(period, RDF.type, DCTERMS.PeriodOfTime)
        to.add(period, DCAT.startDate, dataset.period.start)
        to.add(period, DCAT.endDate, dataset.period.end)


def _write_law(to: GraphWriter, me: URIRef, dataset: PublishedDataset) -> None:
    """High-value category and legislation (EU 2023/138), only when the contract claims them."""
    if dataset.hvd_category:
        to.add(me, DCATAP.hvdCategory, URIRef(dataset.hvd_category))
        to.add(URIRef(dataset.hvd_category), SKOS.prefLabel, Value("données de forte valeur", lang="fr"))
        to.add(URIRef(dataset.hvd_category), SKOS.prefLabel, Value("high-value dataset", lang="en"))
    for act in dataset.applicable_legislation:
        to.add(me, DCATAP.applicableLegislation, URIRef(act))


def _write_quality(to: GraphWriter, me: URIRef, dataset: PublishedDataset) -> None:
    """Where the rows come from and what the checks found, in DQV."""
    provenance = me + "#provenance"
    to.add(me, DCTERMS.provenance, provenance)
    to.add(provenance, RDF.type, DCTERMS.ProvenanceStatement)
    to.say(provenance, RDFS.label, dataset.provenance)
    measures: dict[str, tuple[Value, Text]] = {
        "rows": (Value(dataset.rows), Text(fr="Lignes publiées", en="Rows published")),
    }
    if dataset.quality:
        share = Value(f"{dataset.quality.quarantined_share:.4f}", datatype=XSD.decimal)
        measures["quarantined-share"] = (
            share,
            Text(fr="Part des lignes reçues mises en quarantaine", en="Share of the rows received that failed a check"),
        )
    for name, (value, words) in measures.items():
        measure, metric = me + f"#quality-{name}", to.uri("metric", name)
        to.add(me, DQV.hasQualityMeasurement, measure)
        to.add(measure, RDF.type, DQV.QualityMeasurement)
        to.add(measure, DQV.isMeasurementOf, metric)
        to.add(measure, DQV.value, value)
        to.add(metric, RDF.type, DQV.Metric)
        to.say(metric, SKOS.definition, words)


def _write_distribution(to: GraphWriter, dataset: PublishedDataset, distribution: Distribution) -> None:
    me = to.uri("distribution", f"{dataset.id}/{distribution.format}")
    address = URIRef(f"{to.base}/catalogue/{distribution.file}")
    file_type, media_type = file_type_uris(distribution.format)
    name = FORMAT_NAMES[distribution.format]
    to.add(me, RDF.type, DCAT.Distribution)
    to.say(me, DCTERMS.title, Text(fr=f"{dataset.title.fr} ({name})", en=f"{dataset.title.en or dataset.id} ({name})"))
    to.say(me, DCTERMS.description, Text(fr=f"Toutes les lignes, en {name}", en=f"All rows, as {name}"))
    to.add(me, DCAT.accessURL, address)
    to.add(me, DCAT.downloadURL, address)
    to.add(me, DCTERMS["format"], file_type)
    to.add(me, DCAT.mediaType, media_type)
    to.add(media_type, RDF.type, DCTERMS.MediaType)
    to.add(me, DCTERMS.language, FRENCH)
    to.add(me, DCTERMS.issued, distribution.issued)
    to.add(me, DCTERMS.modified, dataset.modified)
    to.add(me, DCATAP.availability, STABLE)
    to.add(me, ADMS.status, COMPLETED)
    to.add(me, DCTERMS.rights, PUBLIC)
    _write_licence(to, me, dataset.licence)
    if dataset.conforms_to:
        to.add(me, DCTERMS.conformsTo, URIRef(dataset.conforms_to))
    for act in dataset.applicable_legislation:
        to.add(me, DCATAP.applicableLegislation, URIRef(act))
    if dataset.has_feed:
        to.add(me, DCAT.accessService, to.uri("feed", dataset.dataset))
    if dataset.has_map:
        to.add(me, DCAT.accessService, to.uri("ogc", dataset.dataset))
    to.add(me, ODRL.hasPolicy, to.uri("offer", dataset.id))
    _write_integrity(to, me, distribution)


def _write_offer(to: GraphWriter, dataset: PublishedDataset) -> None:
    """The licence's terms in ODRL: use, derive and distribute, and name the source and its date (CRPA L322-1)."""
    me = to.uri("offer", dataset.id)
    permission, duty = me + "#permission", me + "#attribution"
    for kind in (ODRL.Policy, ODRL.Offer):
        to.add(me, RDF.type, kind)
    to.add(me, ODRL.uid, me)
    to.add(me, ODRL.permission, permission)
    to.add(me, DCTERMS.source, URIRef(dataset.licence))
    to.add(permission, RDF.type, ODRL.Permission)
    to.add(permission, ODRL.target, to.uri("dataset", dataset.id))
    to.add(permission, ODRL.assigner, to.uri("organisation", dataset.publisher))
    for action in (ODRL.use, ODRL.derive, ODRL.distribute):
        to.add(permission, ODRL.action, action)
    to.add(permission, ODRL.duty, duty)
    to.add(duty, RDF.type, ODRL.Duty)
    to.add(duty, ODRL.action, ODRL.attribute)


def _write_integrity(to: GraphWriter, me: URIRef, distribution: Distribution) -> None:
    """Size and checksum: the one place where the two profiles contradict each other."""
    newest = to.profile == "3.0.1"
    size_type = XSD.nonNegativeInteger if newest else XSD.decimal
    algorithm = SPDX.checksumAlgorithm_sha256 if newest else SPDX.checksumAlgorithm_sha1
    digest = distribution.sha256 if newest else distribution.sha1
    to.add(me, DCAT.byteSize, Value(str(distribution.bytes), datatype=size_type))
    checksum = me + "#checksum"
    to.add(me, SPDX.checksum, checksum)
    to.add(checksum, RDF.type, SPDX.Checksum)
    to.add(checksum, SPDX.algorithm, algorithm)
    to.add(checksum, SPDX.checksumValue, Value(digest, datatype=XSD.hexBinary, normalize=False))


def _write_record(to: GraphWriter, dataset: PublishedDataset) -> None:
    me = to.uri("record", dataset.id)
    to.add(me, RDF.type, DCAT.CatalogRecord)
    to.add(me, FOAF.primaryTopic, to.uri("dataset", dataset.id))
    to.add(me, DCTERMS.issued, dataset.issued)
    to.add(me, DCTERMS.modified, dataset.modified)
    to.add(me, DCTERMS.language, FRENCH)
    profile = URIRef(f"http://data.europa.eu/r5r/#{to.profile}")
    to.add(me, DCTERMS.conformsTo, profile)


def _write_feed(to: GraphWriter, dataset: PublishedDataset, served: Iterable[URIRef]) -> None:
    """The harmonised dataset's services, which serve the slices too: its feed, and its map where it has one."""
    title_en = dataset.title.en or dataset.id
    if dataset.has_feed:
        me = to.uri("feed", dataset.id)
        to.say(me, DCTERMS.title, Text(fr=f"Flux : {dataset.title.fr}", en=f"Feed: {title_en}"))
        to.say(me, DCTERMS.description, _FEED)
        to.add(me, DCAT.endpointURL, URIRef(f"{to.base}/v1/feeds/{dataset.id}"))
        to.add(me, DCAT.endpointDescription, URIRef(f"{to.base}/v1/openapi.json"))
        to.add(me, DCTERMS.conformsTo, URIRef("https://spec.openapis.org/oas/v3.1.0"))
        _write_service(to, me, dataset, served)
    if dataset.has_map:
        me = to.uri("ogc", dataset.id)
        to.say(me, DCTERMS.title, Text(fr=f"Carte : {dataset.title.fr}", en=f"Map: {title_en}"))
        to.say(me, DCTERMS.description, _MAP)
        to.add(me, DCAT.endpointURL, URIRef(f"{to.base}/v1/ogc/collections/{dataset.id}"))
        to.add(me, DCAT.endpointDescription, URIRef(f"{to.base}/v1/ogc/api"))
        to.add(me, DCTERMS.conformsTo, OGC_FEATURES)
        _write_service(to, me, dataset, served)


def _write_service(to: GraphWriter, me: URIRef, dataset: PublishedDataset, served: Iterable[URIRef]) -> None:
    """What each service of a dataset says."""
    publisher = to.catalogue.organisation(dataset.publisher)
    to.add(me, RDF.type, DCAT.DataService)
    to.add(me, DCTERMS.publisher, to.uri("organisation", publisher.id))
    to.add(me, DCTERMS.accessRights, PUBLIC)
    _write_licence(to, me, dataset.licence)
    _write_contact(to, me, publisher)
    if dataset.theme:
        to.add(me, DCAT.theme, theme_uri(dataset.theme))
    for keyword in dataset.keywords:
        to.add(me, DCAT.keyword, Value(keyword, lang="fr"))
    for each in served:
        to.add(me, DCAT.servesDataset, each)


def build_catalogue_graph(catalogue: Catalogue, profile: Profile = "3.0.1") -> Graph:
    """Return what the whole catalogue says beyond each of its datasets: itself, who publishes, parts and feeds.

    Raises:
        KeyError: a dataset's publisher is not among the organisations.
    """
    to = GraphWriter(catalogue, profile)
    _write_catalogue(to, catalogue.datasets, catalogue.modified)
    for external in catalogue.external:
        to.add(to.uri("catalogue"), RDFS.seeAlso, URIRef(f"{to.base}/catalogue/external/{external.id}.ttl"))
    for organisation in catalogue.organisations:
        _write_organisation(to, organisation)
    for dataset in catalogue.harmonised:
        parts = [to.uri("dataset", part.id) for part in catalogue.slices_of(dataset.id)]
        for part in parts:
            to.add(to.uri("dataset", dataset.id), DCTERMS.hasPart, part)
        _write_feed(to, dataset, parts)
    return to.graph


def build_organisation_graph(catalogue: Catalogue, organisation: Organisation) -> Graph:
    """Return what one organisation's catalogue says beyond each of its datasets."""
    to = GraphWriter(catalogue, "3.0.1")
    own = catalogue.published_by(organisation.id)
    _write_catalogue(to, own, max((dataset.modified for dataset in own), default=catalogue.issued), organisation)
    _write_organisation(to, organisation)
    _write_feeds_of(to, own)
    return to.graph


def build_page_graph(catalogue: Catalogue, page: Page, ending: str) -> Graph:
    """Return what one page says beyond each of its datasets; all pages together say what the whole does.

    What changes with any dataset, the catalogue's date and their number, stands on the first page alone, so that the
    others stay as they are. The links are those that ckanext-dcat (``hydra:PagedCollection``) and udata
    (``hydra:PartialCollectionView``) follow; they lead to pages of the same notation, which ``ending`` names.
    """
    to = GraphWriter(catalogue, "3.0.1")
    _write_catalogue(to, page.datasets, catalogue.modified if page.number == 1 else None)
    _write_organisation(to, catalogue.organisation(catalogue.publisher))
    for dataset in page.datasets:
        for part in catalogue.slices_of(dataset.id):
            to.add(to.uri("dataset", dataset.id), DCTERMS.hasPart, to.uri("dataset", part.id))
    _write_feeds_of(to, page.datasets)
    _write_links(to, page, ending)
    return to.graph


def _write_feeds_of(to: GraphWriter, datasets: Sequence[PublishedDataset]) -> None:
    """The feeds that serve these datasets, and whose they are."""
    for name in names_of(datasets):
        whole = to.catalogue.whole(name)
        if whole:
            _write_organisation(to, to.catalogue.organisation(whole.publisher))
            _write_feed(to, whole, [to.uri("dataset", each.id) for each in datasets if each.dataset == name])


def _write_links(to: GraphWriter, page: Page, ending: str) -> None:
    def link(number: int) -> URIRef:
        return URIRef(address_of(to.base, number, ending))

    whole, me = to.uri("catalogue"), link(page.number)
    to.add(whole, RDF.type, HYDRA.Collection)
    to.add(whole, HYDRA.view, me)
    for kind in (HYDRA.PartialCollectionView, HYDRA.PagedCollection):
        to.add(me, RDF.type, kind)
    to.add(me, HYDRA.first, link(1))
    to.add(me, HYDRA.last, link(page.count))
    if page.number == 1:
        to.add(me, HYDRA.totalItems, len(to.catalogue.datasets))
        to.add(me, RDFS.seeAlso, URIRef(f"{to.base}/catalogue/withdrawn{ending}"))
    else:
        to.add(me, HYDRA.previous, link(page.number - 1))
    if page.next:
        for relation in (HYDRA.next, HYDRA.nextPage):
            to.add(me, relation, link(page.next))


def build_dataset_graph(catalogue: Catalogue, dataset: PublishedDataset, profile: Profile = "3.0.1") -> Graph:
    """Return one dataset with its publisher and files; it changes only when its fingerprint does.

    Raises:
        CatalogueError: the dataset bears a theme that the EU table does not know.
        KeyError: its publisher is not among the organisations.
    """
    to = GraphWriter(catalogue, profile)
    _write_organisation(to, catalogue.organisation(dataset.publisher))
    _write_dataset(to, dataset)
    if dataset.part_of is None:
        _write_feed(to, dataset, (to.uri("dataset", dataset.id),))
    return to.graph
