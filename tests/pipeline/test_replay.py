"""What was served at an instant is made again from landing, the same to the byte; or it is said what differs."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from governance.commands.main import app
from governance.journal.model import Search
from governance.pipeline.export import export
from governance.pipeline.harmonise import harmonise
from governance.pipeline.replay import CannotReplay, replay
from governance.pipeline.version_record import Software, software_of_now
from governance.release import release_of_now
from governance.settings import Settings
from governance.shared_layer import SharedVersion, read_current, table_path
from governance.shared_versions import record_path
from governance.state.database import receipts as receipts_table
from governance.state.receipts import list_receipts
from tests.pipeline.conftest import World, place

DATASET = "lieux_covoiturage"


def _oldest_record(world: World) -> Path:
    """The first record that was written; two of the same second have names in any order."""
    return min(world.platform.lake.records.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)


def _harmonise(world: World) -> tuple[SharedVersion, datetime]:
    harmonise(world.platform)
    shared = read_current(world.platform.lake)
    assert shared is not None
    return shared, datetime.now(UTC)


@pytest.fixture
def twice(world: World) -> tuple[World, datetime, str]:
    """Two versions: of the first, the instant and the hash."""
    world.write("donges", *(place(number) for number in range(1, 30)), "wrong,row")
    world.write("trignac", place(1, "44210"), place(2, "44210"))
    world.harvest()
    shared, instant = _harmonise(world)
    world.write("donges", *(place(number, name="Autre nom") for number in range(1, 40)))
    assert world.harvest()["donges"].outcome == "accepted"
    _harmonise(world)
    return world, instant, shared.tables[DATASET].sha256


def test_earlier_state_is_made_again_to_the_byte(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    world, instant, sha256 = twice
    # Accepted rows of then are removed from the lake; what was received is enough.
    again = replay(world.platform, DATASET, instant, tmp_path / "again")
    assert (again.is_same, again.sha256, again.rows) == (True, sha256, 31)
    latest = replay(world.platform, DATASET, datetime.now(UTC), tmp_path / "latest")
    assert latest.is_same and latest.sha256 != sha256 and latest.rows == 41


def test_declaration_contract_and_models_of_then_are_used(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    world, instant, sha256 = twice
    changed = world.declare("donges", columns={"nom_lieu": "Nom du lieu"}, formats={"date": "%d/%m/%Y"})
    contract = world.platform.contracts[DATASET].model_copy(update={"version": "9.0.0", "primary_key": ("id_local",)})
    empty = tmp_path / "dbt"
    empty.mkdir()
    platform = replace(
        changed.platform,
        contracts={**changed.platform.contracts, DATASET: contract},
        settings=changed.platform.settings.model_copy(update={"dbt_dir": empty}),
    )
    assert replay(platform, DATASET, instant, tmp_path / "again").sha256 == sha256


def test_dataset_made_of_others_is_made_again_too(world: World, tmp_path: Path) -> None:
    world.write("donges", place(1))
    world.harvest()
    _, instant = _harmonise(world)
    for dataset in ("subventions_par_habitant", "energie_par_type_batiment"):
        assert replay(world.platform, dataset, instant, tmp_path / dataset).is_same


def test_instant_before_the_first_record_is_refused_in_words(twice: tuple[World, datetime, str]) -> None:
    world, instant, _ = twice
    with pytest.raises(CannotReplay, match="nothing is recorded of .* the first record is of version"):
        replay(world.platform, DATASET, instant - timedelta(days=1))
    with pytest.raises(CannotReplay, match="was not shared at"):
        replay(world.platform, "menus_de_la_lune", instant)


def test_received_file_that_was_deleted_or_altered_is_named(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    world, instant, _ = twice
    record = _oldest_record(world)
    served = json.loads(record.read_text(encoding="utf-8"))["served"]
    rows = pl.read_parquet(world.platform.lake.shared / record.stem / "shr_territoire__lieux_covoiturage.parquet")
    sha256 = rows.filter(pl.col("member_id") == "donges")["file_sha256"][0]
    landed = world.platform.lake.landed(sha256)
    assert {one["member_id"] for one in served} == {"donges", "trignac"}
    content = landed.read_bytes()
    landed.chmod(0o644)
    landed.write_bytes(content + b" ")
    with pytest.raises(CannotReplay, match=f"donges/{DATASET}, run .*{sha256} was altered"):
        replay(world.platform, DATASET, instant, tmp_path / "one")
    landed.unlink()
    with pytest.raises(CannotReplay, match=f"{sha256} is there no more"):
        replay(world.platform, DATASET, instant, tmp_path / "two")


def test_record_that_was_altered_is_not_believed(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    world, instant, _ = twice
    path = _oldest_record(world)
    path.write_text(path.read_text(encoding="utf-8").replace("trignac", "besne"), encoding="utf-8")
    with pytest.raises(CannotReplay, match="is not what the journal says"):
        replay(world.platform, DATASET, instant, tmp_path / "again")


def test_what_was_served_otherwise_is_told_row_by_row(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    """The record is right and the served file says something else: a defect then, or one now."""
    world, instant, _ = twice
    path = _oldest_record(world)
    table = SharedVersion.model_validate(json.loads(path.read_text(encoding="utf-8"))["shared"]).tables[DATASET]
    served = table_path(world.platform.lake, table)
    frame = pl.read_parquet(served)
    frame.with_columns(
        pl.when(pl.col("line_number") == 3).then(pl.lit("Nom falsifié")).otherwise("nom_lieu").alias("nom_lieu")
    ).write_parquet(served)
    content = path.read_text(encoding="utf-8").replace(table.sha256, "0" * 64)
    path.write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("governance.pipeline.replay._require_unaltered", lambda *_: None)
        again = replay(world.platform, DATASET, instant, tmp_path / "again")
    assert not again.is_same and again.differences is not None
    assert (again.differences.only_served, again.differences.only_again) == (2, 2)
    assert "- donges lieux_covoiturage 3" in again.differences.first


def test_record_is_in_the_journal_and_names_what_was_made(twice: tuple[World, datetime, str]) -> None:
    world, _, sha256 = twice
    newest, oldest = world.platform.journal.search(Search(kind="harmonisation"))
    assert oldest.fields["tables"][DATASET] == sha256
    assert record_path(world.platform.lake, newest.fields["version"]).is_file()


def test_command_says_same_or_why_not(twice: tuple[World, datetime, str], tmp_path: Path) -> None:
    world, instant, sha256 = twice
    settings = world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    words = ["replay", DATASET, "--at", instant.isoformat(), "--to", str(tmp_path / "again"), *places]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert f"refait à l'identique, 31 lignes, SHA-256 {sha256}" in done.output
    full = CliRunner().invoke(app, words)
    assert isinstance(full.exception, CannotReplay) and "is not empty" in str(full.exception)
    wrong = CliRunner().invoke(app, ["replay", DATASET, "--at", "hier", *places])
    assert "is no instant" in str(wrong.exception)


def _command(world: World, instant: datetime, folder: Path, *more: str) -> tuple[int, str]:
    settings = world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir), "--to", str(folder)]
    done = CliRunner().invoke(app, ["replay", DATASET, "--at", instant.isoformat(), *places, *more])
    return done.exit_code, done.output


def test_receipt_record_and_journal_say_which_release_did_the_work(twice: tuple[World, datetime, str]) -> None:
    world, _, _ = twice
    release = release_of_now()
    assert re.fullmatch(r"0\.1\.0(\+[0-9a-f]{12}(-dirty)?)?", release)
    receipts = list_receipts(world.platform.engine, "donges")
    assert {receipt.release for receipt in receipts} == {release}
    for entry in world.platform.journal.search(Search(kind="harmonisation")):
        assert entry.fields["release"] == release
        record = json.loads(record_path(world.platform.lake, entry.fields["version"]).read_text(encoding="utf-8"))
        software = Software.model_validate(record["software"])
        assert software.release == release


def test_another_release_with_the_same_result_proves_as_much(
    twice: tuple[World, datetime, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, instant, sha256 = twice
    assert "la même qu'alors" in _command(world, instant, tmp_path / "one")[1]
    then, now = software_of_now(), software_of_now().model_copy(update={"archipel": "9.0.0", "code_sha256": "f" * 64})
    monkeypatch.setattr("governance.pipeline.replay.software_of_now", lambda: now)
    code, said = _command(world, instant, tmp_path / "two")
    assert code == 0
    assert f"alors {then.release}, maintenant {now.release}" in said and "la preuve tient" in said
    told = json.loads(_command(world, instant, tmp_path / "three", "--json")[1])
    assert (told["is_same"], told["is_by_another_release"], told["sha256"]) == (True, True, sha256)
    assert (told["release"], told["judged_by"], told["release_now"]) == (then.release, [then.release], now.release)
    assert told["software_changed"][0] == "archipel: 0.1.0 → 9.0.0"


@pytest.mark.parametrize(
    ("changes", "ends_with", "words"),
    [
        ({}, 1, "la même qu'alors"),
        ({"commit": "0" * 12}, 1, "la différence vient d'ailleurs"),
        ({"code_sha256": "f" * 64}, 3, "La différence peut venir de là (code: "),
    ],
)
def test_whether_a_difference_may_come_from_the_release_is_said(
    twice: tuple[World, datetime, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    ends_with: int,
    words: str,
) -> None:
    world, instant, _ = twice
    now = software_of_now().model_copy(update={**changes, **({"archipel": "9.0.0"} if ends_with == 3 else {})})
    monkeypatch.setattr("governance.pipeline.replay.software_of_now", lambda: now)
    monkeypatch.setattr("governance.pipeline.replay.sha256_of", lambda path: "0" * 64)
    monkeypatch.setattr("governance.pipeline.replay._require_bytes", lambda *_: None)
    code, said = _command(world, instant, tmp_path / "again")
    assert (code, words in said.replace("(archipel: 0.1.0 → 9.0.0, code", "(code")) == (ends_with, True), said


def test_rows_judged_by_another_release_than_put_them_together_are_said(
    twice: tuple[World, datetime, str], tmp_path: Path
) -> None:
    world, instant, _ = twice
    with world.platform.engine.begin() as connection:
        connection.execute(receipts_table.update().values(release="0.0.9+aaaaaaaaaaaa"))
    told = json.loads(_command(world, instant, tmp_path / "again", "--json")[1])
    assert told["judged_by"] == ["0.0.9+aaaaaaaaaaaa"]
    assert (told["is_by_another_release"], told["may_differ_by_release"]) == (True, True)


def test_same_rows_are_the_same_bytes_in_whatever_order_they_lie(tmp_path: Path) -> None:
    from governance.pipeline.warehouse import SharedModel, warehouse_path

    hashes = set()
    for turn, order in enumerate(("id", "id desc", "random()")):
        settings = Settings(state_dir=tmp_path / str(turn))
        warehouse_path(settings).parent.mkdir(parents=True)
        with duckdb.connect(str(warehouse_path(settings))) as connection:
            connection.execute("create schema shared")
            connection.execute(
                "create table shared.example as select * from ("
                "select 'donges' as member_id, i % 7 as kind, i as id from range(50000) r(i)) order by " + order
            )
        path = tmp_path / f"{turn}.parquet"
        export(settings, SharedModel("example", "example", "shared.example", ()), path)
        hashes.add(path.read_bytes())
    assert len(hashes) == 1
