"""From accepted rows to the shared layer: built when something changed, switched in one step, held to the contract."""

import random
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from governance.pipeline.harmonise import harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.replay import replay
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


def test_versions_of_random_changes_are_made_again_to_the_byte(world: World, tmp_path: Path) -> None:
    """Each was written among the rows of the one before; a replay writes everything anew."""
    random.seed(33)
    world.write("trignac", place(1), place(2), place(9, "44210"))
    for turn in range(3):
        some = random.sample(range(1, 9), random.randrange(1, 6))
        world.write("donges", *(place(number, name=random.choice(["", "Autre nom"])) for number in some))
        world.harvest()
        assert harmonise(world.platform).failures == ()
        assert replay(world.platform, DATASET, datetime.now(UTC), tmp_path / str(turn)).is_same
        # What trignac's unchanged file gives too is told of it all the same.
        told = _shared(world).filter(member_id="trignac").sort("line_number")["overlap"].is_not_null()
        assert told.to_list() == [1 in some, 2 in some, False]


def test_rows_of_before_are_taken_over_only_as_they_were_written(world: World) -> None:
    world.write("donges", place(1))
    world.write("trignac", place(1, "44210"))
    world.harvest()
    harmonise(world.platform)
    current = read_current(world.platform.lake)
    assert current is not None
    path = table_path(world.platform.lake, current.tables[DATASET])
    pl.read_parquet(path).with_columns(pl.lit("Nom falsifié").alias("nom_lieu")).write_parquet(path)
    world.write("donges", place(2))
    world.harvest()
    assert harmonise(world.platform).changed == (DATASET,)
    assert sorted(_shared(world)["nom_lieu"]) == ["Aire exemple 1", "Aire exemple 2"]


def test_rows_that_did_not_change_are_held_to_another_contract_again(world: World) -> None:
    world.write("donges", place(1))
    world.write("trignac", place(5, "44210"))
    world.harvest()
    harmonise(world.platform)
    contract = world.platform.contracts[DATASET]
    stricter = contract.model_copy(
        update={
            "columns": tuple(
                column.model_copy(update={"constraints": column.constraints.model_copy(update={"pattern": ".*[1-4]"})})
                if column.name == "nom_lieu"
                else column
                for column in contract.columns
            )
        }
    )
    changed = replace(world.platform, contracts={**world.platform.contracts, DATASET: stricter})
    world.write("donges", place(2))
    harvest(changed, list(changed.federation.sources()))
    outcome = harmonise(changed)
    assert outcome.changed == ()
    assert any("'Aire exemple 5' (pattern)" in failure for failure in outcome.failures)


@pytest.mark.parametrize(
    ("constraint", "failure"),
    [
        ("not_null", "comm: required, and empty in 1 rows"),
        ("unique", "comm: nothing enforces a constraint of type unique"),
    ],
)
def test_what_a_shared_model_requires_is_enforced(world: World, tmp_path: Path, constraint: str, failure: str) -> None:
    models = tmp_path / "dbt"
    shutil.copytree(world.platform.settings.dbt_dir, models, ignore=shutil.ignore_patterns("target", "logs"))
    path = models / "models/shared/lieux_covoiturage/_lieux_covoiturage__models.yml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    (column,) = (each for each in declared["models"][0]["columns"] if each["name"] == "comm")
    column["constraints"] = [{"type": constraint}]
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    settings = world.platform.settings.model_copy(update={"dbt_dir": models})
    world.write("donges", place(1))
    world.harvest()
    outcome = harmonise(replace(world.platform, settings=settings))
    assert any("shr_territoire__lieux_covoiturage" in told and failure in told for told in outcome.failures)
    assert DATASET not in outcome.changed
