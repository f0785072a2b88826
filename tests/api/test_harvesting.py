"""Our own connector reads our whole catalogue by its pages, and what was withdrawn is gone at each of its addresses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors import dcat
from connectors.base import EgressRules, Fetched, FetchRequest, Limits, Validators
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue
from governance.catalogue.store import DistributionStore
from tests.api.small_platform import Running
from tests.catalogue.many import enlarged
from tests.catalogue.world import ROWS, World

pytestmark = pytest.mark.services
GONE = "equipements--lieu-00007"


def _fetch(running: Running, into: Path, since: Validators | None = None) -> Fetched:
    place = urlsplit(running.url).netloc
    limits = Limits(timeout_seconds=10, attempts=1, egress=EgressRules(exceptions=(place,)))
    options = {"url": f"{running.url}/catalogue/pages/1.ttl"}
    return dcat.fetch(FetchRequest(options=options, into=into, since=since or Validators(), limits=limits))


@pytest.fixture
def harvested(running: Running, tmp_path: Path) -> Iterator[tuple[World, Catalogue]]:
    """The platform serves a catalogue of 303 datasets, from which one was withdrawn."""
    world = World(tmp_path)
    world.share(ROWS)
    catalogue = world.publish().catalogue.model_copy(update={"public_address": running.url})
    store = DistributionStore(world.catalogue / "store")
    less = enlarged(catalogue, 301, store, frozenset({GONE}))
    for each in (enlarged(catalogue, 301, store), less):
        FileCatalogue(world.catalogue).publish(each, store)
    root = running.platform.settings.state_dir / "catalogue"
    root.mkdir(exist_ok=True)
    kept = [(root / name, root / f"{name}.kept") for name in ("current", "archive")]
    for path, aside in kept:
        if path.is_symlink() or path.exists():
            path.rename(aside)
        path.symlink_to((world.catalogue / path.name).resolve())
    yield world, less
    for path, aside in kept:
        path.unlink()
        if aside.is_symlink() or aside.exists():
            aside.rename(path)


def test_our_connector_reads_the_whole_catalogue_page_by_page(
    running: Running, harvested: tuple[World, Catalogue], tmp_path: Path
) -> None:
    _, catalogue = harvested
    first = _fetch(running, tmp_path / "into")
    assert first.path is not None
    rows = [json.loads(line) for line in first.path.read_text("utf-8").splitlines()]
    assert sorted(row["identifier"] for row in rows) == sorted(each.id for each in catalogue.datasets)
    told = {row["identifier"]: row for row in rows}
    assert told["equipements--besne"]["uri"] == f"{running.url}/id/dataset/equipements--besne"
    assert {len(row["distribution"]) for row in rows} == {3}
    assert _fetch(running, tmp_path / "again", first.validators).not_modified


@pytest.mark.parametrize(
    "address",
    [
        f"/id/dataset/{GONE}", f"/id/record/{GONE}", f"/id/distribution/{GONE}/csv", f"/catalogue/datasets/{GONE}.ttl",
        f"/catalogue/datasets/{GONE}-2.1.1.ttl", f"/catalogue/datasets/{GONE}.json",
        f"/catalogue/files/{GONE}.0123456789abcdef.csv",
    ],
)  # fmt: skip
def test_what_was_withdrawn_is_gone_at_each_of_its_addresses(
    running: Running, harvested: tuple[World, Catalogue], address: str
) -> None:
    answer = running.client(**{"Accept-Language": "en"}).get(address)
    assert answer.status_code == 410
    problem = answer.json()
    assert problem["reasons"][0]["code"] == "dataset_withdrawn"
    assert GONE in problem["detail"]


def test_what_is_open_or_never_was_is_not_gone(running: Running, harvested: tuple[World, Catalogue]) -> None:
    client = running.client(Accept="text/turtle")
    assert client.get("/catalogue/datasets/equipements--lieu-00008.ttl").status_code == 200
    assert client.get("/catalogue/datasets/equipements--nowhere.ttl").status_code == 404


def test_an_identifier_leads_programs_to_the_dataset_alone(
    running: Running, harvested: tuple[World, Catalogue]
) -> None:
    world, _ = harvested
    alone = world.served.resolve() / "datasets" / "subventions--donges.ttl"
    alone.write_text("# alone\n")
    answer = running.client(Accept="text/turtle").get("/id/dataset/subventions--donges")
    assert answer.headers["location"] == "/catalogue/datasets/subventions--donges.ttl"
    alone.unlink()


def _compare(running: Running, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    settings = running.platform.settings
    command = [str(Path(sys.executable).parent / "archipel"), "compare", address, *options]
    folders = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    reach = {
        "ARCHIPEL_CONSOLE_PORT": str(settings.console_port),
        "ARCHIPEL_EGRESS_EXCEPTIONS": json.dumps([urlsplit(address).netloc]),
    }
    environment = {**os.environ, **reach}
    return subprocess.run([*command, *folders], env=environment, capture_output=True, text=True, check=False)


def test_our_own_catalogue_is_known_as_ours_from_the_command_line(
    running: Running, harvested: tuple[World, Catalogue]
) -> None:
    _, catalogue = harvested
    done = _compare(running, f"{running.url}/catalogue/pages/1.ttl", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts == {**dict.fromkeys(counts, 0), "ours": len(catalogue.datasets)}
    words = _compare(running, f"{running.url}/catalogue/pages/1.ttl").stdout.splitlines()
    assert words[0].startswith("le nôtre, revenu")
    assert words[-1].startswith("nouveau 0")


def test_a_portal_that_cannot_be_read_is_told_in_the_readers_language(running: Running) -> None:
    done = _compare(running, f"{running.url}/catalogue/nowhere.ttl", "--lang", "en")
    assert done.returncode == 2
    assert "404" in done.stderr and "Traceback" not in done.stderr
