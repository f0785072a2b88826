"""data.gouv.fr: which resource is taken, over all pages, and when its checksum spares the question."""

import pytest

from connectors import datagouv
from connectors.problems import BadOptions, SourceRefused, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.served import json_reply
from tests.connectors.api.udata_portal import UdataPortal
from tests.connectors.example_site import CONTENT


@pytest.fixture
def portal(serve: Serve[UdataPortal]) -> UdataPortal:
    return serve(UdataPortal())


def test_resource_is_taken_at_its_lasting_address(portal: UdataPortal, ask: Ask) -> None:
    fetched = datagouv.fetch(ask(portal, resource="r1"))
    assert (fetched.filename, fetched.size) == ("fichier.csv", len(CONTENT))
    assert portal.paths() == ["/api/2/datasets/resources/r1/", "/api/1/datasets/r/r1", "/files/r1/fichier.csv"]


def test_newest_resource_of_a_schema_is_found_over_all_pages(portal: UdataPortal, ask: Ask) -> None:
    for number in range(2, 6):
        portal.put(f"r{number}", b"id\n%d\n" % number, f"2025-0{number}-01T00:00:00+00:00", "scdl/subventions")
    portal.put("r6", b"other\n", "2025-09-01T00:00:00+00:00", "scdl/deliberations")
    fetched = datagouv.fetch(ask(portal, dataset="subventions", schema_name="scdl/subventions"))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == b"id\n5\n"
    assert [one.query.get("page") for one in portal.asked[:3]] == ["1", "2", "3"]


def test_hosted_file_of_a_known_checksum_is_not_asked_for(portal: UdataPortal, ask: Ask) -> None:
    first = datagouv.fetch(ask(portal, resource="r1"))
    portal.asked.clear()
    assert datagouv.fetch(ask(portal, first.validators, resource="r1")).not_modified
    assert portal.paths() == ["/api/2/datasets/resources/r1/"]


def test_checksum_of_a_file_elsewhere_is_not_believed(portal: UdataPortal, ask: Ask) -> None:
    portal.kind = "remote"
    first = datagouv.fetch(ask(portal, resource="r1"))
    portal.asked.clear()
    assert datagouv.fetch(ask(portal, first.validators, resource="r1")).not_modified
    assert portal.paths()[-1] == "/files/r1/fichier.csv"


def test_changed_file_is_taken_again(portal: UdataPortal, ask: Ask) -> None:
    first = datagouv.fetch(ask(portal, resource="r1"))
    portal.files["r1"] = CONTENT + b"1;x\n"
    assert datagouv.fetch(ask(portal, first.validators, resource="r1")).size == len(CONTENT) + 4


def test_withdrawn_dataset_is_told_with_what_to_do(portal: UdataPortal, ask: Ask) -> None:
    portal.withdrawn = True
    with pytest.raises(SourceRefused, match="Dataset has been deleted") as caught:
        datagouv.check(ask(portal, dataset="subventions"))
    assert "withdrawn" in caught.value.remedy_en


def test_schema_that_nothing_declares_is_named(portal: UdataPortal, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="scdl/budget"):
        datagouv.fetch(ask(portal, dataset="subventions", schema_name="scdl/budget"))


def test_page_without_a_list_is_said(portal: UdataPortal, ask: Ask) -> None:
    portal.instead = [json_reply({"data": {"r1": {}}})]
    with pytest.raises(UnexpectedAnswer, match="'data' is not a list of objects"):
        datagouv.fetch(ask(portal, dataset="subventions"))


def test_pages_in_a_circle_are_left(portal: UdataPortal, ask: Ask) -> None:
    link = f"{portal.address}/api/2/datasets/subventions/resources/?page=1"
    portal.instead = [json_reply({"data": [], "next_page": link}) for _ in range(3)]
    with pytest.raises(UnexpectedAnswer, match="circle"):
        datagouv.fetch(ask(portal, dataset="subventions"))


def test_one_of_resource_and_dataset_is_declared(portal: UdataPortal, ask: Ask) -> None:
    with pytest.raises(BadOptions, match="either resource or dataset"):
        datagouv.fetch(ask(portal))
