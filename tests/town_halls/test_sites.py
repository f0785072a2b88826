"""The example web server speaks real HTTP; the connectors' tests show the rest of what it can do."""

import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest
import yaml

from connectors import dcat
from connectors.base import EgressRules, FetchRequest, Limits
from connectors.records import json_lines
from governance.settings import PROJECT_ROOT
from infra.town_halls.generate import generate
from infra.town_halls.portal import CATALOGUE
from infra.town_halls.serve import Sites


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    out = tmp_path_factory.mktemp("sites")
    generate(out, rows_factor=0.05)
    with Sites(out) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _get(sites: Sites, path: str, **headers: str) -> HTTPResponse:
    request = urllib.request.Request(f"{sites.address}/{path}", headers=headers)
    response: HTTPResponse = urllib.request.urlopen(request, timeout=5)
    return response


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("saint-nazaire/equipements.csv", {"ETag", "Last-Modified"}),
        ("trignac/equipements.csv", {"ETag"}),
        ("donges/export_equipements.txt", {"Last-Modified"}),
        ("pornichet/Equipements.csv", set()),
    ],
)
def test_each_site_sends_its_own_validators(sites: Sites, path: str, sent: set[str]) -> None:
    headers = _get(sites, path).headers
    assert {name for name in ("ETag", "Last-Modified") if name in headers} == sent


def test_one_member_is_down_whatever_is_asked(sites: Sites) -> None:
    for path in ("besne/subventions.csv", "besne/equipements.csv", "besne/"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            _get(sites, path)
        assert caught.value.code == 503


@pytest.mark.parametrize("path", ["manifest.json", "behaviour.yaml", "../pyproject.toml", "%2e%2e/%2e%2e/etc/hostname"])
def test_nothing_but_the_sites_is_served(sites: Sites, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _get(sites, path)
    assert caught.value.code == 404


def test_range_gives_the_rest_of_the_file(sites: Sites) -> None:
    whole = _get(sites, "trignac/equipements.csv").read()
    rest = _get(sites, "trignac/equipements.csv", Range="bytes=100-")
    assert (rest.status, rest.read()) == (206, whole[100:])
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"


def test_range_of_another_version_gives_the_whole_file(sites: Sites) -> None:
    answer = _get(sites, "trignac/equipements.csv", **{"Range": "bytes=100-", "If-Range": '"other"'})
    assert answer.status == 200


def test_listing_shows_a_site_s_files_and_says_they_are_synthetic(sites: Sites) -> None:
    page = _get(sites, "pornichet/").read().decode()
    assert 'href="Subventions%20Pornichet.csv"' in page
    front = _get(sites, "").read().decode()
    assert 'href="pornichet/"' in front
    assert "behaviour" not in front
    assert "synthétiques" in page


def test_what_a_clerk_keeps_is_on_no_site(sites: Sites) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _get(sites, "saint-malo-de-guersac/equipements.csv")
    assert caught.value.code == 404
    page = _get(sites, "saint-malo-de-guersac/").read().decode()
    assert "subventions.csv" in page and "equipements" not in page


def test_the_portal_s_catalogue_is_read_by_our_own_connector_and_its_links_lead_somewhere(
    sites: Sites, tmp_path: Path
) -> None:
    assert _get(sites, CATALOGUE).headers["Content-Type"] == "text/turtle; charset=utf-8"
    limits = Limits(attempts=1, egress=EgressRules(exceptions=(sites.address.removeprefix("http://"),)))
    request = FetchRequest(options={"url": f"{sites.address}/{CATALOGUE}"}, into=tmp_path, limits=limits)
    path = dcat.fetch(request).path
    assert path is not None
    records = list(json_lines(path, "x"))
    assert len(records) == 7
    for record in records:
        assert "(exemple)" in record["title"]
        (file,) = record["distribution"]
        for address in (*record["landingPage"], file["downloadURL"]):
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.status == 200


def test_misspelt_behaviour_is_refused_and_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "behaviour.yaml").write_text(yaml.safe_dump({"a/": {"statu": 503}}))
    with Sites(tmp_path) as server, pytest.raises(ValueError, match="statu"):
        server.behave("a/file.csv")


def test_command_serves_what_the_generator_command_made(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path), "--seed", "3", "--rows-factor", "0.05"]
    made = subprocess.run(
        [sys.executable, "-m", "infra.town_halls.generate", *out],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout.startswith("46 files")
    serve = [sys.executable, "-m", "infra.town_halls.serve", "--dir", str(tmp_path), "--port", "0"]
    with subprocess.Popen(serve, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{address}/trignac/equipements.csv", timeout=5) as answer:
                assert answer.read() == (tmp_path / "trignac" / "equipements.csv").read_bytes()
        finally:
            process.terminate()
