"""No room left on the disk of a platform that serves: no row leaves without its entry, and every door says why.

Its own disk where the state lies in SQLite; that of the database alone where it lies in PostgreSQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from governance.journal.model import Search
from tests.api.small_platform import Running, small_platform
from tests.connectors.contract.adapters.sql import PostgresServer
from tests.faults.small_disk import fill, make_room, small_database, small_disk

FEED, RESEARCH = "/v1/feeds/consommation_energie", {"purpose": "dpv:ResearchAndDevelopment"}
MOST = 3000
"""More entries than fit into what the database has taken from the disk before it was full."""


@dataclass(frozen=True)
class OnSmallDisk:
    """The small platform, and the folder whose disk is to be filled."""

    running: Running
    disk: Path

    def entries(self) -> int:
        wanted = Search(kind="decision", target="consommation_energie", limit=10_000)
        return len(self.running.platform.journal.search(wanted))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnSmallDisk]:
    root = tmp_path_factory.mktemp("doors")
    if request.param == "sqlite":
        with small_disk(root / "state", mebibytes=32), small_platform(root) as made:
            yield OnSmallDisk(made, root / "state")
        return
    server: PostgresServer = request.getfixturevalue("postgresql")
    with small_database(server, 24) as (address, disk), small_platform(root, database_url=address) as made:
        yield OnSmallDisk(made, disk)
        made.platform.engine.dispose()


def test_no_row_leaves_without_its_entry_though_the_disk_is_full(serving: OnSmallDisk) -> None:
    before = serving.entries()
    with serving.running.client("exemple-startup") as client:
        fill(serving.disk)
        try:
            given, refused = _until_refused(client)
            ready = client.get("/health/ready")
            page = client.get("/fr/health")
        finally:
            make_room(serving.disk)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "30"
        assert refused.json()["reasons"][0]["code"] == "no_room_left"
        assert "Plus de place" in refused.json()["detail"]
        assert "no_room_left" in [told["code"] for told in ready.json()["reasons"]]
        assert "Plus de place sur le disque" in page.text
        assert "Traceback" not in page.text
        assert client.get(FEED, params=RESEARCH).status_code == 200
        assert client.get("/health/ready").status_code == 200
    assert serving.entries() == before + given + 1
    assert serving.running.platform.journal.verify() is None


def _until_refused(client: httpx.Client) -> tuple[int, httpx.Response]:
    """Ask until the answer is no: how many were given before it, and the refusal, which has no row in it."""
    for given in range(MOST):
        answer = client.get(FEED, params=RESEARCH)
        if answer.status_code != 200:
            assert "PDL-EXEMPLE" not in answer.text
            return given, answer
    raise AssertionError("rows were given on and on")
