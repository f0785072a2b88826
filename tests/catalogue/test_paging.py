"""The catalogue by pages: the same as the whole, and nobody who walks through it misses a dataset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef

from governance.catalogue import paging
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue
from governance.catalogue.paging import count_pages, page_number
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from governance.catalogue.vocabulary import HYDRA
from tests.catalogue.many import enlarged
from tests.catalogue.shapes import THREE, shapes_of
from tests.catalogue.world import PUBLIC, World

FIRST = f"{PUBLIC}/catalogue/pages/1"


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two datasets a page, so that few datasets make many pages."""
    monkeypatch.setattr(paging, "DATASETS_A_PAGE", 2)


def _publish(world: World, small: Catalogue, slices: int = 0, without: str = "") -> PublicationResult:
    """Publish the small catalogue with so many further slices."""
    store = DistributionStore(world.catalogue / "store")
    catalogue = enlarged(small, slices, store, frozenset({without}))
    return FileCatalogue(world.catalogue).publish(catalogue, store)


def _read(world: World, address: str) -> Graph:
    return Graph().parse(world.served / address.removeprefix(f"{PUBLIC}/catalogue/"))


def _walk(world: World, ending: str = ".ttl") -> list[Graph]:
    """Every page, as udata's harvester walks them."""
    pages, address = list[Graph](), f"{FIRST}{ending}"
    while address:
        page = _read(world, address)
        pages.append(page)
        (view,) = page.subjects(RDF.type, HYDRA.PartialCollectionView)
        assert str(view) == address
        address = str(page.value(view, HYDRA.next) or "")
        assert address == str(page.value(view, HYDRA.nextPage) or "")
    return pages


def _without_links(graph: Graph) -> Graph:
    """What the graph says beyond its paging."""
    kept = Graph()
    for subject, predicate, value in graph:
        told = f"{subject} {predicate} {value}"
        if "/catalogue/pages/" not in told and str(HYDRA) not in told:
            kept.add((subject, predicate, value))
    return kept


@pytest.mark.parametrize("ending", [".ttl", ".jsonld"])
def test_pages_together_say_what_the_whole_says(world: World, ending: str) -> None:
    _publish(world, world.publish().catalogue, 10)
    pages = _walk(world, ending)
    together = Graph()
    for page in pages:
        together += _without_links(page)
    assert len(pages) == 8
    # No node is blank, so the same statements are the same graph.
    assert set(together) == set(_read(world, "catalog.ttl"))


def test_each_dataset_stands_on_one_page(world: World) -> None:
    _publish(world, world.publish().catalogue, 10)
    found = [str(node) for page in _walk(world) for node in page.subjects(RDF.type, DCAT.Dataset)]
    assert len(found) == len(set(found)) == 13
    (first, *_) = _walk(world)
    assert int(str(first.value(URIRef(f"{FIRST}.ttl"), HYDRA.totalItems))) == 13


@pytest.mark.shared
def test_each_page_is_within_the_shapes(world: World) -> None:
    shapes = shapes_of(*THREE)
    _publish(world, world.publish().catalogue, 4)
    pages = _walk(world)
    assert len(pages) == 4
    for page in pages:
        conforms, _, report = validate(page, shacl_graph=shapes, allow_warnings=False)
        assert conforms, report


def test_what_comes_and_goes_moves_nothing_and_rewrites_its_own_page_and_the_first(world: World) -> None:
    small = world.publish().catalogue
    _publish(world, small, 10)
    before = {path.name: path.stat().st_ino for path in (world.served / "pages").iterdir()}
    gone, came = "equipements--lieu-00007", "equipements--lieu-00010"
    _publish(world, small, 12, gone)
    after = {path.name: path.stat().st_ino for path in (world.served / "pages").iterdir()}
    # The harmonised dataset's page names its parts, so it changes with them.
    touched = {1, *(page_number(name, 8) for name in (gone, came, "equipements--lieu-00011", "equipements"))}
    assert {int(name.partition(".")[0]) for name in before if before[name] != after[name]} == touched
    assert len(touched) < 8


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_pages_double_and_never_become_fewer(first: int, second: int) -> None:
    before = count_pages(first)
    after = count_pages(second, before)
    assert after >= before
    assert after & (after - 1) == 0
    assert second <= after * paging.DATASETS_A_PAGE


@given(st.text(min_size=1, max_size=40), st.integers(0, 8), st.integers(0, 3))
def test_a_dataset_stays_or_goes_further_on_so_a_reader_half_way_meets_it(name: str, power: int, more: int) -> None:
    assert 1 <= page_number(name, 2**power) <= page_number(name, 2 ** (power + more)) <= 2 ** (power + more)


def test_a_second_publication_writes_no_page_and_the_catalogue_that_shrank_keeps_its_pages(world: World) -> None:
    small = world.publish().catalogue
    _publish(world, small, 10)
    before = world.snapshot()
    assert not _publish(world, small, 10).changed
    assert world.snapshot() == before
    _publish(world, small)
    assert len(_walk(world)) == 8


def test_dates_of_a_dataset_do_not_move_with_the_others(world: World) -> None:
    small = world.publish().catalogue
    name = URIRef(f"{PUBLIC}/id/dataset/equipements--besne")
    before = [list(page.objects(name, DCTERMS.modified)) for page in _walk(world)]
    _publish(world, small, 9)
    after = [list(page.objects(name, DCTERMS.modified)) for page in _walk(world)]
    assert [each for each in after if each] == [each for each in before if each]
