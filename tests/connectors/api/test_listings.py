"""What CKAN, Opendatasoft and data.gouv.fr say of all their datasets, over all pages, in the same names."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors import ckan, datagouv, ods
from connectors.ckan_records import record_of as ckan_record
from connectors.datagouv_records import record_of as datagouv_record
from connectors.ods_records import record_of as ods_record
from connectors.problems import BadOptions, SourceRefused, SourceUnavailable, UnexpectedAnswer
from tests.connectors.api.ckan_portal import CkanPortal, fail
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.ods_portal import OdsPortal
from tests.connectors.api.served import json_reply
from tests.connectors.api.udata_portal import UdataPortal

PORTAL = "https://portail.example"
PACKAGE: dict[str, Any] = {
    "id": "6f1c5e0a-0000-4000-8000-000000000001",
    "name": "pistes",
    "title": "Pistes cyclables",
    "notes": "Toutes.",
    "organization": {"name": "voirie", "title": "Service de la voirie"},
    "license_id": "lov2",
    "license_url": "https://www.etalab.gouv.fr/licence-ouverte",
    "metadata_modified": "2026-02-01T00:00:00",
    "tags": [{"name": "velo", "display_name": "vélo"}],
    "extras": [{"key": "spatial_text", "value": "Besné"}],
    "url": "https://origine.example/pistes",
    "resources": [{"id": "r1", "name": "Le CSV", "url": f"{PORTAL}/r1.csv", "format": "CSV", "hash": "ab12"}],
}
DESCRIBED: dict[str, Any] = {
    "dataset_id": "pistes",
    "has_records": True,
    "metas": {
        "default": {
            "title": "Pistes cyclables",
            "description": "<p>Toutes.</p>",
            "publisher": "Voirie",
            "license": "Licence Ouverte v2.0",
            "keyword": ["vélo"],
            "territory": ["Besné"],
            "modified": "2026-02-01T00:00:00+00:00",
            "references": "https://origine.example/pistes",
        }
    },
}
FOUND: dict[str, Any] = {
    "id": "6f1c5e0a000000000000",
    "title": "Pistes cyclables",
    "description": "Toutes.",
    "page": "https://www.data.gouv.fr/datasets/pistes/",
    "uri": "https://www.data.gouv.fr/api/2/datasets/6f1c5e0a000000000000/",
    "organization": {"name": "Voirie"},
    "license": "lov2",
    "tags": ["velo"],
    "spatial": {"zones": ["fr:commune:44013"]},
    "last_update": "2026-02-01T00:00:00+00:00",
    "harvest": {"remote_url": "https://origine.example/pistes"},
}


def _read(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_ckan_s_datasets_come_over_all_pages_and_those_of_the_search_alone(serve: Serve[CkanPortal], ask: Ask) -> None:
    portal = serve(CkanPortal())
    portal.packages = [{**PACKAGE, "name": f"jeu-{number}"} for number in range(5)]
    portal.packages[4]["organization"] = {"name": "culture"}
    found = _read(ckan.fetch(ask(portal, catalogue=True)).path)
    assert [each["uri"].rsplit("/", 1)[-1] for each in found] == [f"jeu-{number}" for number in range(5)]
    assert len(_read(ckan.fetch(ask(portal, catalogue=True, search="organization:culture")).path)) == 1
    assert ckan.check(ask(portal, catalogue=True)).filename == "datasets.ndjson"


def test_a_ckan_that_gives_fewer_than_it_announces_is_not_believed(serve: Serve[CkanPortal], ask: Ask) -> None:
    """Those that did not come would be taken for withdrawn."""
    portal = serve(CkanPortal())
    portal.packages, portal.announced = [PACKAGE], 3
    with pytest.raises(SourceUnavailable, match="1 datasets of 4"):
        ckan.fetch(ask(portal, catalogue=True))


def test_ckan_s_search_error_is_told(serve: Serve[CkanPortal], ask: Ask) -> None:
    portal = serve(CkanPortal())
    portal.instead = [fail("Search Query Error", "Search Query is invalid", 409)]
    with pytest.raises((SourceRefused, UnexpectedAnswer), match="invalid"):
        ckan.fetch(ask(portal, catalogue=True, search="x:"))


def test_opendatasoft_s_datasets_come_over_all_pages(serve: Serve[OdsPortal], ask: Ask) -> None:
    portal = serve(OdsPortal())
    portal.described = [{**DESCRIBED, "dataset_id": f"jeu-{number}"} for number in range(5)]
    found = _read(ods.fetch(ask(portal, catalogue=True)).path)
    assert [each["uri"] for each in found] == [f"{portal.address}/explore/dataset/jeu-{n}/" for n in range(5)]
    assert ods.check(ask(portal, catalogue=True)).filename == "datasets.ndjson"


def test_data_gouv_s_datasets_of_a_search_come_over_all_pages(serve: Serve[UdataPortal], ask: Ask) -> None:
    portal = serve(UdataPortal())
    portal.described = [{**FOUND, "uri": f"{portal.address}/{number}"} for number in range(5)]
    portal.described.append({**FOUND, "spatial": {"zones": []}})
    request = ask(portal, catalogue=True, search={"geozone": "fr:commune:44013"})
    assert len(_read(datagouv.fetch(request).path)) == 5
    assert datagouv.check(request).filename == "datasets.ndjson"
    portal.instead = [json_reply({"data": "x"})]
    with pytest.raises(UnexpectedAnswer):
        datagouv.fetch(request)


def test_the_three_say_the_same_of_the_same_dataset() -> None:
    told = [ckan_record(PACKAGE, PORTAL), ods_record(DESCRIBED, PORTAL), datagouv_record(FOUND)]
    for record in told:
        assert record["title"] == "Pistes cyclables"
        assert "https://origine.example/pistes" in record["landingPage"]
        assert record["modified"].startswith("2026-02-01T00:00:00")
        assert record["publisher"] in {"Service de la voirie", "Voirie"}
    assert [record["spatial"] for record in told] == [["Besné"], ["Besné"], ["fr:commune:44013"]]
    assert told[0]["distribution"][0]["checksum"] == "ab12"


@pytest.mark.parametrize(
    "record", [{}, {"resources": [3], "tags": "x", "organization": None}, {"metas": [], "spatial": 3}]
)
def test_what_a_portal_leaves_out_is_absent(record: dict[str, Any]) -> None:
    for told in (ckan_record(record, PORTAL), ods_record(record, PORTAL), datagouv_record(record)):
        assert set(told) <= {"uri", "landingPage"}


@pytest.mark.parametrize(
    ("connector", "options"),
    [
        (ckan, {"catalogue": True, "dataset": "x"}),
        (ckan, {"dataset": "x", "search": "y"}),
        (ods, {}),
        (ods, {"catalogue": True, "dataset": "x"}),
        (datagouv, {"catalogue": True}),
        (datagouv, {"dataset": "x", "search": {"q": "y"}}),
    ],
)
def test_a_file_or_the_catalogue_is_declared_not_both(
    connector: Any, options: dict[str, Any], serve: Serve[CkanPortal], ask: Ask
) -> None:
    with pytest.raises(BadOptions):
        connector.fetch(ask(serve(CkanPortal()), **options))
