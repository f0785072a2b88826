"""DCAT-AP: the same records whatever the form, one distribution's file, and nothing fetched behind our back."""

import json
from typing import Any

import pytest

from connectors import dcat
from connectors.base import Fetched
from connectors.problems import SourceRefused, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.dcat_catalogue import DcatCatalogue
from tests.connectors.api.served import Reply
from tests.connectors.example_site import CONTENT


@pytest.fixture(params=["turtle", "json-ld", "xml"])
def catalogue(serve: Serve[DcatCatalogue], request: pytest.FixtureRequest) -> DcatCatalogue:
    return serve(DcatCatalogue(str(request.param)))


@pytest.fixture
def turtle(serve: Serve[DcatCatalogue]) -> DcatCatalogue:
    return serve(DcatCatalogue())


def _url(catalogue: DcatCatalogue) -> str:
    return f"{catalogue.address}/catalog"


def _rows(fetched: Fetched) -> list[dict[str, Any]]:
    assert fetched.path is not None
    return [json.loads(line) for line in fetched.path.read_text("utf-8").splitlines()]


def test_records_are_the_same_in_every_form_over_all_pages(catalogue: DcatCatalogue, ask: Ask) -> None:
    rows = _rows(dcat.fetch(ask(catalogue, url=_url(catalogue))))
    assert [row["identifier"] for row in rows] == [f"d{number:02}" for number in range(50)]
    first = rows[0]
    assert (first["title"], first["publisher"]) == ("Jeu 0", "Commune d'exemple")
    assert first["keyword"] == ["associations", "subventions"]
    assert first["distribution"][0]["downloadURL"] == f"{catalogue.address}/files/fichier.csv"
    assert len(catalogue.asked) == 3


def test_media_type_that_says_nothing_is_no_obstacle(catalogue: DcatCatalogue, ask: Ask) -> None:
    catalogue.titles = {"d00": "Jeu 0"}
    whole = dcat.fetch(ask(catalogue, url=_url(catalogue)))
    body = catalogue.answer(catalogue.asked[0]).body
    catalogue.instead = [Reply(body, headers={"Content-Type": "application/octet-stream"})]
    assert dcat.fetch(ask(catalogue, whole.validators, url=_url(catalogue))).not_modified


def test_language_is_declared(turtle: DcatCatalogue, ask: Ask) -> None:
    rows = _rows(dcat.fetch(ask(turtle, url=_url(turtle), language="en")))
    assert rows[0]["title"] == "Jeu 0 in English"


@pytest.mark.parametrize(
    "wanted",
    [
        {"distribution": "https://data.example.org/d42/csv"},
        {"dataset": "d42", "format": "CSV"},
        {"dataset": "https://data.example.org/d42"},
    ],
    ids=str,
)
def test_file_of_a_distribution_is_taken_and_costs_nothing_unchanged(
    turtle: DcatCatalogue, ask: Ask, wanted: dict[str, str]
) -> None:
    first = dcat.fetch(ask(turtle, url=_url(turtle), **wanted))
    assert first.path is not None
    assert (first.path.read_bytes(), first.filename) == (CONTENT, "fichier.csv")
    again = dcat.fetch(ask(turtle, first.validators, url=_url(turtle), **wanted))
    assert (again.not_modified, again.received_bytes) == (True, 0)


@pytest.mark.parametrize("wanted", [{"dataset": "d42", "format": "JSON"}, {"distribution": "absent"}], ids=str)
def test_distribution_that_is_not_there_is_named(turtle: DcatCatalogue, ask: Ask, wanted: dict[str, str]) -> None:
    with pytest.raises(SourceRefused, match="no file for"):
        dcat.check(ask(turtle, url=_url(turtle), **wanted))


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b'{"@context": "http://elsewhere.example.org/c.jsonld"}', "application/ld+json", "context is elsewhere"),
        (b'{"@graph": [{"@context": [{}, "c.jsonld"]}]}', "application/ld+json", "context is elsewhere"),
        (b'{"@context": {"@import": "c.jsonld"}}', "application/ld+json", "context is elsewhere"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "application/rdf+xml", "declares entities"),
        (b"<html><body>login</body>", "text/html", "no readable turtle"),
        (b"@prefix a: <", "text/turtle", "no readable turtle"),
        (b"{", "application/ld+json", "not JSON"),
        (b'<?xml version="1.0"?><a', "application/rdf+xml", "no readable xml"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_read_safely_is_refused(
    turtle: DcatCatalogue, ask: Ask, body: bytes, kind: str, said: str
) -> None:
    turtle.instead = [Reply(body, headers={"Content-Type": kind})]
    with pytest.raises(UnexpectedAnswer, match=said):
        dcat.fetch(ask(turtle, url=_url(turtle)))
    assert len(turtle.asked) == 1


def test_nodes_without_address_are_in_the_same_order_each_time(turtle: DcatCatalogue, ask: Ask) -> None:
    files = "".join(f'[a dcat:Distribution; dct:title "f{number}"],' for number in range(9)).rstrip(",")
    names = "@prefix dcat: <http://www.w3.org/ns/dcat#>. @prefix dct: <http://purl.org/dc/terms/>."
    text = f"{names} <d> a dcat:Dataset; dcat:distribution {files}."
    turtle.refusal = Reply(text.encode(), headers={"Content-Type": "text/turtle"})
    first = dcat.fetch(ask(turtle, url=_url(turtle)))
    assert dcat.fetch(ask(turtle, first.validators, url=_url(turtle))).not_modified
