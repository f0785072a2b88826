"""No room left on the disk of a platform that serves: no row leaves without its entry, and every door says why."""

from collections.abc import Iterator

import httpx
import pytest

from governance.journal.model import Search
from tests.api.small_platform import Running, small_platform
from tests.faults.small_disk import fill, make_room, small_disk

FEED, RESEARCH = "/v1/feeds/consommation_energie", {"purpose": "dpv:ResearchAndDevelopment"}
MOST = 3000
"""More entries than fit into what the database has taken from the disk before it was full."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("doors")
    with small_disk(root / "state", mebibytes=32), small_platform(root) as made:
        yield made


def _entries(serving: Running) -> int:
    return len(serving.platform.journal.search(Search(kind="decision", target="consommation_energie", limit=10_000)))


def test_no_row_leaves_without_its_entry_though_the_disk_is_full(serving: Running) -> None:
    before = _entries(serving)
    with serving.client("exemple-startup") as client:
        fill(serving.platform.settings.state_dir)
        try:
            given, refused = _until_refused(client)
            ready = client.get("/health/ready")
            page = client.get("/fr/health")
        finally:
            make_room(serving.platform.settings.state_dir)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "30"
        assert refused.json()["reasons"][0]["code"] == "no_room_left"
        assert "Plus de place" in refused.json()["detail"]
        assert "no_room_left" in [told["code"] for told in ready.json()["reasons"]]
        assert "Plus de place sur le disque" in page.text
        assert "Traceback" not in page.text
        assert client.get(FEED, params=RESEARCH).status_code == 200
        assert client.get("/health/ready").status_code == 200
    assert _entries(serving) == before + given + 1
    assert serving.platform.journal.verify() is None


def _until_refused(client: httpx.Client) -> tuple[int, httpx.Response]:
    """Ask until the answer is no: how many were given before it, and the refusal, which has no row in it."""
    for given in range(MOST):
        answer = client.get(FEED, params=RESEARCH)
        if answer.status_code != 200:
            assert "PDL-EXEMPLE" not in answer.text
            return given, answer
    raise AssertionError("rows were given on and on")
