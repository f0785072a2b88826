"""A real CKAN is made equal to what is open, over the wire, and nobody's edit is lost."""

from typing import Any

import pytest

from governance.catalogue.ckan.account import CkanAccount, CkanRefused, read_token
from governance.catalogue.ckan.ckan_catalogue import ATTEMPTS, CkanCatalogue
from governance.catalogue.ckan.to_ckan import OWNED_BY_US
from governance.catalogue.store import DistributionStore
from governance.federation import Federation
from governance.settings import Settings
from tests.catalogue.world import DAY_TWO, ROWS
from tests.services.portal import Portal
from tests.services.wire import Call

pytestmark = pytest.mark.services
ALL_OPEN = ("equipements", "equipements--besne", "equipements--donges")
NOTE = {"editorial_note": "Relu par le service culture."}


def _patch(portal: Portal, name: str, **values: Any) -> None:
    portal.editor.call_action("package_patch", {"id": name, **values})


def _keys(call: Call) -> set[str]:
    return set(call.values["update"]) | {key for key in call.values if key.startswith("update__")}


def test_first_publication_makes_every_open_dataset_under_its_organisation(portal: Portal) -> None:
    assert portal.publish().created == ALL_OPEN
    assert {(each["name"], each["organization"]["name"]) for each in portal.everything()} == {
        ("equipements", "agglo"),
        ("equipements--besne", "besne"),
        ("equipements--donges", "donges"),
    }
    besne = portal.editor.call_action("organization_show", {"id": "besne"})
    assert (besne["title"], besne["siren"], besne["insee_code"]) == ("Besné", "214400137", "44013")
    assert str(besne["population"]) == "1000"


def test_a_declared_logo_is_shown_and_one_that_a_person_chose_stays(portal: Portal) -> None:
    portal.publish()
    chosen = {"id": "donges", "image_url": "https://donges.example/choisi.png"}
    portal.editor.call_action("organization_patch", chosen)
    members = dict(portal.world.federation.members)
    members["besne"] = members["besne"].model_copy(update={"logo": "https://besne.example/logo.svg"})
    head, root = portal.world.federation.head, portal.world.federation.root
    portal.world.federation = Federation(head=head, members=members, partners={}, root=root)
    portal.publish()
    shown = [portal.editor.call_action("organization_show", {"id": name})["image_url"] for name in ("besne", "donges")]
    assert shown == ["https://besne.example/logo.svg", "https://donges.example/choisi.png"]
    assert "organization_patch" in portal.wire.written()


def test_second_publication_writes_nothing(portal: Portal) -> None:
    portal.publish()
    before = [portal.show(name) for name in ALL_OPEN]
    activities = portal.editor.call_action("recently_changed_packages_activity_list", {"limit": 100})
    result = portal.publish(DAY_TWO)
    assert (result.unchanged, result.changed) == (ALL_OPEN, False)
    assert portal.wire.calls
    assert portal.wire.written() == []
    assert [portal.show(name) for name in ALL_OPEN] == before
    assert portal.editor.call_action("recently_changed_packages_activity_list", {"limit": 100}) == activities


def test_rows_of_one_commune_change_its_datasets_alone(portal: Portal) -> None:
    portal.publish()
    untouched = portal.show("equipements--besne")
    portal.world.share({**ROWS, "equipements": [*ROWS["equipements"][:3], ("donges", "Stade", "2024-01-01", 1.0, "x")]})
    assert portal.publish(DAY_TWO).updated == ("equipements", "equipements--donges")
    assert portal.show("equipements--besne") == untouched


def test_only_the_field_that_differs_is_sent(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--besne", title="Titre d'une autre main")
    assert portal.publish().updated == ("equipements--besne",)
    (call,) = portal.wire.writes
    assert (call.action, _keys(call)) == ("package_revise", {"title"})
    assert portal.show("equipements--besne")["title"] == "Titre equipements : Besné"


def test_lists_that_become_shorter_are_shorter(portal: Portal) -> None:
    """CKAN merges a list by place: written as it is, Donges would stay among the places."""
    portal.publish()
    assert [place["text"] for place in portal.show("equipements")["spatial_coverage"]] == ["Besné", "Donges"]
    resource = portal.csv_of("equipements")
    values = {
        "id": resource["id"],
        "applicable_legislation": [*resource["applicable_legislation"], "https://x.example"],
    }
    portal.editor.call_action("resource_patch", values)
    portal.world.decisions.closed.add(("equipements", "donges"))
    portal.publish()
    assert [place["text"] for place in portal.show("equipements")["spatial_coverage"]] == ["Besné"]
    assert portal.csv_of("equipements")["applicable_legislation"] == resource["applicable_legislation"]


def test_what_people_add_stays_when_our_fields_change(portal: Portal) -> None:
    portal.publish()
    portal.editor.call_action(
        "resource_create",
        {"package_id": portal.show("equipements")["id"], "url": "https://agglo.example/guide.pdf", "name": "Guide"},
    )
    tags = [{"name": tag["name"]} for tag in portal.show("equipements")["tags"]]
    _patch(portal, "equipements", tags=[*tags, {"name": "coup de coeur"}], maintainer="Service culture", **NOTE)
    portal.world.share({**ROWS, "equipements": ROWS["equipements"][:3]})
    assert "equipements" in portal.publish(DAY_TWO).updated
    now = portal.show("equipements")
    assert (now["editorial_note"], now["maintainer"]) == (NOTE["editorial_note"], "Service culture")
    assert {"coup de coeur", "sport"} <= {tag["name"] for tag in now["tags"]}
    assert [each["name"] for each in now["resources"] if each["url"].endswith("guide.pdf")] == ["Guide"]
    assert now["quality_rows"] in (3, "3")
    assert portal.publish(DAY_TWO).unchanged == ALL_OPEN


def test_an_edit_between_reading_and_writing_is_kept_and_ours_is_written_after_it(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--besne", title="À remettre")
    edits: list[Call] = []

    def edit_once(call: Call) -> None:
        if call.action == "package_revise" and not edits:
            edits.append(call)
            _patch(portal, "equipements--besne", **NOTE)

    portal.wire.before = edit_once
    assert portal.publish().updated == ("equipements--besne",)
    assert portal.wire.written() == ["package_revise", "package_revise"]
    now = portal.show("equipements--besne")
    assert (now["title"], now["editorial_note"]) == ("Titre equipements : Besné", NOTE["editorial_note"])


def test_somebody_who_is_faster_each_time_is_not_written_over(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--besne", title="À remettre")
    count = iter(range(100))
    portal.wire.before = lambda call: (
        _patch(portal, "equipements--besne", editorial_note=f"Version {next(count)}")
        if call.action == "package_revise"
        else None
    )
    with pytest.raises(CkanRefused, match=f"changed by others {ATTEMPTS} times"):
        portal.publish()
    assert portal.show("equipements--besne")["editorial_note"] == f"Version {ATTEMPTS - 1}"


@pytest.mark.parametrize("arrived", [False, True], ids=["call lost", "answer lost"])
@pytest.mark.parametrize("at", range(1, 6))
def test_a_publication_that_was_cut_is_finished_by_the_next(portal: Portal, at: int, arrived: bool) -> None:
    def is_the_one(_call: Call) -> bool:
        return len(portal.wire.writes) == at

    if arrived:
        portal.wire.cut_after = is_the_one
    else:
        portal.wire.cut = is_the_one
    with pytest.raises(CkanRefused, match="did not answer"):
        portal.publish()
    portal.wire.cut = portal.wire.cut_after = lambda _: False
    portal.publish()
    assert sorted(each["name"] for each in portal.everything()) == sorted(ALL_OPEN)
    assert all(len(portal.show(name)["resources"]) == 4 for name in ALL_OPEN)
    assert portal.publish().unchanged == ALL_OPEN
    assert portal.wire.written() == []


def test_what_closes_is_hidden_emptied_and_left_to_a_person(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--donges", **NOTE)
    table = portal.csv_of("equipements--donges")["id"]
    portal.world.decisions.closed.add(("equipements", "donges"))
    assert portal.publish(DAY_TWO).archived == ("equipements--donges",)
    now = portal.show("equipements--donges")
    assert (now["state"], now["private"], bool(now["archived_on"])) == ("active", True, True)
    assert portal.anonymous("/api/3/action/package_show?id=equipements--donges").status_code in (403, 404)
    assert portal.anonymous("/dataset/equipements--donges").status_code in (403, 404)
    assert "equipements--donges" not in portal.anonymous("/catalog.ttl").content.decode()
    assert portal.anonymous(f"/api/3/action/datastore_search?resource_id={table}").status_code in (403, 404)
    assert portal.publish(DAY_TWO).archived == ()
    assert portal.wire.written() == []


def test_what_closes_is_hidden_even_if_the_rest_fails(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--besne", title="À remettre")
    portal.world.decisions.closed.add(("equipements", "donges"))
    portal.wire.cut = lambda call: call.values.get("update", {}).get("title") is not None
    with pytest.raises(CkanRefused):
        portal.publish(DAY_TWO)
    assert portal.show("equipements--donges")["private"]


def test_an_organisation_that_was_deleted_is_put_back_with_what_people_wrote_of_it(portal: Portal) -> None:
    portal.publish()
    portal.editor.call_action("organization_patch", {"id": "besne", "description": "Entre Brière et Loire."})
    portal.editor.call_action("package_delete", {"id": "equipements--besne"})
    portal.editor.call_action("organization_delete", {"id": "besne"})
    portal.publish()
    now = portal.editor.call_action("organization_show", {"id": "besne"})
    assert (now["state"], now["description"], now["siren"]) == ("active", "Entre Brière et Loire.", "214400137")
    assert portal.show("equipements--besne")["organization"]["name"] == "besne"


def test_what_opens_again_comes_back_as_it_was(portal: Portal) -> None:
    portal.publish()
    _patch(portal, "equipements--donges", **NOTE)
    before = portal.show("equipements--donges")
    portal.world.decisions.closed.add(("equipements", "donges"))
    portal.publish(DAY_TWO)
    portal.world.decisions.closed.clear()
    assert portal.publish(DAY_TWO).created == ("equipements--donges",)
    now = portal.show("equipements--donges")
    assert (now["id"], now["private"], now.get("archived_on") or "") == (before["id"], False, "")
    assert (now["editorial_note"], now["issued"]) == (NOTE["editorial_note"], before["issued"])
    assert portal.anonymous("/dataset/equipements--donges").status_code == 200
    assert portal.csv_of("equipements--donges")["datastore_active"]


def test_a_person_who_deletes_what_was_archived_is_not_contradicted(portal: Portal) -> None:
    portal.publish()
    portal.world.decisions.closed.add(("equipements", "donges"))
    portal.publish(DAY_TWO)
    portal.editor.call_action("package_delete", {"id": "equipements--donges"})
    assert portal.publish(DAY_TWO).archived == ()
    assert portal.wire.written() == []
    assert portal.show("equipements--donges")["state"] == "deleted"


def test_what_is_open_and_was_deleted_in_ckan_is_put_back(portal: Portal) -> None:
    portal.publish()
    before = portal.show("equipements--besne")["id"]
    portal.editor.call_action("package_delete", {"id": "equipements--besne"})
    portal.publish()
    now = portal.show("equipements--besne")
    assert (now["state"], now["id"]) == ("active", before)
    assert portal.publish().unchanged == ALL_OPEN


def test_a_platform_that_moved_keeps_its_datasets_and_leaves_no_old_link(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.publish()
    before = portal.show("equipements")
    monkeypatch.setattr("tests.catalogue.world.PUBLIC", "https://ailleurs.example")
    assert set(portal.publish().updated) == set(ALL_OPEN)
    now = portal.show("equipements")
    assert [each["id"] for each in now["resources"]] == [each["id"] for each in before["resources"]]
    assert "https://donnees.example" not in str(portal.everything())
    assert portal.publish().unchanged == ALL_OPEN


def test_a_dataset_of_somebody_else_is_not_looked_at(portal: Portal) -> None:
    portal.publish()
    values = {"name": "carnet", "title": "Carnet", "notes": "De la main de l'agglomération.", "owner_org": "agglo"}
    portal.editor.call_action("package_create", values)
    before = portal.show("carnet")
    assert portal.publish().unchanged == ALL_OPEN
    assert portal.show("carnet") == before


def test_every_field_of_ours_is_kept_by_ckan(portal: Portal) -> None:
    portal.publish()
    now = portal.show("equipements--besne")
    assert set(OWNED_BY_US) - set(now) <= {"archived_on"}


def test_without_a_token_the_message_names_the_setting(portal: Portal) -> None:
    settings = Settings(state_dir=portal.world.root, ckan_url=portal.address, ckan_token=None)
    with pytest.raises(CkanRefused, match="ARCHIPEL_CKAN_TOKEN"):
        read_token(settings)


def test_a_token_that_may_not_is_told_so_and_changes_nothing(portal: Portal) -> None:
    catalogue = portal.world.publish().catalogue
    account = CkanAccount(portal.address, "not-a-token", 30)
    with pytest.raises(CkanRefused, match="does not let this token"):
        CkanCatalogue(account).publish(catalogue, DistributionStore(portal.world.catalogue / "store"))
    assert portal.everything() == []


def test_a_ckan_that_is_down_is_told_by_its_address(portal: Portal) -> None:
    catalogue = portal.world.publish().catalogue
    account = CkanAccount("http://127.0.0.1:1", portal.token, 5)
    with pytest.raises(CkanRefused, match=r"http://127\.0\.0\.1:1 did not answer"):
        CkanCatalogue(account).publish(catalogue, DistributionStore(portal.world.catalogue / "store"))
