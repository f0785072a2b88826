"""What other portals have is told apart: ours come back, three ways of being there already, and new."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.catalogue.already_there import AlreadyThere, counted
from governance.catalogue.file_catalogue import FileCatalogue
from governance.federation import Source
from tests.catalogue.world import PUBLIC, World, build_federation

THEIRS = "https://portail.example"


def _record(name: str, **more: Any) -> dict[str, Any]:
    return {"uri": f"{THEIRS}/dataset/{name}", "identifier": name, "title": name, **more}


@pytest.fixture
def known(world: World) -> AlreadyThere:
    world.publish()
    return AlreadyThere(world.federation, FileCatalogue(world.catalogue).read_index(), PUBLIC)


@pytest.mark.parametrize(
    "record",
    [
        {"uri": f"{PUBLIC}/id/dataset/equipements--besne"},
        {"uri": "http://DONNEES.example/id/dataset/equipements--besne/"},
        _record("a", landingPage=[f"{PUBLIC}/fr/datasets/equipements"]),
        _record("b", distribution=[{"downloadURL": f"{PUBLIC}/catalogue/files/equipements.0123.csv"}]),
    ],
)
def test_ours_is_known_when_it_comes_back(known: AlreadyThere, record: dict[str, Any]) -> None:
    found = known.compare(THEIRS, record)
    assert found.kind == "ours"
    assert found.like and found.by


def test_what_lies_where_we_harvest_it_is_ours(world: World) -> None:
    besne = world.federation.members["besne"]
    source = Source(
        id="kept", dataset="equipements", connector="http_file", options={"url": "https://besne.example/s.csv"}
    )
    members = {**world.federation.members, "besne": besne.model_copy(update={"sources": (source,)})}
    federation = world.federation.model_copy(update={"members": members})
    known = AlreadyThere(federation, None, PUBLIC)
    found = known.compare(THEIRS, _record("a", distribution=[{"accessURL": "http://besne.example/s.csv"}]))
    assert (found.kind, found.like) == ("ours", "besne/kept")


def test_three_ways_of_being_there_are_told_apart(known: AlreadyThere) -> None:
    page, file = [f"{THEIRS}/page"], [{"checksum": "AB" * 20}]
    found = [
        known.compare(THEIRS, _record("first", landingPage=page, distribution=file)),
        known.compare("https://copie.example", _record("first")),
        known.compare(THEIRS, _record("second", landingPage=[f"{THEIRS}/page/"])),
        known.compare(THEIRS, _record("third", landingPage=[f"{THEIRS}/x"], distribution=[{"checksum": "ab" * 20}])),
        known.compare(THEIRS, _record("fourth")),
    ]
    assert [each.kind for each in found] == ["new", "same_identifier", "same_landing_page", "same_content", "new"]
    assert {each.like for each in found[1:4]} == {f"{THEIRS}/dataset/first"}
    assert counted(found) == {
        "new": 2, "ours": 0, "same_identifier": 1, "same_landing_page": 1, "same_content": 1,
    }  # fmt: skip


def test_a_file_of_ours_under_another_name_is_the_same_content(known: AlreadyThere, world: World) -> None:
    index = FileCatalogue(world.catalogue).read_index()
    assert index is not None
    sums = index.datasets[0].files[0].sha256
    assert known.compare(THEIRS, _record("copy", distribution=[{"checksum": sums}])).kind == "same_content"


def test_a_bare_name_that_two_portals_use_is_no_duplicate(known: AlreadyThere) -> None:
    for portal in ("https://a.example", "https://b.example"):
        record = {"uri": f"{portal}/dataset/budget", "identifier": "budget"}
        assert known.compare(portal, record).kind == "new"


def test_an_address_that_only_begins_like_ours_is_not_ours(known: AlreadyThere) -> None:
    assert known.compare(THEIRS, {"uri": f"{PUBLIC}.autre.example/id/dataset/x"}).kind == "new"


_TEXT = st.text(max_size=20)


@given(st.dictionaries(st.sampled_from(["uri", "identifier", "title"]), _TEXT), st.lists(_TEXT, max_size=3))
def test_any_record_has_a_kind(record: dict[str, Any], pages: list[str]) -> None:
    known = AlreadyThere(build_federation(), None, PUBLIC)
    assert known.compare(THEIRS, {**record, "landingPage": pages}).kind in {"new", "same_identifier"}
