"""From accepted rows to the shared layer: built when something changed, switched in one step, held to the contract."""

import duckdb
import polars as pl
import pytest

from governance.pipeline.harmonise import harmonise
from governance.pipeline.verify import OutputRefused, verify_output
from governance.shared_layer import read_current, table_path
from governance.state.cursors import find_accepted
from tests.pipeline.conftest import World, place

DATASET = "lieux_covoiturage"


def _shared(world: World) -> pl.DataFrame:
    current = read_current(world.platform.lake)
    assert current is not None
    return pl.read_parquet(table_path(world.platform.lake, current.tables[DATASET]))


def test_rows_of_two_communes_become_one_dataset_and_only_changes_are_rebuilt(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.write("trignac", place(1, "44210"))
    world.harvest()
    first = harmonise(world.platform)
    assert first.failures == ()
    assert DATASET in first.changed
    shared = _shared(world)
    assert shared.group_by("member_id").len().sort("member_id").rows() == [("donges", 2), ("trignac", 1)]

    before = world.files()
    assert harmonise(world.platform).outcome == "unchanged"
    assert world.files() == before

    old = read_current(world.platform.lake)
    world.write("donges", place(1), place(2), place(3))
    world.harvest()
    second = harmonise(world.platform)
    assert second.changed == (DATASET,)
    assert _shared(world).height == 4
    new = read_current(world.platform.lake)
    assert old is not None
    assert new is not None
    assert old.tables["subventions"] == new.tables["subventions"]
    digests = [version.tables[DATASET].digests_by_member for version in (old, new)]
    assert [name for name in digests[0] if digests[0][name] != digests[1][name]] == ["donges"]
    # Readers that hold the old version still find its file, unchanged.
    assert pl.read_parquet(table_path(world.platform.lake, old.tables[DATASET])).height == 3


def test_an_output_that_breaks_its_contract_is_refused(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    harmonise(world.platform)
    current = read_current(world.platform.lake)
    assert current is not None
    path = table_path(world.platform.lake, current.tables[DATASET])
    spoiled = path.with_name("spoiled.parquet")
    duckdb.sql(f"COPY (SELECT * REPLACE ('nulle part' AS insee) FROM '{path}') TO '{spoiled}' (FORMAT parquet)")
    with pytest.raises(OutputRefused, match="insee"):
        verify_output(world.platform.contracts[DATASET], spoiled)


def test_a_dataset_that_cannot_be_built_keeps_its_last_version_and_is_named(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.harvest()
    harmonise(world.platform)
    world.write("donges", place(1), place(2), place(3))
    world.harvest()
    record = find_accepted(world.platform.engine, [("donges", DATASET)])[("donges", DATASET)]
    world.platform.lake.accepted_batch(DATASET, record.batch_id).write_bytes(b"not a Parquet file")
    outcome = harmonise(world.platform)
    assert any(DATASET in failure for failure in outcome.failures)
    assert _shared(world).height == 2
    # It is tried again, although no input changed since.
    assert harmonise(world.platform).failures
