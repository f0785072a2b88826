"""A town hall that sends a byte now and then keeps nobody else's file from being taken."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from governance.pipeline.harvest import harvest
from governance.platform import Platform
from governance.state.cursors import list_accepted
from governance.state.receipts import Receipt
from tests.faults.trickle import Trickle, trickling
from tests.pipeline.conftest import HEADER, World, make_world, place


@pytest.fixture
def slow() -> Iterator[Trickle]:
    with trickling("\n".join((HEADER, place(7, "44210"), "")).encode()) as made:
        yield made


def test_the_others_are_settled_while_one_still_trickles(slow: Trickle, tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.write("donges", place(1))
    world = world.declare("trignac", connector="http_file", options={"url": f"{slow.address}/lieux.csv"})
    told: list[tuple[str, bool]] = []
    slow.pause = 0.2

    def say(receipt: Receipt) -> None:
        told.append((receipt.member_id, slow.has_answered))
        slow.pause = 0.0

    receipts = harvest(_reaching(world, slow), list(world.platform.federation.sources()), say)
    assert told[0] == ("donges", False)
    assert {receipt.member_id: receipt.outcome for receipt in receipts} == {
        "donges": "accepted",
        "trignac": "accepted",
    }


def test_one_that_is_cut_at_its_deadline_says_so_and_keeps_its_last_rows(
    slow: Trickle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(tmp_path)
    world = world.declare("trignac", connector="http_file", options={"url": f"{slow.address}/lieux.csv"})
    asks = [ask for ask in world.platform.federation.sources() if ask[0].id == "trignac"]
    platform = _reaching(world, slow)
    assert [receipt.outcome for receipt in harvest(platform, asks)] == ["accepted"]
    limits = platform.limits.model_copy(update={"total_seconds": 0.5})
    monkeypatch.setattr(type(platform), "limits", property(lambda _: limits))
    slow.pause, slow.body = 0.05, slow.body + place(8, "44210").encode()
    (receipt,) = harvest(platform, asks)
    assert receipt.outcome == "failed"
    assert "trop lent" in receipt.message_fr
    assert [(kept.member_id, kept.rows) for kept in list_accepted(platform.engine)] == [("trignac", 1)]


def _reaching(world: World, slow: Trickle) -> Platform:
    reach = {"egress_exceptions": (slow.address.removeprefix("http://"),)}
    return replace(world.platform, settings=world.platform.settings.model_copy(update=reach))
