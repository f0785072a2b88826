"""The catalogue is made equal to what is open: created, updated, archived, or left alone."""

import json
from collections.abc import Callable

import pytest

from governance.catalogue import distributions
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import CatalogueError
from governance.catalogue.openings import Opening
from governance.federation import Federation
from tests.catalogue.world import DAY_ONE, DAY_TWO, ROWS, World

TELL_WHAT_LEFT = {"index.json", "withdrawn.ttl", "withdrawn.jsonld"}
ALL_OPEN = ("equipements", "equipements--besne", "equipements--donges")


def test_first_publication_creates_the_dataset_and_a_slice_for_each_commune(world: World) -> None:
    result = world.publish().result
    assert result.created == ALL_OPEN
    assert (result.updated, result.archived, result.unchanged) == ((), (), ())
    assert result.bytes_written > 0


def test_computed_dataset_has_no_slices_and_says_where_it_comes_from(world: World) -> None:
    world.share({"bilan": [("SOMME",)]})
    (dataset,) = world.publish().catalogue.datasets
    assert (dataset.id, dataset.publisher, dataset.part_of, dataset.rows) == ("bilan", "agglo", None, 1)
    assert dataset.provenance.fr.endswith("selon le contrat « bilan » 1.0.0.")
    assert [place.code for place in dataset.places] == ["244400644"]


def test_member_that_no_longer_declares_a_source_is_left_out(world: World) -> None:
    stranger = ("agglo", "Kiosque", "2024-01-01", 3.0, "x")
    world.share({"equipements": [*ROWS["equipements"], stranger]})
    publication = world.publish()
    assert publication.result.created == ALL_OPEN
    assert not [name for name, content in world.bytes_served().items() if b"Kiosque" in content]


def test_second_publication_writes_nothing(world: World) -> None:
    world.publish()
    before = world.snapshot()
    result = world.publish(DAY_TWO).result
    assert result.unchanged == ALL_OPEN
    assert result.bytes_written == 0
    assert not result.changed
    assert world.snapshot() == before


def test_new_bundle_that_changes_no_cell_writes_nothing(world: World) -> None:
    world.publish()
    before = world.snapshot()
    world.decisions.version = "bundle-2"
    assert world.publish(DAY_TWO).result.bytes_written == 0
    assert world.snapshot() == before


def test_one_commune_that_changes_leaves_the_files_of_the_others(world: World) -> None:
    world.publish()
    before = {path.name: path.stat().st_ino for path in (world.served / "files").iterdir()}
    pages = {path.name: path.stat().st_ino for path in (world.served / "datasets").iterdir()}
    changed = [*ROWS["equipements"][:2], ("donges", "Piscine", "2024-01-01", 1.0, "SECRET-COURRIEL-5")]
    world.share({**ROWS, "equipements": changed}, DAY_TWO)
    result = world.publish(DAY_TWO).result
    assert result.updated == ("equipements", "equipements--donges")
    assert result.unchanged == ("equipements--besne",)
    after = {path.name: path.stat().st_ino for path in (world.served / "files").iterdir()}
    kept = {name for name in before if name.startswith("equipements--besne.")}
    assert len(kept) == 3
    assert {name: after.get(name) for name in kept} == {name: before[name] for name in kept}
    for page in ("equipements--besne.ttl", "equipements--besne-2.1.1.ttl"):
        assert (world.served / "datasets" / page).stat().st_ino == pages[page]


def test_rows_of_a_commune_that_did_not_change_are_not_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    changed = [*ROWS["equipements"][:2], ("donges", "Piscine", "2024-01-01", 1.0, "x")]
    world.share({**ROWS, "equipements": changed}, DAY_TWO)
    read: list[str | None] = []

    def note(connection: object, opening: Opening, parquet: object) -> object:
        read.append(opening.organisation_id)
        return load(connection, opening, parquet)

    load: Callable[..., object] = distributions._load
    monkeypatch.setattr(distributions, "_load", note)
    world.publish(DAY_TWO)
    assert read == [None, "donges"]


def test_part_of_an_organisation_is_written_again_only_when_it_changed(world: World) -> None:
    world.publish()
    before = {path.name: path.stat().st_ino for path in (world.served / "organisations").iterdir()}
    changed = [*ROWS["equipements"][:2], ("donges", "Piscine", "2024-01-01", 1.0, "x")]
    world.share({**ROWS, "equipements": changed}, DAY_TWO)
    world.publish(DAY_TWO)
    after = {path.name: path.stat().st_ino for path in (world.served / "organisations").iterdir()}
    assert {name.split(".")[0] for name in before if after[name] != before[name]} == {"agglo", "donges"}


def test_update_keeps_the_date_of_issue_and_moves_the_date_of_change(world: World) -> None:
    first = {dataset.id: dataset for dataset in world.publish().catalogue.datasets}
    changed = [*ROWS["equipements"][:2], ("donges", "Piscine", "2024-01-01", 1.0, "x")]
    world.share({**ROWS, "equipements": changed}, DAY_TWO)
    second = {dataset.id: dataset for dataset in world.publish(DAY_TWO).catalogue.datasets}
    assert second["equipements--donges"].issued == first["equipements--donges"].issued == DAY_ONE
    assert second["equipements--donges"].modified == DAY_TWO
    assert second["equipements--besne"].modified == DAY_ONE


def test_nothing_is_modified_before_it_was_issued_nor_dated_to_a_fraction_of_a_second(world: World) -> None:
    late = DAY_TWO.replace(microsecond=123456)
    datasets = world.publish(late).catalogue.datasets
    assert [(each.issued, each.modified) for each in datasets] == [(DAY_TWO, DAY_TWO)] * 3


def test_commune_that_closes_its_rows_is_archived_and_leaves_the_harmonised_files(world: World) -> None:
    world.publish()
    world.decisions.closed.add(("equipements", "donges"))
    result = world.publish(DAY_TWO).result
    assert result.archived == ("equipements--donges",)
    assert result.updated == ("equipements",)
    served = world.bytes_served()
    assert not any(b"Gymnase" in content for content in served.values())
    assert {name for name, content in served.items() if b"donges" in content} == TELL_WHAT_LEFT
    archive = world.catalogue / "archive" / "equipements--donges"
    assert json.loads((archive / "tombstone.json").read_text())["id"] == "equipements--donges"
    assert len(list(archive.glob("equipements--donges.*.csv"))) == 1


def test_what_closed_leaves_the_store_and_the_older_versions_in_the_end(world: World) -> None:
    world.publish()
    world.decisions.closed.add(("equipements", "donges"))
    world.publish(DAY_TWO)
    world.decisions.closed_columns.add(("equipements", "besne", "surface_m2"))
    world.publish(DAY_TWO)
    for folder in ("store/files", "versions"):
        names = [path.name for path in (world.catalogue / folder).rglob("*") if path.is_file()]
        assert names
        assert not [name for name in names if name.startswith("equipements--donges.")]


def test_dataset_that_comes_back_has_its_first_date_of_issue(world: World) -> None:
    world.publish()
    world.decisions.closed.add(("equipements", "donges"))
    world.publish(DAY_TWO)
    world.decisions.closed.clear()
    publication = world.publish(DAY_TWO)
    assert publication.result.created == ("equipements--donges",)
    found = {dataset.id: dataset for dataset in publication.catalogue.datasets}
    assert found["equipements--donges"].issued == DAY_ONE


def test_column_that_a_commune_keeps_back_is_absent_from_its_slice(world: World) -> None:
    world.decisions.closed_columns.add(("equipements", "besne", "surface_m2"))
    found = {dataset.id: dataset for dataset in world.publish().catalogue.datasets}
    assert "surface_m2" not in {column.name for column in found["equipements--besne"].columns}
    assert "surface_m2" in {column.name for column in found["equipements"].columns}
    csv = next((world.served / "files").glob("equipements--besne.*.csv")).read_bytes()
    assert b"12.5" not in csv
    whole = next((world.served / "files").glob("equipements.*.csv")).read_bytes()
    assert b"12.5" not in whole
    assert b"800" in whole


@pytest.mark.parametrize("failure", ["silent", "halved"])
def test_policy_engine_without_a_whole_answer_leaves_the_catalogue_as_it_was(world: World, failure: str) -> None:
    world.publish()
    before = world.snapshot()
    setattr(world.decisions, failure, True)
    with pytest.raises(CatalogueError, match="left as it was"):
        world.publish(DAY_TWO)
    assert world.snapshot() == before


def test_interrupted_publication_shows_readers_the_old_version(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    target = world.served.resolve()
    world.decisions.closed.add(("equipements", "donges"))

    def fail(_self: FileCatalogue, _version: str) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(FileCatalogue, "_switch", fail)
        with pytest.raises(OSError, match="disk full"):
            world.publish(DAY_TWO)
    assert world.served.resolve() == target
    assert world.publish(DAY_TWO).result.archived == ("equipements--donges",)


def test_lost_file_of_the_store_is_made_again(world: World) -> None:
    world.publish()
    lost = next((world.catalogue / "store" / "files").glob("equipements--besne.*.csv"))
    lost.unlink()
    assert world.publish(DAY_TWO).result.unchanged == ALL_OPEN
    assert lost.is_file()


def test_new_contact_address_is_an_update(world: World) -> None:
    world.publish()
    member = world.federation.members["besne"]
    assert member.contact is not None
    moved = member.model_copy(update={"contact": member.contact.model_copy(update={"email": "autre@besne.example"})})
    told = world.federation
    world.federation = Federation(head=told.head, members={**told.members, "besne": moved}, partners={}, root=told.root)
    assert world.publish(DAY_TWO).result.updated == ("equipements--besne",)


def test_every_question_is_handed_back_for_the_journal(world: World) -> None:
    publication = world.publish()
    assert [answer.request for answer in publication.answers] == world.decisions.asked
    asked = {
        (a.request.target.dataset, a.request.target.member_id, a.request.context.channel) for a in publication.answers
    }
    assert ("equipements", "besne", "publish") in asked
    assert ("energie", None, "publish") in asked
