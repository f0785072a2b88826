"""A source that is gone is served for a while, archived, back by itself when it returns; only a person deletes it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from governance.commands.main import app
from governance.journal.model import Search
from governance.pipeline.archive import archive_absent
from governance.pipeline.delete import NothingToDelete, find_deletable
from governance.pipeline.harmonise import harmonise
from governance.pipeline.run_reports import read_run_report
from governance.shared_layer import read_current, table_path
from governance.state.cursors import list_accepted
from governance.state.receipts import find_receipt
from governance.state.standing import Standing, standings
from tests.pipeline.conftest import World, place

KEY = ("donges", "lieux_covoiturage")
WHO = "agent de la fédération (exemple)"


def _later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _standing(world: World) -> Standing:
    return standings(world.platform.engine)[KEY]


def _served(world: World) -> set[str]:
    return {record.member_id for record in list_accepted(world.platform.engine)}


def _actions(world: World) -> list[str]:
    found = world.platform.journal.search(Search(kind="source_change"))
    return [str(entry.fields["action"]) for entry in reversed(found)]


@pytest.fixture
def gone(world: World) -> World:
    """Both communes gave rows, then the file of Donges was withdrawn."""
    world.write("donges", place(1), place(2))
    world.write("trignac", place(1, "44210"))
    world.harvest()
    (world.folders["donges"] / "lieux.csv").unlink()
    assert world.harvest()["donges"].report_status == "source_absent"
    return world


def test_absent_source_stays_served_until_its_grace_ends(gone: World) -> None:
    assert _standing(gone).absent_since is not None
    assert archive_absent(gone.platform, _later(29)) == []
    assert _served(gone) == {"donges", "trignac"}
    (archived,) = archive_absent(gone.platform, _later(31))
    assert archived.key == KEY
    assert _served(gone) == {"trignac"}
    assert _standing(gone).archived_at is not None
    assert _actions(gone) == ["archived"]
    assert archive_absent(gone.platform, _later(32)) == []


def test_absence_counts_from_the_first_run_that_noticed_it(gone: World) -> None:
    since = _standing(gone).absent_since
    gone.harvest()
    assert _standing(gone).absent_since == since


def test_source_that_does_not_answer_is_not_absent(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    silent = world.declare("donges", connector="http_file", options={"url": "http://127.0.0.1:9/lieux.csv"})
    assert silent.harvest()["donges"].outcome == "failed"
    assert _standing(silent).absent_since is None


def test_archived_rows_leave_the_shared_layer_and_come_back_with_the_source(gone: World) -> None:
    harmonise(gone.platform)
    impatient = replace(
        gone,
        platform=replace(gone.platform, settings=gone.platform.settings.model_copy(update={"absence_grace_days": 0})),
    )
    assert "lieux_covoiturage" in harmonise(impatient.platform).changed
    shared = read_current(gone.platform.lake)
    assert shared is not None and shared.tables["lieux_covoiturage"].rows_by_member == {"trignac": 1}
    gone.write("donges", place(1), place(2))
    assert gone.harvest()["donges"].outcome == "unchanged"
    assert _standing(gone).absent_since is None
    assert "lieux_covoiturage" in harmonise(gone.platform).changed
    shared = read_current(gone.platform.lake)
    assert shared is not None and shared.tables["lieux_covoiturage"].rows_by_member == {"donges": 2, "trignac": 1}
    assert _actions(gone) == ["archived", "returned"]


def test_source_that_nobody_declares_any_more_is_archived_too(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    renamed = world.declare("donges", id="covoiturage")
    assert archive_absent(renamed.platform) == []
    (archived,) = archive_absent(renamed.platform, _later(31))
    assert (archived.key, archived.reason) == (KEY, "undeclared")
    back = renamed.declare("donges", id="lieux_covoiturage")
    archive_absent(back.platform)
    assert _standing(back).absent_since is None


def test_source_that_is_there_cannot_be_deleted(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    with pytest.raises(NothingToDelete, match="is not absent"):
        find_deletable(world.platform, *KEY)
    with pytest.raises(NothingToDelete, match="no run of it is known"):
        find_deletable(world.platform, "donges", "menus")


def _run(world: World, *words: str, answer: str = "") -> tuple[int, str]:
    settings = world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    done = CliRunner().invoke(app, ["delete", *KEY, *places, *words], input=answer)
    return done.exit_code, done.output


def test_deletion_asks_says_what_goes_and_is_journalled(gone: World) -> None:
    found = find_deletable(gone.platform, *KEY)
    (sha256,) = found.files
    batches = [gone.platform.lake.accepted_batch(*batch) for batch in found.batches]
    code, said = _run(gone, answer="n\n")
    assert (code, _served(gone)) == (1, {"donges", "trignac"})
    assert "2 lignes valables, 1 fichiers" in said
    code, _ = _run(gone, "--by", WHO, answer="y\n")
    assert code == 0
    assert _served(gone) == {"trignac"}
    assert not gone.platform.lake.landed(sha256).exists()
    kept = pl.concat([pl.read_parquet(path) for path in batches if path.is_file()])
    assert set(kept["member_id"]) == {"trignac"}
    (entry,) = gone.platform.journal.search(Search(kind="source_change"))
    assert (entry.fields["action"], entry.fields["rows"]) == ("deleted", 2)
    assert gone.platform.journal.identity_of(entry.subject or "") == WHO


def test_deletion_leaves_receipts_and_the_rows_of_others(gone: World) -> None:
    found = find_deletable(gone.platform, *KEY)
    assert _run(gone, "--yes")[0] == 0
    for run_id in found.runs:
        receipt = find_receipt(gone.platform.engine, run_id)
        assert receipt is not None
        report = read_run_report(gone.platform.lake, receipt)
        assert report is None or len(report.report.errors) == 0
    harmonise(gone.platform)
    shared = read_current(gone.platform.lake)
    assert shared is not None
    rows = pl.read_parquet(table_path(gone.platform.lake, shared.tables["lieux_covoiturage"]))
    assert set(rows["member_id"]) == {"trignac"}
    with pytest.raises(NothingToDelete):
        find_deletable(gone.platform, *KEY)


def test_bytes_that_another_source_received_as_well_stay(world: World) -> None:
    world.write("donges", place(1))
    world.write("trignac", place(1))
    receipt = world.harvest()["trignac"]
    (world.folders["donges"] / "lieux.csv").unlink()
    world.harvest()
    assert find_deletable(world.platform, *KEY).files == ()
    assert _run(world, "--yes")[0] == 0
    assert world.platform.lake.landed(receipt.file_sha256 or "").is_file()
