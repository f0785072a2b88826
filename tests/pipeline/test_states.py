"""Each source has one of five states, with the version of the contract and the date; receipts bear it too."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.pipeline import harvest as harvest_module
from governance.state.standing import LONGEST_CHECK, Standing, begin_checks, standings
from tests.pipeline.conftest import World, place

KEY = ("donges", "lieux_covoiturage")


def _standing(world: World) -> Standing:
    return standings(world.platform.engine).get(KEY, Standing())


def test_source_is_not_checked_before_its_first_file(world: World) -> None:
    assert _standing(world).state == "not_checked"
    assert world.harvest()["donges"].state == "not_checked"
    assert _standing(world).state == "not_checked"


def test_state_follows_the_last_file_whatever_came_of_later_runs(world: World) -> None:
    version = world.platform.contracts["lieux_covoiturage"].version
    world.write("donges", *(place(number) for number in range(1, 21)))
    first = world.harvest()["donges"]
    assert (first.state, first.contract_version) == ("valid", version)
    same = world.harvest()["donges"]
    assert (same.outcome, same.state, same.contract_version) == ("unchanged", "valid", version)
    world.write("donges", *(place(number) for number in range(1, 20)), place(20).replace("2026-01-15", "hier"))
    assert world.harvest()["donges"].state == "invalid"
    world.write("donges", place(1))
    assert world.harvest()["donges"].state == "held"
    (world.folders["donges"] / "lieux.csv").unlink()
    silent = world.harvest()["donges"]
    assert (silent.outcome, silent.state) == ("failed", "held")
    standing = _standing(world)
    assert (standing.state, standing.contract_version) == ("held", version)
    assert standing.at is not None and standing.at < silent.finished_at


def test_file_that_cannot_be_used_is_not_valid(world: World) -> None:
    (world.folders["donges"] / "lieux.csv").write_bytes(b"")
    assert world.harvest()["donges"].state == "invalid"


def test_source_is_being_checked_while_its_run_is_under_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    world.write("donges", place(1))
    settle = harvest_module.settle_arrivals

    def look_then_settle(*given: object) -> object:
        seen.append(_standing(world).state)
        return settle(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(harvest_module, "settle_arrivals", look_then_settle)
    world.harvest()
    assert seen == ["checking"]
    assert _standing(world).state == "valid"


def test_check_that_was_cut_is_not_under_way_for_ever(world: World) -> None:
    begin_checks(world.platform.engine, [KEY], datetime.now(UTC) - LONGEST_CHECK - timedelta(seconds=1))
    assert _standing(world).state == "not_checked"
