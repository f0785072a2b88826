"""A file is handed in, looked at, left for the next harvest, taken back; and what cannot be taken is said."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from governance.commands.main import app
from governance.journal.model import Search
from governance.lake import sha256_of
from governance.pipeline.delete import NothingToDelete, find_deletable
from governance.pipeline.hand_in import NotHandedIn, find_box, find_waiting, hand_in, take_back
from governance.pipeline.harmonise import harmonise
from governance.pipeline.prune_boxes import KEPT, prune_boxes
from tests.pipeline.conftest import HEADER, World, place

SOURCE = "lieux_covoiturage"


@pytest.fixture
def box_world(world: World) -> World:
    """The world, with Donges handing its file in."""
    return world.declare("donges", connector="upload", options={"box": "donges/lieux"})


def _file(folder: Path, *lines: str, name: str = "lieux.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def _hand_in(world: World, file: Path, name: str = "") -> str | None:
    box = find_box(world.platform, "donges", SOURCE)
    return hand_in(world.platform, box, file, name or file.name, "clerk").left_as


def _entries(world: World) -> list[tuple[object, str | None]]:
    journal = world.platform.journal
    found = journal.search(Search(kind="source_change"))
    return [(entry.fields["action"], journal.identity_of(entry.subject or "")) for entry in found]


def test_a_file_is_looked_at_left_and_taken_by_the_next_harvest(box_world: World, tmp_path: Path) -> None:
    box = find_box(box_world.platform, "donges", SOURCE)
    assert find_waiting(box_world.platform, box) is None
    file = _file(tmp_path, place(1), place(2).replace("2026-01-15", "hier"))
    done = hand_in(box_world.platform, box, file, "C:\\Mes documents\\lieux 2026.csv", "clerk")
    assert (done.report.status, done.report.rows.accepted, done.will_be_held) == ("invalid", 1, False)
    assert done.left_as is not None and done.left_as.startswith("lieux 2026-") and done.left_as.endswith(".csv")
    waiting = find_waiting(box_world.platform, box)
    assert waiting is not None and waiting.path.read_bytes() == file.read_bytes()
    receipt = box_world.harvest()["donges"]
    assert (receipt.outcome, receipt.rows_accepted, receipt.file_name) == ("accepted", 1, done.left_as)
    assert find_waiting(box_world.platform, box) is None
    assert _entries(box_world) == [("handed_in", "clerk")]


def test_an_empty_box_says_where_a_file_is_handed_in(box_world: World, tmp_path: Path) -> None:
    receipt = box_world.harvest()["donges"]
    assert receipt.outcome == "failed" and "Rien n'a encore été déposé" in receipt.message_fr
    _hand_in(box_world, _file(tmp_path, place(1)))
    take_back(box_world.platform, find_box(box_world.platform, "donges", SOURCE), "clerk")
    assert "Rien n'a encore été déposé" in box_world.harvest()["donges"].message_fr


def test_the_newest_counts_though_the_clock_was_set_back(box_world: World, tmp_path: Path) -> None:
    first = _hand_in(box_world, _file(tmp_path, place(1)))
    folder = find_box(box_world.platform, "donges", SOURCE).folder
    ahead = (folder / str(first)).stat().st_mtime_ns + 3_600_000_000_000
    os.utime(folder / str(first), ns=(ahead, ahead))
    second = _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    assert box_world.harvest()["donges"].file_name == second


def test_the_same_bytes_are_left_once(box_world: World, tmp_path: Path) -> None:
    file = _file(tmp_path, place(1))
    assert _hand_in(box_world, file) == _hand_in(box_world, file)
    assert len(_entries(box_world)) == 1
    box_world.harvest()
    _hand_in(box_world, file)
    assert box_world.harvest()["donges"].outcome == "unchanged"
    assert find_waiting(box_world.platform, find_box(box_world.platform, "donges", SOURCE)) is None


def test_what_waits_is_taken_back_and_nothing_is_lost(box_world: World, tmp_path: Path) -> None:
    box = find_box(box_world.platform, "donges", SOURCE)
    good = _hand_in(box_world, _file(tmp_path, place(1)))
    box_world.harvest()
    wrong = _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    assert take_back(box_world.platform, box, "clerk") == wrong
    assert box_world.harvest()["donges"].outcome == "unchanged"
    assert {path.name for path in box.folder.rglob("*.csv")} == {good, wrong}
    with pytest.raises(NotHandedIn, match="harvested already"):
        take_back(box_world.platform, box, "clerk")
    assert sorted(_entries(box_world))[-1] == ("taken_back", "clerk")


def test_a_file_that_cannot_be_used_is_not_left(box_world: World, tmp_path: Path) -> None:
    nothing = tmp_path / "lettre.csv"
    nothing.write_text("Madame, Monsieur,\nvoici nos lieux.\n", encoding="utf-8")
    box = find_box(box_world.platform, "donges", SOURCE)
    done = hand_in(box_world.platform, box, nothing, nothing.name, "clerk")
    assert (done.report.status, done.left_as) == ("unusable", None)
    assert done.report.errors[0].remedy_fr
    assert not box.folder.exists() and not _entries(box_world)


def test_it_is_said_before_a_harvest_that_many_rows_vanish(box_world: World, tmp_path: Path) -> None:
    _hand_in(box_world, _file(tmp_path, *(place(number) for number in range(10))))
    box_world.harvest()
    box = find_box(box_world.platform, "donges", SOURCE)
    done = hand_in(box_world.platform, box, _file(tmp_path, place(1)), "lieux.csv", "clerk")
    assert (done.rows_before, done.will_be_held) == (10, True)
    assert box_world.harvest()["donges"].outcome == "held"


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.csv", ".lieux.csv", "lieux\n\x00.csv", "é" * 300 + ".csv", "..", "\\\\serveur\\a.csv"]
)
def test_a_name_leads_nowhere_and_is_no_hidden_one(box_world: World, tmp_path: Path, name: str) -> None:
    left = _hand_in(box_world, _file(tmp_path, place(1)), name)
    folder = find_box(box_world.platform, "donges", SOURCE).folder
    assert left is not None and (folder / left).parent == folder and not left.startswith(".")
    assert [path.name for path in folder.iterdir()] == [left]
    assert box_world.harvest()["donges"].outcome == "accepted"


def test_a_source_says_which_names_it_takes(world: World, tmp_path: Path) -> None:
    world = world.declare("donges", connector="upload", options={"box": "donges/lieux", "pattern": "lieux*.xlsx"})
    with pytest.raises(NotHandedIn, match=r"lieux\*\.xlsx") as refused:
        _hand_in(world, _file(tmp_path, place(1)))
    assert "renommez" in refused.value.message_fr


@pytest.mark.parametrize(
    ("member", "source", "said"),
    [("donge", SOURCE, "nobody is called"), ("donges", "autre", "Those that take a file: lieux_covoiturage"),
     ("trignac", SOURCE, "none is handed in here")],
)  # fmt: skip
def test_where_nothing_can_be_handed_in_it_says_where(box_world: World, member: str, source: str, said: str) -> None:
    with pytest.raises(NotHandedIn) as refused:
        find_box(box_world.platform, member, source)
    assert said.lower() in refused.value.message_en.lower() and refused.value.message_fr


def test_the_command_hands_in_says_what_waits_and_takes_back(box_world: World, tmp_path: Path) -> None:
    settings = box_world.platform.settings
    where = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    runner, file = CliRunner(), _file(tmp_path, place(1))
    done = runner.invoke(app, ["upload", "donges", SOURCE, str(file), "--json", "--by", "clerk", *where])
    assert done.exit_code == 0, done.output
    left = json.loads(done.stdout)["left_as"]
    assert left in runner.invoke(app, ["upload", "donges", SOURCE, *where]).stdout
    assert left in runner.invoke(app, ["upload", "donges", SOURCE, "--take-back", *where]).stdout
    again = runner.invoke(app, ["upload", "donges", SOURCE, "--take-back", *where])
    assert again.exit_code == 2 and "Aucun fichier n'attend" in again.stderr
    gone = runner.invoke(app, ["upload", "donges", SOURCE, str(tmp_path / "absent.csv"), *where])
    assert gone.exit_code == 2 and "n'existe pas" in gone.stderr
    wrong = _file(tmp_path, place(1), place(2).replace("2026-01-15", "hier"))
    assert runner.invoke(app, ["upload", "donges", SOURCE, str(wrong), *where]).exit_code == 1


def test_a_workbook_is_taken_like_any_other_file(box_world: World, tmp_path: Path) -> None:
    book = tmp_path / "lieux.xlsx"
    row = dict(zip(HEADER.split(","), place(1).split(","), strict=True))
    pl.DataFrame([row]).write_excel(book)
    assert _hand_in(box_world, book) is not None
    assert box_world.harvest()["donges"].rows_accepted == 1


def _lying(world: World) -> set[str]:
    return {path.name for path in find_box(world.platform, "donges", SOURCE).folder.rglob("*") if path.is_file()}


def _prune(world: World, later: timedelta = timedelta()) -> set[str]:
    return {path.name for path in prune_boxes(world.platform, datetime.now(UTC) + later)}


def test_what_a_harvest_took_and_a_newer_one_replaced_is_cleared_and_kept_as_received(
    box_world: World, tmp_path: Path
) -> None:
    first = _hand_in(box_world, _file(tmp_path, place(1)))
    box_world.harvest()
    received = sha256_of(find_box(box_world.platform, "donges", SOURCE).folder / str(first))
    assert _prune(box_world) == set()
    second = _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    assert _prune(box_world, 2 * KEPT) == set(), "the one that waits and the one that was taken last are needed"
    box_world.harvest()
    harmonise(box_world.platform)
    assert _lying(box_world) == {second}
    assert box_world.platform.lake.landed(received).is_file()
    assert box_world.harvest()["donges"].outcome == "unchanged"
    again = box_world.declare("donges", formats={"date": "%d/%m/%Y"})
    assert again.harvest()["donges"].file_name == second


def test_what_no_harvest_took_is_cleared_after_a_month(box_world: World, tmp_path: Path) -> None:
    replaced = _hand_in(box_world, _file(tmp_path, place(1)))
    taken = _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    box_world.harvest()
    back = _hand_in(box_world, _file(tmp_path, place(3)))
    take_back(box_world.platform, find_box(box_world.platform, "donges", SOURCE), "clerk")
    assert _prune(box_world, KEPT - timedelta(hours=1)) == set()
    assert _prune(box_world, KEPT + timedelta(hours=1)) == {replaced, back}
    assert _lying(box_world) == {taken}


def test_a_file_that_another_source_of_the_box_has_still_to_take_stays(box_world: World, tmp_path: Path) -> None:
    for number in (2, 3):
        _hand_in(box_world, _file(tmp_path, place(1), place(number)))
        box_world.harvest()
    both = box_world.declare("trignac", connector="upload", options={"box": "donges/lieux"})
    assert len(_lying(both)) == 2 and _prune(both, 2 * KEPT) == set()
    other = both.declare("trignac", options={"box": "donges/lieux", "pattern": "other*"})
    assert len(_prune(other)) == 1


def _delete(world: World, *words: str) -> str:
    settings = world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    done = CliRunner().invoke(app, ["delete", "donges", SOURCE, "--yes", *places, *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_source_that_is_deleted_leaves_nothing_in_its_box(box_world: World, tmp_path: Path) -> None:
    box = find_box(box_world.platform, "donges", SOURCE)
    taken = _hand_in(box_world, _file(tmp_path, place(1)))
    box_world.harvest()
    back = _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    take_back(box_world.platform, box, "clerk")
    never = _hand_in(box_world, _file(tmp_path, place(1), place(3)))
    # Declared otherwise and gone: where it was read from is known from its runs.
    gone = box_world.declare("donges", id="autre", connector="local_folder", options={"folder": str(tmp_path)})
    harmonise(gone.platform)
    told = json.loads(_delete(gone, "--json"))
    assert {Path(path).name for path in told["handed_in"]} == {taken, back, never}
    assert list(gone.platform.settings.uploads_dir.rglob("*")) == []
    (entry,) = gone.platform.journal.search(Search(kind="source_change", limit=1))
    assert (entry.fields["action"], set(entry.fields["handed_in"])) == ("deleted", {taken, back, never})


def test_what_another_source_reads_from_the_same_box_stays_and_is_said(box_world: World, tmp_path: Path) -> None:
    name = _hand_in(box_world, _file(tmp_path, place(1)))
    box_world.harvest()
    gone = box_world.declare("donges", id="autre")
    harmonise(gone.platform)
    found = find_deletable(gone.platform, "donges", SOURCE)
    assert found.handed_in == () and any(each.endswith(str(name)) for each in found.shared)
    asked = CliRunner().invoke(
        app,
        ["delete", "donges", SOURCE, "--federation", str(gone.platform.settings.federation_dir)]
        + ["--state", str(gone.platform.settings.state_dir)],
        input="n\n",
    )
    assert "et 1 fichiers qu'une autre source a aussi" in asked.output
    _delete(gone)
    assert (gone.platform.settings.uploads_dir / "donges" / "lieux" / str(name)).is_file()


def test_a_source_for_which_a_file_waits_is_not_deleted(box_world: World, tmp_path: Path) -> None:
    box = find_box(box_world.platform, "donges", SOURCE)
    _hand_in(box_world, _file(tmp_path, place(1)))
    box_world.harvest()
    for path in box.folder.glob("*"):
        path.unlink()
    assert box_world.harvest()["donges"].report_status == "source_absent"
    _hand_in(box_world, _file(tmp_path, place(1), place(2)))
    with pytest.raises(NothingToDelete, match="a file waits in the box of donges/lieux_covoiturage"):
        find_deletable(box_world.platform, "donges", SOURCE)
