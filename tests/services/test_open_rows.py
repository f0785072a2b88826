"""Rows in the DataStore: those of the file, typed, with the contract's dictionary, shown as a table."""

import pytest

from tests.catalogue.world import DAY_TWO, ROWS
from tests.services.portal import Portal

pytestmark = pytest.mark.services


def test_table_has_the_rows_of_the_file_with_types_and_titles(portal: Portal) -> None:
    portal.publish()
    found = portal.editor.call_action("datastore_search", {"resource_id": portal.csv_of("equipements")["id"]})
    types = {each["id"]: (each["type"], each.get("info", {}).get("label")) for each in found["fields"]}
    assert types["ouvert_le"] == ("date", "Ouverture")
    assert types["surface_m2"][0] == "numeric"
    assert types["nom"] == ("text", "Nom")
    assert {row["nom"]: (row["surface_m2"], row["ouvert_le"]) for row in found["records"]} == {
        "-12,5": (None, None),
        "=HYPERLINK(1)": (12.5, "2020-05-01"),
        "Gymnase, nº 1": (800, "2019-01-01"),
        'Salle "des fêtes"': (-3, "2021-02-03"),
    }


def test_rows_that_take_several_calls_are_all_there(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.catalogue.ckan.open_rows.ROWS_A_CALL", 3)
    portal.publish()
    assert "datastore_upsert" in portal.wire.written()
    found = portal.editor.call_action("datastore_search", {"resource_id": portal.csv_of("equipements")["id"]})
    assert (found["total"], len({row["nom"] for row in found["records"]})) == (4, 4)


def test_table_follows_the_file(portal: Portal) -> None:
    portal.publish()
    portal.world.share({**ROWS, "equipements": ROWS["equipements"][:1]})
    portal.publish(DAY_TWO)
    found = portal.editor.call_action("datastore_search", {"resource_id": portal.csv_of("equipements")["id"]})
    assert [row["nom"] for row in found["records"]] == ["=HYPERLINK(1)"]


def test_table_is_previewed_once_and_a_person_may_take_the_preview_away(portal: Portal) -> None:
    portal.publish()
    table = portal.csv_of("equipements")["id"]
    (view,) = portal.editor.call_action("resource_view_list", {"id": table})
    assert (view["view_type"], view["title"]) == ("datatables_view", "Tableau")
    portal.editor.call_action("resource_view_delete", {"id": view["id"]})
    portal.world.share({**ROWS, "equipements": ROWS["equipements"][:1]})
    portal.publish(DAY_TWO)
    assert portal.editor.call_action("resource_view_list", {"id": table}) == []
