"""Nothing that is not open is in CKAN: no dataset, no column, no cell, in no door of it."""

import pytest

from tests.catalogue.world import SECRETS
from tests.services.portal import Portal

pytestmark = pytest.mark.services


def _doors(portal: Portal) -> list[str]:
    """What anybody, and what an editor, can read: the search with everything, every table, both exports, the pages."""
    found = [str(portal.everything())]
    for dataset in portal.everything():
        for resource in dataset["resources"]:
            if resource["datastore_active"]:
                found.append(str(portal.editor.call_action("datastore_search", {"resource_id": resource["id"]})))
        found += [portal.anonymous(f"/dataset/{dataset['name']}{end}").text for end in ("", ".ttl", ".jsonld")]
    return [*found, *(portal.anonymous(path).text for path in ("/catalog.ttl", "/dataset/", "/"))]


def test_no_byte_of_what_is_not_open_is_in_any_door(portal: Portal) -> None:
    portal.publish()
    doors = _doors(portal)
    assert any("Gymnase" in door for door in doors)
    assert [secret for secret in SECRETS for door in doors if secret in door] == []
    assert {each["name"].split("--")[0] for each in portal.everything()} == {"equipements"}


def test_a_member_that_keeps_its_rows_has_them_nowhere(portal: Portal) -> None:
    portal.publish()
    portal.world.decisions.closed.add(("equipements", "donges"))
    portal.publish()
    assert [door for door in _doors(portal) if "Gymnase" in door] == []


def test_a_column_that_a_member_keeps_back_leaves_its_table(portal: Portal) -> None:
    portal.publish()
    portal.world.decisions.closed_columns.add(("equipements", "besne", "surface_m2"))
    portal.publish()
    table = portal.csv_of("equipements--besne")["id"]
    fields = portal.editor.call_action("datastore_search", {"resource_id": table})["fields"]
    assert "surface_m2" not in [each["id"] for each in fields]
    assert "nom" in [each["id"] for each in fields]
