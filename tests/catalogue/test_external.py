"""Datasets of others stand beside ours: theirs, of the territory, each once, never taken for ours, never echoed."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, URIRef

from governance.catalogue.already_there import AlreadyThere
from governance.catalogue.external.described import describe
from governance.catalogue.external.kept import KeptCatalogue, KeptCatalogues
from governance.catalogue.external.listing import Listing, list_external
from governance.catalogue.external.to_dcat import build_external_graph
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue, ExternalCatalogue
from governance.catalogue.notation import to_json_ld, to_turtle
from governance.catalogue.publication import Publication, publish_open_data
from governance.external_catalogues import DeclaredCatalogue, concerns
from governance.federation import Source
from tests.catalogue.shapes import THREE, shapes_of
from tests.catalogue.world import CONTRACTS, DAY_ONE, DAY_TWO, PUBLIC, World

GRACE = timedelta(days=30)
PORTAL = "https://departement.example"
Record = dict[str, Any]


def _record(name: str, **more: Any) -> Record:
    return {
        "uri": f"{PORTAL}/dataset/{name}",
        "identifier": name,
        "title": f"Pistes de {name}",
        "description": "Ce que c'est.",
        "publisher": "Département (exemple)",
        "modified": "2026-02-01T00:00:00+01:00",
        "license": "lov2",
        "keyword": ["pistes", "vélo"],
        "theme": ["http://publications.europa.eu/resource/authority/data-theme/TRAN", "Transports"],
        "spatial": ["http://id.insee.fr/geo/commune/44013"],
        "landingPage": [f"{PORTAL}/dataset/{name}"],
        "distribution": [{"title": "CSV", "downloadURL": f"{PORTAL}/{name}.csv", "format": "csv"}],
        **more,
    }


def _declared(name: str = "departement", **keep: Any) -> DeclaredCatalogue:
    return DeclaredCatalogue.model_validate(
        {
            "id": name,
            "name": "Portail du département (exemple)",
            "homepage": PORTAL,
            "connector": "dcat",
            "options": {"url": f"{PORTAL}/catalog.ttl"},
            "keep": keep or {"territory": True},
        }
    )


class Neighbours:
    """Catalogues of others beside a world's, and the one call that publishes both."""

    def __init__(self, world: World, *declared: DeclaredCatalogue) -> None:
        self.world = world
        self.known: dict[str, KeptCatalogue] = {}
        self.declare(*declared)

    def declare(self, *declared: DeclaredCatalogue) -> None:
        told = {"external": {each.id: each for each in declared}}
        self.world.federation = self.world.federation.model_copy(update=told)

    def tell(self, records: list[Record], at: datetime = DAY_ONE, name: str = "departement") -> None:
        self.known[name] = self.known.get(name, KeptCatalogue()).told(records, at)

    def list(self, ours: Catalogue, at: datetime) -> Listing:
        return list_external(self.world.federation, ours, self.known, at, GRACE)

    def publish(self, at: datetime = DAY_ONE) -> Publication:
        world = self.world
        assert world.shared is not None
        return publish_open_data(
            federation=world.federation,
            contracts=CONTRACTS,
            shared=world.shared,
            lake=world.lake,
            pdp=world.decisions,
            state_dir=world.root,
            public_address=PUBLIC,
            receipts=(),
            instant=at,
            external=lambda ours: self.list(ours, at).catalogues,
        )


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return Neighbours(world, _declared())


def _titles(publication: Publication) -> list[str]:
    return sorted(entry.title for each in publication.catalogue.external for entry in each.datasets)


def test_theirs_is_theirs(neighbours: Neighbours) -> None:
    neighbours.tell([_record("besne")])
    neighbours.publish()
    graph = Graph().parse(neighbours.world.served / "external" / "departement.ttl")
    theirs = URIRef(f"{PORTAL}/dataset/besne")
    (record,) = _records_of(graph, theirs)
    assert str(record).startswith(f"{PUBLIC}/id/record/externe--departement--")
    assert (theirs, DCAT.landingPage, URIRef(f"{PORTAL}/dataset/besne")) in graph
    assert str(graph.value(graph.value(theirs, DCTERMS.publisher), FOAF.name)) == "Département (exemple)"
    assert graph.value(graph.value(record, DCTERMS.source), FOAF.primaryTopic) == theirs
    files = list(graph.objects(theirs, DCAT.distribution))
    assert [str(graph.value(file, DCAT.accessURL)) for file in files] == [f"{PORTAL}/besne.csv"]
    assert {str(graph.value(file, DCTERMS.license)) for file in files} == {"https://spdx.org/licenses/etalab-2.0"}
    assert not [one for one in graph.subjects(RDF.type, DCAT.Dataset) if str(one).startswith(PUBLIC)]


def _records_of(graph: Graph, dataset: URIRef) -> list[Any]:
    catalogue = URIRef(f"{PUBLIC}/id/external/departement")
    return [one for one in graph.objects(catalogue, DCAT.record) if graph.value(one, FOAF.primaryTopic) == dataset]


@pytest.mark.shared
@pytest.mark.parametrize("page", ["external/departement.ttl", "external/departement.jsonld", "catalog.ttl"])
def test_shapes_of_the_profile_find_no_violation(neighbours: Neighbours, page: str) -> None:
    neighbours.tell([_record("besne"), {"title": "Donges nu", "landingPage": [f"{PORTAL}/nu"], "identifier": "nu"}])
    assert len(neighbours.publish().catalogue.external[0].datasets) == 2
    graph = Graph().parse(neighbours.world.served / page)
    conforms, _, report = validate(graph, shacl_graph=shapes_of(*THREE), allow_warnings=False)
    assert conforms, report


def test_who_harvests_us_does_not_get_theirs_back(neighbours: Neighbours) -> None:
    """Neither whole nor by pages nor by organisation: what they take from us is ours alone."""
    without = _machine_pages(neighbours)
    neighbours.tell([_record("besne")])
    neighbours.publish()
    for path, content in _machine_pages(neighbours).items():
        assert PORTAL.encode() not in content, path
        assert (content == without[path]) or path in {"catalog.ttl", "catalog.jsonld", "catalog-2.1.1.ttl"}
    assert f"{PUBLIC}/catalogue/external/departement.ttl" in (neighbours.world.served / "catalog.ttl").read_text()


def _machine_pages(neighbours: Neighbours) -> dict[str, bytes]:
    neighbours.publish()
    served = neighbours.world.bytes_served()
    left_out = ("external/", "files/", "index.json")
    return {path: content for path, content in served.items() if not path.startswith(left_out)}


def test_ours_come_back_and_doubles_are_left_out(neighbours: Neighbours) -> None:
    own = neighbours.publish().catalogue.datasets[0].distributions[0]
    neighbours.declare(_declared(), _declared("region"))
    neighbours.tell(
        [
            _record("besne"),
            _record("echo", uri=f"{PUBLIC}/id/dataset/equipements"),
            _record("moissonné", landingPage=[f"{PUBLIC}/fr/datasets/equipements"]),
            _record("copie", distribution=[{"downloadURL": f"{PORTAL}/c.csv", "checksum": own.sha1}]),
        ]
    )
    neighbours.tell([_record("besne"), {**_record("autre"), "uri": "https://region.example/autre"}], name="region")
    publication = neighbours.publish()
    assert [(each.id, [entry.title for entry in each.datasets]) for each in publication.catalogue.external] == [
        ("departement", ["Pistes de besne"]),
        ("region", ["Pistes de autre"]),
    ]
    kinds = [each.kind for each in neighbours.list(publication.catalogue, DAY_ONE).compared]
    assert sorted(kinds) == ["new", "new", "ours", "ours", "same_content", "same_identifier"]


def test_what_we_harvest_as_data_is_not_listed_as_theirs(neighbours: Neighbours) -> None:
    besne = neighbours.world.federation.members["besne"]
    told = {"url": PORTAL, "dataset": "besne"}
    source = Source(id="pistes", dataset="equipements", connector="ckan", options=told)
    members = {**neighbours.world.federation.members, "besne": besne.model_copy(update={"sources": (source,)})}
    federation = neighbours.world.federation.model_copy(update={"members": members})
    known = AlreadyThere(federation, None, PUBLIC)
    assert known.compare(PORTAL, _record("besne")).kind == "ours"
    assert known.compare(PORTAL, _record("donges", landingPage=[PORTAL])).kind == "new"


def test_only_what_differs_is_written_and_told(neighbours: Neighbours) -> None:
    neighbours.tell([_record("besne"), _record("donges")])
    first = neighbours.publish().result
    entries = {name for name in first.created if name.startswith("externe--")}
    assert len(entries) == 2
    before = neighbours.world.snapshot()
    again = neighbours.publish(DAY_TWO).result
    assert (again.changed, neighbours.world.snapshot()) == (False, before)
    neighbours.tell([_record("besne", title="Voies de Besné"), _record("donges")], DAY_TWO)
    changed = neighbours.publish(DAY_TWO).result
    assert (len(changed.updated), changed.created, changed.archived) == (1, (), ())
    assert set(changed.updated) <= entries


def test_what_they_withdraw_stays_for_the_days_of_grace_and_comes_back_as_it_was(neighbours: Neighbours) -> None:
    neighbours.tell([_record("besne"), _record("donges")])
    first = neighbours.publish().catalogue.external[0].datasets
    neighbours.tell([_record("besne")], DAY_TWO)
    assert neighbours.publish(DAY_TWO + GRACE - timedelta(seconds=1)).result.archived == ()
    neighbours.tell([_record("besne")], DAY_TWO + timedelta(days=3))
    gone = neighbours.publish(DAY_TWO + GRACE).result
    assert len(gone.archived) == 1
    assert _titles(neighbours.publish(DAY_TWO + GRACE)) == ["Pistes de besne"]
    neighbours.tell([_record("besne"), _record("donges")], DAY_TWO + GRACE)
    back = neighbours.publish(DAY_TWO + GRACE)
    assert back.result.created == gone.archived
    assert [each.first_seen for each in back.catalogue.external[0].datasets] == [each.first_seen for each in first]


def test_a_catalogue_that_is_no_longer_declared_is_no_longer_listed(neighbours: Neighbours) -> None:
    neighbours.tell([_record("besne")])
    neighbours.publish()
    neighbours.declare()
    assert len(neighbours.publish().result.archived) == 1
    assert not list((neighbours.world.served / "external").iterdir())


def test_the_index_names_theirs_apart_from_ours(neighbours: Neighbours) -> None:
    neighbours.tell([_record("besne")])
    neighbours.publish()
    index = json.loads((neighbours.world.served / "index.json").read_text())
    (theirs,) = index["external"][0]["datasets"]
    assert theirs["landing_page"] == f"{PORTAL}/dataset/besne"
    assert theirs["id"] not in {each["id"] for each in index["datasets"]}
    assert FileCatalogue(neighbours.world.catalogue).read_index() is not None


@pytest.mark.parametrize(
    ("keep", "record", "is_kept"),
    [
        ({"territory": True}, {"spatial": ["fr:commune:44013"]}, True),
        ({"territory": True}, {"spatial": ["BESNE"]}, True),
        ({"territory": True}, {"title": "Les arbres de Besné"}, True),
        ({"territory": True}, {"publisher": "Commune de Donges"}, True),
        ({"territory": True}, {"title": "Le Dongestan", "spatial": ["fr:commune:440130"]}, False),
        ({"territory": True}, {"description": "Partout sauf à Besné."}, False),
        ({"places": ["44052"]}, {"spatial": ["http://id.insee.fr/geo/commune/44052"]}, True),
        ({"places": ["44052"]}, {"title": "44052"}, False),
        ({"publishers": ["Région (exemple)"]}, {"publisher": "REGION (exemple)"}, True),
        ({"publishers": ["Région"]}, {"publisher": "Région (exemple)"}, False),
        ({"words": ["estuaire"]}, {"description": "Qualité de l'eau de l'Estuaire."}, True),
        ({"everything": True}, {}, True),
    ],
)
def test_the_filter_keeps_what_is_declared(keep: dict[str, Any], record: Record, is_kept: bool) -> None:
    kept = _declared(**keep).keep
    assert concerns(kept, record, ["Besné", "Donges"], ["44013", "44052"]) is is_kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"keep": {}},
        {"connector": "ckan"},
        {"options": {"url": PORTAL, "dataset": "un"}},
        {"homepage": "javascript:alert(1)"},
        {"id": "Departement"},
    ],
)
def test_a_declaration_that_says_too_little_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"keep|catalogue|dataset|homepage|id"):
        DeclaredCatalogue.model_validate({**_declared().model_dump(), **wrong})


@pytest.mark.parametrize(
    "record",
    [
        {"uri": "javascript:alert(1)", "title": "x"},
        {"title": "sans adresse", "identifier": "x"},
        {"uri": f"{PORTAL}/x"},
        {"uri": f"{PORTAL}/x> <a> <b> <c", "title": "x"},
    ],
)
def test_a_record_that_leads_nowhere_is_no_entry(record: Record) -> None:
    assert describe("departement", record, DAY_ONE, DAY_ONE) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.sampled_from(sorted({*_record("x"), "accessURL"}))


@given(st.dictionaries(_FIELDS, _JSON | st.just(["http://[x/"]) | st.just(f"{PORTAL}/page"), max_size=10))
def test_whatever_they_write_our_files_can_be_read(record: Record) -> None:
    entry = describe("departement", record, DAY_ONE, DAY_ONE)
    if entry is None:
        return
    external = ExternalCatalogue(id="departement", name="D", homepage=PORTAL, datasets=(entry,))
    graph = build_external_graph(_catalogue_of_nothing(), external)
    assert len(Graph().parse(data=to_turtle(graph), format="turtle")) == len(graph)
    assert json.loads(to_json_ld(graph))["@graph"]


def _catalogue_of_nothing() -> Catalogue:
    words = {"fr": "x"}
    who = {"id": "agglo", "kind": "member", "name": "Agglo", "siren": "244400644"}
    told: Mapping[str, Any] = {
        "id": "x", "title": words, "description": words, "publisher": "agglo", "homepage": PUBLIC, "licence": PUBLIC,
        "public_address": PUBLIC, "issued": DAY_ONE, "modified": DAY_ONE, "organisations": [who], "datasets": [],
    }  # fmt: skip
    return Catalogue.model_validate(told)


def test_what_is_known_survives_a_restart(tmp_path: Any) -> None:
    kept = KeptCatalogue(asked_for="x").told([_record("besne")], DAY_ONE)
    KeptCatalogues(tmp_path).write("departement", kept)
    assert KeptCatalogues(tmp_path).read("departement") == kept
    assert KeptCatalogues(tmp_path).read("autre") == KeptCatalogue()
