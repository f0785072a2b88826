"""One CKAN, several names: under a commune's own it shows that commune's data alone, in its colours."""

import httpx
import pytest
from rdflib import DCAT, RDF, Graph

from tests.services.portal import Portal

pytestmark = pytest.mark.services
HOST = "donges.localhost"


def _get(published: Portal, path: str, host: str = HOST, **query: str) -> httpx.Response:
    return httpx.get(f"{published.address}{path}", headers={"Host": host}, params=query, timeout=60)


def test_search_under_a_communes_name_finds_its_datasets_alone(published: Portal) -> None:
    def found(host: str, **query: str) -> list[str]:
        answer = _get(published, "/api/3/action/package_search", host, **query).json()["result"]
        return sorted(each["name"] for each in answer["results"])

    assert found(HOST) == ["equipements--donges"]
    assert found(f"{HOST}:8718") == ["equipements--donges"]
    assert found("127.0.0.1") == ["equipements", "equipements--besne", "equipements--donges"]
    # Whoever asks for another's under this name gets nothing, not everything.
    assert found(HOST, fq="organization:besne") == []
    assert set(found(HOST, fq="organization:besne OR organization:agglo")) <= {"equipements--donges"}


def test_its_catalogue_is_its_part(published: Portal) -> None:
    graph = Graph().parse(data=_get(published, "/catalog.ttl").content.decode(), format="turtle")
    named = [str(node).rsplit("/", 1)[-1] for node in graph.subjects(RDF.type, DCAT.Dataset)]
    assert named == ["equipements--donges"]


def test_its_home_page_has_its_title_colours_and_the_way_to_what_it_keeps(published: Portal) -> None:
    page = _get(published, "/").text
    assert "Donges, données ouvertes" in page
    assert "#0b5c6b" in page
    assert f"//{HOST}:" in page and "ce qu'elle ne partage pas" in page.replace("&#39;", "'")
    assert "Besné" not in page
    federation = _get(published, "/", "127.0.0.1").text
    assert "Besné" in federation and "#0b5c6b" not in federation
    assert "Donges, open data" in _get(published, "/en/").text
