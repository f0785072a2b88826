"""What is no longer published is told apart from what never was, by id and date alone."""

import json

from rdflib import DCAT, PROV, RDF, Graph, URIRef

from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.vocabulary import ADMS, WITHDRAWN
from governance.catalogue.withdrawn import find_tombstone
from tests.catalogue.world import DAY_TWO, PUBLIC, ROWS, World

DONGES = ("equipements", "donges")
NODE = URIRef(f"{PUBLIC}/id/dataset/equipements--donges")


def _withdrawn(world: World) -> list[str]:
    index = FileCatalogue(world.catalogue).read_index()
    assert index is not None
    return [each.id for each in index.withdrawn]


def test_what_was_withdrawn_is_listed_and_no_harvester_takes_it_for_alive(world: World) -> None:
    world.publish()
    world.decisions.closed.add(DONGES)
    world.publish(DAY_TWO)
    graph = Graph().parse(world.served / "withdrawn.ttl")
    assert graph.value(NODE, ADMS.status) == WITHDRAWN
    assert graph.value(NODE, PROV.invalidatedAtTime) is not None
    assert not list(graph.subjects(RDF.type, DCAT.Dataset))
    assert len(graph) == len(Graph().parse(world.served / "withdrawn.jsonld"))
    assert _withdrawn(world) == ["equipements--donges"]


def test_it_stays_listed_with_its_day_when_other_things_change(world: World) -> None:
    world.publish()
    world.decisions.closed.add(DONGES)
    world.publish(DAY_TWO)
    before = (world.served / "withdrawn.ttl").read_bytes()
    world.share({**ROWS, "equipements": [("besne", "Kiosque", "2024-01-01", 3.0, "x"), *ROWS["equipements"]]})
    world.publish(DAY_TWO)
    assert (world.served / "withdrawn.ttl").read_bytes() == before
    state = world.snapshot()
    assert not world.publish(DAY_TWO).result.changed
    assert world.snapshot() == state


def test_what_is_opened_again_is_no_longer_listed_though_its_tombstone_is_kept(world: World) -> None:
    world.publish()
    world.decisions.closed.add(DONGES)
    world.publish(DAY_TWO)
    assert find_tombstone(world.catalogue, "equipements--donges") is not None
    world.decisions.closed.clear()
    world.publish(DAY_TWO)
    assert _withdrawn(world) == []
    assert find_tombstone(world.catalogue, "equipements--donges") is None


def test_an_earlier_state_that_comes_back_lists_what_left_since(world: World) -> None:
    """Its folder is named after all that is written, or the older list would be shown again."""
    world.decisions.closed.add(DONGES)
    world.publish()
    world.decisions.closed.clear()
    world.publish(DAY_TWO)
    world.decisions.closed.add(DONGES)
    world.publish(DAY_TWO)
    assert _withdrawn(world) == ["equipements--donges"]


def test_a_tombstone_says_nothing_but_id_and_dates(world: World) -> None:
    world.publish()
    world.decisions.closed.add(DONGES)
    world.publish(DAY_TWO)
    path = world.catalogue / "archive" / "equipements--donges" / "tombstone.json"
    assert set(json.loads(path.read_text())) == {"id", "last_modified", "archived"}


def test_no_path_leads_out_of_the_archive(world: World) -> None:
    world.publish()
    (world.root / "tombstone.json").write_text('{"id": "x", "last_modified": "2026-01-01", "archived": "2026-01-01"}')
    assert find_tombstone(world.catalogue, "../..") is None
    assert find_tombstone(world.catalogue, "equipements--nowhere") is None
