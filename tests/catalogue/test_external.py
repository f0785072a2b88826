"""Datasets of others stand beside ours: theirs, of the territory, each once, never taken for ours, never echoed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, URIRef

from governance.catalogue.already_there import AlreadyThere
from governance.catalogue.external.described import describe
from governance.catalogue.external.kept import Change, KeptCatalogue, KeptCatalogues, KeptSums
from governance.catalogue.external.to_dcat import build_external_graph
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue, ExternalCatalogue
from governance.catalogue.notation import to_json_ld, to_turtle
from governance.catalogue.publication import Publication
from governance.external_catalogues import DeclaredCatalogue, concerns
from governance.federation import Source
from tests.catalogue.neighbours import GRACE, PORTAL, Neighbours, Record, declared_as, record_of
from tests.catalogue.shapes import THREE, shapes_of
from tests.catalogue.world import DAY_ONE, DAY_TWO, PUBLIC, World


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return Neighbours(world, declared_as())


def _titles(publication: Publication) -> list[str]:
    return sorted(entry.title for each in publication.catalogue.external for entry in each.datasets)


def test_theirs_is_theirs(neighbours: Neighbours) -> None:
    neighbours.tell([record_of("besne")])
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
    neighbours.tell([record_of("besne"), {"title": "Donges nu", "landingPage": [f"{PORTAL}/nu"], "identifier": "nu"}])
    assert len(neighbours.publish().catalogue.external[0].datasets) == 2
    graph = Graph().parse(neighbours.world.served / page)
    conforms, _, report = validate(graph, shacl_graph=shapes_of(*THREE), allow_warnings=False)
    assert conforms, report


def test_who_harvests_us_does_not_get_theirs_back(neighbours: Neighbours) -> None:
    """Neither whole nor by pages nor by organisation: what they take from us is ours alone."""
    without = _machine_pages(neighbours)
    neighbours.tell([record_of("besne")])
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
    neighbours.declare(declared_as(), declared_as("region"))
    neighbours.tell(
        [
            record_of("besne"),
            record_of("echo", uri=f"{PUBLIC}/id/dataset/equipements"),
            record_of("moissonné", landingPage=[f"{PUBLIC}/fr/datasets/equipements"]),
            record_of("copie", distribution=[{"downloadURL": f"{PORTAL}/c.csv", "checksum": own.sha1}]),
        ]
    )
    neighbours.tell([record_of("besne"), {**record_of("autre"), "uri": "https://region.example/autre"}], name="region")
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
    assert known.compare(PORTAL, record_of("besne")).kind == "ours"
    assert known.compare(PORTAL, record_of("donges", landingPage=[PORTAL])).kind == "new"


def test_only_what_differs_is_written_and_told(neighbours: Neighbours) -> None:
    neighbours.tell([record_of("besne"), record_of("donges")])
    first = neighbours.publish().result
    entries = {name for name in first.created if name.startswith("externe--")}
    assert len(entries) == 2
    before = neighbours.world.snapshot()
    again = neighbours.publish(DAY_TWO).result
    assert (again.changed, neighbours.world.snapshot()) == (False, before)
    neighbours.tell([record_of("besne", title="Voies de Besné"), record_of("donges")], DAY_TWO)
    changed = neighbours.publish(DAY_TWO).result
    assert (len(changed.updated), changed.created, changed.archived) == (1, (), ())
    assert set(changed.updated) <= entries


def test_what_they_withdraw_stays_for_the_days_of_grace_and_comes_back_as_it_was(neighbours: Neighbours) -> None:
    neighbours.tell([record_of("besne"), record_of("donges")])
    first = neighbours.publish().catalogue.external[0].datasets
    neighbours.tell([record_of("besne")], DAY_TWO)
    assert neighbours.publish(DAY_TWO + GRACE - timedelta(seconds=1)).result.archived == ()
    neighbours.tell([record_of("besne")], DAY_TWO + timedelta(days=3))
    gone = neighbours.publish(DAY_TWO + GRACE).result
    assert len(gone.archived) == 1
    assert _titles(neighbours.publish(DAY_TWO + GRACE)) == ["Pistes de besne"]
    neighbours.tell([record_of("besne"), record_of("donges")], DAY_TWO + GRACE)
    back = neighbours.publish(DAY_TWO + GRACE)
    assert back.result.created == gone.archived
    assert [each.first_seen for each in back.catalogue.external[0].datasets] == [each.first_seen for each in first]


def test_a_catalogue_that_is_no_longer_declared_is_no_longer_listed(neighbours: Neighbours) -> None:
    neighbours.tell([record_of("besne")])
    neighbours.publish()
    neighbours.declare()
    assert len(neighbours.publish().result.archived) == 1
    assert not list((neighbours.world.served / "external").iterdir())


def test_the_index_names_theirs_apart_from_ours(neighbours: Neighbours) -> None:
    neighbours.tell([record_of("besne")])
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
def test_the_filter_keeps_what_isdeclared_as(keep: dict[str, Any], record: Record, is_kept: bool) -> None:
    kept = declared_as(**keep).keep
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
        DeclaredCatalogue.model_validate({**declared_as().model_dump(), **wrong})


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
_FIELDS = st.sampled_from(sorted({*record_of("x"), "accessURL"}))


@settings(deadline=None)
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
    kept = KeptCatalogue(asked_for="x").told([record_of("besne")], DAY_ONE)
    KeptCatalogues(tmp_path).write("departement", kept)
    assert KeptCatalogues(tmp_path).read("departement") == kept
    assert KeptCatalogues(tmp_path).read("autre") == KeptCatalogue()


def test_the_last_answer_is_held_against_the_one_before() -> None:
    first = KeptCatalogue().told([record_of("besne"), record_of("donges")], DAY_ONE, 9)
    assert (first.last_change(), first.offered) == (Change(new=2, changed=0, gone=0), 9)
    again = [record_of("besne", title="Voies"), record_of("trignac")]
    second = KeptCatalogue.model_validate_json(first.told(again, DAY_TWO).model_dump_json())
    assert second.last_change() == Change(new=1, changed=1, gone=1)
    assert second.told(again, DAY_TWO + GRACE).last_change() == Change(new=0, changed=0, gone=0)
    assert KeptCatalogue().last_change() == Change(new=0, changed=0, gone=0)


def test_what_is_left_out_is_remembered_by_portal_with_why(neighbours: Neighbours) -> None:
    neighbours.declare(declared_as(), declared_as("region"))
    neighbours.tell([record_of("besne"), {"identifier": "nu", "title": "Donges sans adresse"}])
    neighbours.tell([record_of("besne")], DAY_TWO, name="region")
    kept = neighbours.list(neighbours.publish().catalogue, DAY_TWO).kept
    (first, left_out), (second, seconds) = kept["departement"], kept["region"]
    assert (first.listed, first.undescribed, left_out, first.asked_at) == (1, 1, (), DAY_ONE)
    assert (second.listed, second.left_out_by["same_identifier"], second.asked_at) == (0, 1, DAY_TWO)
    assert [(each.kind, each.like_title) for each in seconds] == [("same_identifier", "Pistes de besne")]
    assert second.first_left_out == seconds


def test_sums_are_of_all_that_is_known(tmp_path: Any) -> None:
    files = KeptCatalogues(tmp_path)
    assert files.read_sums("departement") == KeptSums()
    first = KeptCatalogue().told([record_of("besne"), record_of("donges")], DAY_ONE, 9)
    kept = first.told([record_of("besne", title="Voies"), record_of("trignac")], DAY_TWO, 7)
    files.write("departement", kept)
    sums = files.read_sums("departement")
    assert (sums.asked_at, sums.offered, sums.there, sums.gone) == (DAY_TWO, 7, 2, {DAY_TWO: 1})
    assert (sums.change, sums.last_news_at) == (kept.last_change(), DAY_TWO)
    assert (sums.missing(DAY_TWO, GRACE), sums.missing(DAY_TWO + GRACE, GRACE)) == (1, 0)
    # Asked again, it says nothing new: only that is noticed.
    later = DAY_TWO + timedelta(hours=1)
    files.write("departement", kept.told([record_of("besne", title="Voies"), record_of("trignac")], later, 7))
    assert (files.read_sums("departement").asked_at, files.read_sums("departement").last_news_at) == (later, DAY_TWO)
