"""A receipt says what changed since the last good file, by key, from the bytes that landed."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.deliverables.changes import compare_rows, find_changes
from governance.pipeline.accepted_rows import list_current
from governance.state.cursors import list_accepted
from tests.pipeline.conftest import World, place


def test_rows_are_compared_with_the_last_good_file_by_key(world: World) -> None:
    world.write("donges", *(place(number) for number in range(1, 6)))
    first = world.harvest()["donges"]
    assert find_changes(world.platform, first) is None
    world.write("donges", place(1), place(2), place(3, name="Autre aire exemple"), place(4), place(8), place(9))
    second = world.harvest()["donges"]
    found = find_changes(world.platform, second)
    assert found is not None
    assert (found.added, found.removed, found.changed, found.same) == (2, 1, 1, 3)
    assert (found.since_run, found.key) == (first.run_id, ("id_local",))


def test_what_changed_is_still_known_when_the_old_rows_are_removed_and_the_declaration_is_another(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.harvest()
    world.write("donges", place(1), place(2), place(3))
    receipt = world.harvest()["donges"]
    contract = world.platform.contracts["lieux_covoiturage"]
    current = list_accepted(world.platform.engine, contract.id)
    list_current(world.platform.lake, contract, current, current)
    changed = world.declare("donges", columns={"nom_lieu": "Autre"})
    found = find_changes(changed.platform, receipt)
    assert found is not None and (found.added, found.removed, found.changed, found.same) == (1, 0, 0, 2)


def test_file_that_waits_says_what_it_would_remove(world: World) -> None:
    world.write("donges", *(place(number) for number in range(1, 21)))
    world.harvest()
    world.write("donges", place(1), place(2))
    receipt = world.harvest()["donges"]
    found = find_changes(world.platform, receipt)
    assert receipt.outcome == "held"
    assert found is not None and (found.added, found.removed) == (0, 18)


@pytest.mark.parametrize("key", [["id"], []])
@given(
    old=st.dictionaries(st.integers(0, 6), st.integers(0, 2)), new=st.dictionaries(st.integers(0, 6), st.integers(0, 2))
)
def test_counts_are_those_of_a_comparison_by_hand(key: list[str], old: dict[int, int], new: dict[int, int]) -> None:
    schema = {"id": pl.Int64, "value": pl.Int64}
    before, after = (
        pl.DataFrame({"id": list(side), "value": list(side.values())}, schema=schema) for side in (old, new)
    )
    added, removed, changed, same = compare_rows(before, after, key)
    expected_same = sum(1 for item in new.items() if item in old.items())
    both = len(old.keys() & new.keys()) if key else expected_same
    assert (added, removed, changed, same) == (len(new) - both, len(old) - both, both - expected_same, expected_same)
