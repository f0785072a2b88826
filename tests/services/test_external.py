"""Datasets of others in a real CKAN: theirs by every field, reconciled like ours, in no export that harvesters read."""

from collections.abc import Iterator
from typing import Any

import pytest
from pyshacl import validate
from rdflib import DCAT, RDF, Graph

from connectors import ckan
from connectors.base import EgressRules, FetchRequest, Limits
from connectors.records import json_lines
from governance.catalogue.ckan.account import CkanAccount
from governance.catalogue.ckan.ckan_catalogue import CkanCatalogue
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from tests.catalogue.neighbours import GRACE, PORTAL, Neighbours, declared_as, record_of
from tests.catalogue.shapes import THREE, shapes_of
from tests.catalogue.world import DAY_ONE, DAY_TWO, PUBLIC
from tests.services.portal import Portal

pytestmark = pytest.mark.services


@pytest.fixture
def neighbours(portal: Portal) -> Iterator[Neighbours]:
    made = Neighbours(portal.world, declared_as())
    made.tell([record_of("besne"), record_of("donges")])
    yield made
    portal.empty()
    portal.editor.call_action("organization_purge", {"id": "departement"})


def _publish(portal: Portal, neighbours: Neighbours, at: Any = DAY_ONE) -> PublicationResult:
    catalogue = neighbours.publish(at).catalogue
    portal.wire.forget()
    account = CkanAccount(portal.wire.address, portal.token, 30)
    return CkanCatalogue(account).publish(catalogue, DistributionStore(portal.world.catalogue / "store"))


def _theirs(portal: Portal) -> dict[str, dict[str, Any]]:
    return {each["title"]: each for each in portal.everything() if each.get("external_catalogue")}


def test_theirs_stand_in_ckan_as_theirs(portal: Portal, neighbours: Neighbours) -> None:
    created = _publish(portal, neighbours).created
    assert len([name for name in created if name.startswith("externe--departement--")]) == 2
    besne = _theirs(portal)["Pistes de besne"]
    assert (besne["uri"], besne["url"]) == (f"{PORTAL}/dataset/besne", f"{PORTAL}/dataset/besne")
    assert besne["organization"]["title"] == "Portail du département (exemple)"
    assert [each["name"] for each in besne["publisher"]] == ["Département (exemple)"]
    assert [each["url"] for each in besne["resources"]] == [f"{PORTAL}/besne.csv"]
    assert (besne["license_id"], besne["resources"][0].get("datastore_active")) == ("etalab-2.0", False)


def test_told_again_nothing_is_written(portal: Portal, neighbours: Neighbours) -> None:
    _publish(portal, neighbours)
    result = _publish(portal, neighbours, DAY_TWO)
    assert (result.changed, portal.wire.written()) == (False, [])


def test_what_changes_there_changes_here_and_a_person_s_words_stay(portal: Portal, neighbours: Neighbours) -> None:
    _publish(portal, neighbours)
    name = _theirs(portal)["Pistes de besne"]["name"]
    portal.editor.call_action("package_patch", {"id": name, "editorial_note": "Vu.", "title": "Titre d'une autre main"})
    files = [{"title": "JSON", "downloadURL": f"{PORTAL}/besne.json", "format": "json"}]
    neighbours.tell([record_of("besne", title="Voies de Besné", distribution=files), record_of("donges")], DAY_TWO)
    assert _publish(portal, neighbours, DAY_TWO).updated == (name,)
    now = portal.show(name)
    assert (now["title"], now["editorial_note"]) == ("Voies de Besné", "Vu.")
    assert [each["url"] for each in now["resources"]] == [f"{PORTAL}/besne.json"]
    assert _publish(portal, neighbours, DAY_TWO).changed is False


def test_what_they_withdraw_is_hidden_after_the_days_of_grace(portal: Portal, neighbours: Neighbours) -> None:
    _publish(portal, neighbours)
    name = _theirs(portal)["Pistes de donges"]["name"]
    neighbours.tell([record_of("besne")], DAY_TWO)
    assert _publish(portal, neighbours, DAY_TWO).archived == ()
    assert _publish(portal, neighbours, DAY_TWO + GRACE).archived == (name,)
    assert portal.show(name)["private"]
    assert portal.anonymous(f"/dataset/{name}").status_code == 404
    neighbours.tell([record_of("besne"), record_of("donges")], DAY_TWO + GRACE)
    assert _publish(portal, neighbours, DAY_TWO + GRACE).created == (name,)
    assert portal.anonymous(f"/dataset/{name}").status_code == 200


@pytest.mark.parametrize("path", ["/catalog.ttl", "/catalog.jsonld", "/fr/catalog.ttl", "/catalog.ttl?q=pistes"])
def test_no_export_gives_them_theirs_back(portal: Portal, neighbours: Neighbours, path: str) -> None:
    _publish(portal, neighbours)
    answer = portal.anonymous(path)
    assert answer.status_code == 200
    graph = Graph().parse(data=answer.content.decode(), format="json-ld" if "jsonld" in path else "turtle")
    datasets = [str(each) for each in graph.subjects(RDF.type, DCAT.Dataset)]
    assert [each for each in datasets if not each.startswith(PUBLIC)] == []
    assert PORTAL not in answer.text
    assert datasets or "q=" in path


@pytest.mark.shared
def test_one_of_theirs_is_within_the_shapes(portal: Portal, neighbours: Neighbours) -> None:
    _publish(portal, neighbours)
    name = _theirs(portal)["Pistes de besne"]["name"]
    graph = Graph().parse(data=portal.anonymous(f"/dataset/{name}.ttl").content.decode(), format="turtle")
    conforms, _, report = validate(graph, shacl_graph=shapes_of(*THREE), allow_warnings=False)
    assert conforms, report


def test_a_ckan_that_lists_ours_and_theirs_is_read_and_ours_are_known(
    portal: Portal, neighbours: Neighbours, tmp_path: Any
) -> None:
    """As another federation's portal: its action API gives all, and what came from us is told by its address."""
    _publish(portal, neighbours)
    place = portal.address.removeprefix("http://")
    limits = Limits(timeout_seconds=60, attempts=1, egress=EgressRules(exceptions=(place,)))
    request = FetchRequest(options={"url": portal.address, "catalogue": True}, into=tmp_path / "x", limits=limits)
    path = ckan.fetch(request).path
    assert path is not None
    neighbours.declare(declared_as(), declared_as("voisine"))
    neighbours.tell(list(json_lines(path, "x")), name="voisine")
    listing = neighbours.list(neighbours.publish().catalogue, DAY_ONE)
    assert sorted(each.kind for each in listing.compared if each.portal == "voisine") == [
        "ours", "ours", "ours", "same_identifier", "same_identifier",
    ]  # fmt: skip
    assert [each.id for each in listing.catalogues] == ["departement"]


def test_a_dataset_that_a_person_made_is_not_taken_for_one_of_them(portal: Portal, neighbours: Neighbours) -> None:
    _publish(portal, neighbours)
    fields = {"name": "a-la-main", "title": "À la main", "notes": "x", "owner_org": "departement"}
    portal.editor.call_action("package_create", {**fields, "external_catalogue": "departement"})
    assert _publish(portal, neighbours).changed is False
    assert not portal.show("a-la-main")["private"]
