"""Every identifier of the catalogue leads somewhere: to a page for people, to the graph for programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.small_platform import Running

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("catalogue", "/en/"),
        ("catalogue/donges", "/en/members/donges"),
        ("dataset/subventions", "/en/datasets/subventions"),
        ("dataset/subventions--donges", "/en/datasets/subventions"),
        ("record/subventions", "/en/datasets/subventions"),
        ("offer/subventions--donges", "/en/datasets/subventions"),
        ("organisation/donges", "/en/members/donges"),
        ("feed/subventions", "/v1/feeds/subventions/description"),
        ("metric/rows", "/en/about"),
    ],
)
def test_identifier_leads_to_what_describes_it(running: Running, identifier: str, address: str) -> None:
    client = running.client(**{"Accept-Language": "en"})
    answer = client.get(f"/id/{identifier}")
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert client.get(address).status_code == 200


def test_programs_are_led_to_the_graph(running: Running) -> None:
    for accept, address in (("text/turtle", "catalog.ttl"), ("application/ld+json", "catalog.jsonld")):
        answer = running.client(Accept=accept).get("/id/dataset/subventions--donges")
        assert answer.headers["location"] == f"/catalogue/{address}"


@pytest.fixture
def published(running: Running) -> Iterator[Path]:
    """The folder of files of a catalogue that is current for one test."""
    root = running.platform.settings.state_dir / "catalogue"
    files, current = root / "versions" / "identifiers" / "files", root / "current"
    files.mkdir(parents=True)
    before = current.readlink() if current.is_symlink() else None
    current.unlink(missing_ok=True)
    current.symlink_to("versions/identifiers")
    yield files
    current.unlink()
    if before is not None:
        current.symlink_to(before)


def test_distribution_leads_to_its_published_file(running: Running, published: Path) -> None:
    (published / "subventions--donges.0a1b2c3d4e5f6071.csv").write_text("a\n", encoding="utf-8")
    answer = running.client().get("/id/distribution/subventions--donges/csv")
    assert answer.headers["location"] == "/catalogue/files/subventions--donges.0a1b2c3d4e5f6071.csv"
    assert running.client().get(answer.headers["location"]).text == "a\n"


@pytest.mark.parametrize(
    "identifier",
    [
        "dataset/nowhere", "dataset/subventions--nowhere", "organisation/nowhere", "nothing/subventions",
        "distribution/subventions/xml", "distribution/subventions/..%2f*", "metric/%2e%2e", "feed/",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(running: Running, identifier: str) -> None:
    answer = running.client().get(f"/id/{identifier}")
    assert answer.status_code == 404
    assert answer.json()["reasons"]
