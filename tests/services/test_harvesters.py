"""CKAN's own reader of DCAT (ckanext-dcat), in CKAN's own environment, walks our pages and meets every dataset."""

import json
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from governance.catalogue import paging
from governance.catalogue.file_catalogue import FileCatalogue
from governance.catalogue.model import Catalogue
from governance.catalogue.store import DistributionStore
from infra.native.services.ckan_environment import program
from tests.catalogue.many import enlarged
from tests.catalogue.world import ROWS, World
from tests.services.stack import Stack

pytestmark = pytest.mark.services
_WALK = """
import json, sys, urllib.request
from ckanext.dcat.processors import RDFParser
address, found = sys.argv[1], []
while address:
    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    with urllib.request.urlopen(address) as answer:
        parser.parse(answer.read().decode(), _format="ttl")
    for each in parser.datasets():
        extras = {extra["key"]: extra["value"] for extra in each["extras"]}
        found.append([each.get("identifier") or extras["identifier"], len(each["resources"])])
    address = parser.next_page()
print(json.dumps(found))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "catalogue").symlink_to(tmp_path / "catalogue" / "current")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_ckan_reads_every_dataset_from_page_to_page(
    stack: Stack, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "DATASETS_A_PAGE", 4)
    world = World(tmp_path)
    world.share(ROWS)
    small, store = world.publish().catalogue, DistributionStore(world.catalogue / "store")
    told = {name: getattr(small, name) for name in Catalogue.model_fields} | {"public_address": served}
    catalogue = enlarged(Catalogue(**told), 12, store)
    FileCatalogue(world.catalogue).publish(catalogue, store)
    assert len(list((world.served / "pages").glob("*.ttl"))) == 4
    command = [program("python"), "-c", _WALK, f"{served}/catalogue/pages/1.ttl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sorted(name for name, _ in found) == sorted(each.id for each in catalogue.datasets)
    assert {files for _, files in found} == {3}
