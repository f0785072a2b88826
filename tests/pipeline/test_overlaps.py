"""What two files give is told to both, in words of its own, and neither row wins."""

from dataclasses import replace

import polars as pl
import pytest
import yaml

from governance.contracts.model import Contract
from governance.federation import load_federation
from governance.intake.model import RowError
from governance.pipeline.harmonise import harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.overlaps import BETWEEN, count_overlaps, find_overlaps
from governance.pipeline.run_reports import read_run_report
from governance.platform import Platform
from governance.shared_layer import read_current, table_path
from governance.state.cursors import list_accepted
from governance.state.receipts import Receipt
from tests.pipeline.conftest import World, place

TOWN, OTHER = place(1), place(1, name="Autre nom")
"""The same key, with another name."""


def _with(world: World, contract: Contract) -> Platform:
    return replace(world.platform, contracts={**world.platform.contracts, contract.id: contract})


def _two_sources(world: World) -> World:
    """Donges gives the dataset in two files."""
    path = world.platform.settings.federation_dir / "members" / "donges.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    first = declared["sources"][0]
    options = {**first["options"], "pattern": "*.txt"}
    declared["sources"].append({**first, "id": "lieux_bis", "options": options})
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    federation = load_federation(world.platform.settings.federation_dir)
    return World(replace(world.platform, federation=federation), world.folders)


def _second_file(world: World, *lines: str) -> None:
    first = world.folders["donges"] / "lieux.csv"
    (world.folders["donges"] / "bis.txt").write_text(
        first.read_text(encoding="utf-8").splitlines()[0] + "\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )


def _told(world: World, receipt: Receipt) -> list[RowError]:
    kept = read_run_report(world.platform.lake, receipt)
    assert kept is not None
    return [error for error in kept.report.errors if error.rule in BETWEEN]


def _receipts(world: World) -> dict[tuple[str, str], Receipt]:
    came = harvest(world.platform, list(world.platform.federation.sources()))
    return {(receipt.member_id, receipt.source_id): receipt for receipt in came}


def test_same_row_of_two_members_is_told_to_both_with_both_places(world: World) -> None:
    world.write("donges", place(2), TOWN)
    world.write("trignac", TOWN)
    receipts = _receipts(world)
    assert _told(world, receipts["donges", "lieux_covoiturage"]) == []  # nobody has looked at them together yet
    harmonise(world.platform)
    (ours,) = _told(world, receipts["donges", "lieux_covoiturage"])
    (theirs,) = _told(world, receipts["trignac", "lieux_covoiturage"])
    assert (ours.rule, ours.line, ours.severity) == ("duplicate-between-members", 3, "improves")
    assert "trignac/lieux_covoiturage, l. 2" in ours.message_fr
    assert "donges/lieux_covoiturage, l. 3" in theirs.message_fr


def _shared(world: World) -> pl.DataFrame:
    """What readers get, by who gives it and the line."""
    shared = read_current(world.platform.lake)
    assert shared is not None
    rows = pl.read_parquet(table_path(world.platform.lake, shared.tables["lieux_covoiturage"]))
    return rows.sort("member_id", "source_id", "line_number")


def test_readers_are_told_of_rows_that_two_members_give(world: World) -> None:
    world.write("donges", TOWN, place(2), place(3))
    world.write("trignac", OTHER, place(2), place(4))
    _receipts(world)
    harmonise(world.platform)
    told = ["conflict-between-members", "duplicate-between-members", None]
    assert _shared(world)["overlap"].to_list() == [*told, *told]


@pytest.mark.parametrize(("second", "rule"), [(TOWN, "duplicate-between-sources"), (OTHER, "conflict-between-sources")])
def test_readers_are_told_of_rows_that_two_sources_give(world: World, second: str, rule: str) -> None:
    both = _two_sources(world)
    both.write("donges", TOWN)
    _second_file(both, place(7), second)
    _receipts(both)
    harmonise(both.platform)
    assert _shared(both)["overlap"].to_list() == [None, rule, rule]


def test_readers_are_told_of_a_row_that_its_own_file_contradicts(world: World) -> None:
    world.write("donges", place(2), TOWN, place(3), OTHER)
    world.write("trignac", place(2), place(8))
    assert _receipts(world)["donges", "lieux_covoiturage"].rows_quarantined == 1
    harmonise(world.platform)
    copy = "duplicate-between-members"
    assert _shared(world)["overlap"].to_list() == [copy, "conflict-in-file", None, copy, None]


def test_the_gravest_is_told_where_several_hold(world: World) -> None:
    world.write("donges", TOWN, place(1, name="Troisième nom"))
    world.write("trignac", TOWN)
    _receipts(world)
    harmonise(world.platform)
    assert _shared(world)["overlap"].to_list() == ["conflict-in-file", "duplicate-between-members"]
    world.write("trignac", OTHER)
    _receipts(world)
    harmonise(world.platform)
    assert _shared(world)["overlap"].to_list() == ["conflict-between-members"] * 2


def test_neither_row_wins_and_counts_stay_as_they_were(world: World) -> None:
    world.write("donges", TOWN)
    world.write("trignac", OTHER)
    receipts = _receipts(world)
    harmonise(world.platform)
    shared = read_current(world.platform.lake)
    assert shared is not None
    rows = pl.read_parquet(table_path(world.platform.lake, shared.tables["lieux_covoiturage"]))
    assert sorted(zip(rows["member_id"], rows["nom_lieu"], strict=True)) == [
        ("donges", "Aire exemple 1"),
        ("trignac", "Autre nom"),
    ]
    for receipt in receipts.values():
        assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_duplicates) == (1, 1, 0)
        assert [error.rule for error in _told(world, receipt)] == ["conflict-between-members"]


@pytest.mark.parametrize(("second", "rule"), [(TOWN, "duplicate-between-sources"), (OTHER, "conflict-between-sources")])
def test_two_sources_of_a_member_are_told_in_other_words(world: World, second: str, rule: str) -> None:
    both = _two_sources(world)
    both.write("donges", TOWN)
    _second_file(both, place(7), second)
    receipts = _receipts(both)
    harmonise(both.platform)
    (first,) = _told(both, receipts["donges", "lieux_covoiturage"])
    (other,) = _told(both, receipts["donges", "lieux_bis"])
    assert {first.rule, other.rule} == {rule}
    assert "donges/lieux_bis, l. 3" in first.message_fr
    assert (other.line, "donges/lieux_covoiturage, l. 2" in other.message_fr) == (3, True)
    contract = both.platform.contracts["lieux_covoiturage"]
    run_id = receipts["donges", "lieux_bis"].run_id
    assert count_overlaps(both.platform.lake, contract, run_id) == {rule: 1}


def test_repeated_row_within_a_file_is_another_report(world: World) -> None:
    world.write("donges", TOWN, TOWN)
    receipt = _receipts(world)["donges", "lieux_covoiturage"]
    harmonise(world.platform)
    assert receipt.rows_duplicates == 1
    assert _told(world, receipt) == []


def test_what_was_mended_is_told_no_more(world: World) -> None:
    world.write("donges", TOWN)
    world.write("trignac", TOWN)
    receipts = _receipts(world)
    harmonise(world.platform)
    world.write("trignac", place(9))
    _receipts(world)
    harmonise(world.platform)
    assert _told(world, receipts["donges", "lieux_covoiturage"]) == []


def test_without_a_key_the_whole_row_is_compared(world: World) -> None:
    contract = world.platform.contracts["lieux_covoiturage"]
    keyless = World(_with(world, contract.model_copy(update={"primary_key": ()})), world.folders)
    keyless.write("donges", TOWN, place(2))
    keyless.write("trignac", OTHER, place(2))
    receipts = _receipts(keyless)
    harmonise(keyless.platform)
    (only,) = _told(keyless, receipts["donges", "lieux_covoiturage"])
    assert (only.rule, only.line, only.column) == ("duplicate-between-members", 3, None)


def test_key_that_is_not_filled_in_whole_says_nothing(world: World) -> None:
    world.write("donges", TOWN)
    world.write("trignac", TOWN)
    world.harvest()
    contract = world.platform.contracts["lieux_covoiturage"]
    served = list_accepted(world.platform.engine, contract.id)
    assert find_overlaps(world.platform.lake, contract, served).height == 2
    optional = contract.model_copy(update={"primary_key": ("id_local", "ad_lieu")})
    assert find_overlaps(world.platform.lake, optional, served).height == 0
