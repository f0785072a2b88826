"""What becomes of a source: accepted, unchanged, held, rejected, failed; and that nothing is lost on the way."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.intake.model import RowCounts
from governance.pipeline.guard import is_suspicious_shrink
from governance.pipeline.run_reports import read_run_report
from governance.state.cursors import find_accepted
from governance.state.receipts import latest_receipts
from tests.pipeline.conftest import World, place

DATASET = "lieux_covoiturage"


def _accepted_names(world: World, member: str) -> list[str]:
    return _accepted(world, member)["nom_lieu"].to_list()


def _accepted(world: World, member: str) -> pl.DataFrame:
    """The rows of a member that count, as harmonising reads them."""
    record = find_accepted(world.platform.engine, [(member, DATASET)])[(member, DATASET)]
    rows = pl.read_parquet(world.platform.lake.accepted_batch(DATASET, record.batch_id))
    return rows.filter(pl.col("run_id") == record.run_id)


def test_good_rows_are_kept_with_where_they_come_from(world: World) -> None:
    world.write("donges", place(1), place(2))
    receipt = world.harvest()["donges"]
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted) == ("accepted", 2, 2)
    rows = _accepted(world, "donges")
    assert rows["line_number"].to_list() == [2, 3]
    assert set(rows["file_sha256"]) == {receipt.file_sha256}
    assert set(rows["run_id"]) == {receipt.run_id}


def test_the_bytes_received_are_kept_unchanged(world: World) -> None:
    world.write("donges", place(1))
    receipt = world.harvest()["donges"]
    assert receipt.file_sha256 is not None
    landed = world.platform.lake.landed(receipt.file_sha256)
    assert landed.read_bytes() == (world.folders["donges"] / "lieux.csv").read_bytes()


def test_a_wrong_row_is_left_out_and_the_others_stay(world: World) -> None:
    world.write("donges", place(1), place(2).replace("2026-01-15", "hier"), place(3))
    receipt = world.harvest()["donges"]
    assert (receipt.rows_accepted, receipt.rows_quarantined) == (2, 1)
    kept = read_run_report(world.platform.lake, receipt)
    assert kept is not None
    wrong = [error for error in kept.report.errors if error.severity == "blocks"]
    assert [(error.line, error.column, error.value) for error in wrong] == [(3, "date_maj", "hier")]
    assert kept.report.rows == RowCounts(read=3, accepted=2, quarantined=1)
    assert kept.quarantined["line_number"].to_list() == [3]
    assert kept.quarantined["date_maj"].to_list() == ["hier"]


def test_a_source_that_fails_stops_no_other(world: World) -> None:
    world.write("donges", place(1))
    receipts = world.harvest()
    assert receipts["trignac"].outcome == "failed"
    assert receipts["trignac"].remedy_fr
    assert receipts["donges"].outcome == "accepted"


def test_nothing_new_is_read_again(world: World) -> None:
    world.write("donges", place(1))
    world.write("trignac", place(1, "44210"))
    world.harvest()
    before = world.files()
    receipts = world.harvest()
    assert {receipt.outcome for receipt in receipts.values()} == {"unchanged"}
    assert world.files() == before


def test_a_changed_declaration_reads_the_same_bytes_again(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    changed = world.declare("donges", constants={"com_lieu": "Donges"})
    receipt = changed.harvest()["donges"]
    assert receipt.outcome == "accepted"
    assert _accepted(world, "donges")["com_lieu"].to_list() == ["Donges"]


def test_a_file_that_shrinks_is_held_and_the_last_good_rows_stay(world: World) -> None:
    world.write("donges", *(place(number) for number in range(1, 21)))
    world.harvest()
    world.write("donges", place(1), place(2))
    receipt = world.harvest()["donges"]
    assert receipt.outcome == "held"
    assert "20" in receipt.message_fr
    assert len(_accepted_names(world, "donges")) == 20


def test_a_file_that_cannot_be_read_replaces_nothing(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.harvest()
    (world.folders["donges"] / "lieux.csv").write_bytes(b"")
    receipt = world.harvest()["donges"]
    assert receipt.outcome == "rejected"
    assert len(_accepted_names(world, "donges")) == 2


def test_after_a_bad_file_a_good_one_is_taken_again(world: World) -> None:
    world.write("donges", place(1))
    world.harvest()
    (world.folders["donges"] / "lieux.csv").write_bytes(b"")
    world.harvest()
    world.write("donges", place(1), place(2))
    assert world.harvest()["donges"].outcome == "accepted"
    assert len(_accepted_names(world, "donges")) == 2


def test_the_newest_receipt_and_the_accepted_record_agree(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.harvest()
    receipt = latest_receipts(world.platform.engine)[("donges", "lieux_covoiturage")]
    record = find_accepted(world.platform.engine, [("donges", DATASET)])[("donges", DATASET)]
    assert (record.run_id, record.rows) == (receipt.run_id, receipt.rows_accepted)


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        (5, 5, False),
        (5, 3, False),
        (5, 2, True),
        (5, 0, True),
        (1, 0, True),
        (0, 0, False),
        (100, 51, False),
        (100, 49, True),
    ],
)
def test_the_volume_guard_works_for_few_rows_and_for_many(before: int, after: int, held: bool) -> None:
    assert is_suspicious_shrink(before, after, 0.5) is held


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0, 1))
def test_more_rows_are_never_suspicious(before: int, more: int, share: float) -> None:
    assert not is_suspicious_shrink(before, before + more, share)


def test_a_harvest_reads_as_the_parsers_say_and_its_report_still_quotes_the_clerk(world: World) -> None:
    codes = world.platform.settings.federation_dir / "members" / "types.csv"
    codes.write_text("code;value\n01;Parking\n", encoding="utf-8")
    point = {"coordinates": "lat-lon", "decimal": ","}
    changed = world.declare(
        "donges",
        columns={"Xlong": "Point", "Ylat": "Point", "type": "Catégorie"},
        constants={"insee": "44052", "ouvert": "true"},
        column_formats={
            "Xlong": {**point, "take": "longitude"}, "Ylat": {**point, "take": "latitude"},
            "type": {"codes": "types.csv"}, "date_maj": {"date": "%-d %B %Y"}, "ad_lieu": {"join": ["No", "Voie"]},
        },
    )  # fmt: skip
    rows = (
        "44052-C-001;Aire 1;3;rue exemple;01;1er mars 2026;47,32 / -2,07",
        "44052-C-002;Aire 2;;place exemple;02;2 mars 2026;ici",
        "44052-C-001;Aire 1;3;rue exemple;01;1er mars 2026;47,32 / -2,07",
    )
    text = "\n".join(["id_local;nom_lieu;No;Voie;Catégorie;date_maj;Point", *rows]) + "\n"
    (world.folders["donges"] / "lieux.csv").write_text(text, encoding="utf-8")
    receipt = changed.harvest()["donges"]
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined, receipt.rows_duplicates) == (3, 1, 1, 1)
    accepted = _accepted(world, "donges").row(0, named=True)
    assert (accepted["Xlong"], accepted["Ylat"], accepted["type"]) == (-2.07, 47.32, "Parking")
    assert (accepted["ad_lieu"], str(accepted["date_maj"])) == ("3 rue exemple", "2026-03-01")
    report = read_run_report(changed.platform.lake, receipt)
    assert report is not None
    found = {(e.line, e.column, e.header, e.value, e.rule) for e in report.report.errors if e.severity == "blocks"}
    assert found == {
        (3, "type", "Catégorie", "02", "code-unknown"), (3, "Xlong", "Point", "ici", "coordinates-unread"),
        (3, "Ylat", "Point", "ici", "coordinates-unread"),
    }  # fmt: skip
    assert "01" in next(e.remedy_fr for e in report.report.errors if e.rule == "code-unknown")


def test_a_table_of_codes_that_changes_reads_the_same_bytes_again(world: World) -> None:
    codes = world.platform.settings.federation_dir / "members" / "types.csv"
    codes.write_text("code;value\nParking;Parking\n", encoding="utf-8")
    changed = world.declare("donges", column_formats={"type": {"codes": "types.csv"}})
    world.write("donges", place(1))
    assert changed.harvest()["donges"].outcome == "accepted"
    codes.write_text("code;value\nParking;Aire de covoiturage\n", encoding="utf-8")
    again = world.declare("donges", column_formats={"type": {"codes": "types.csv"}})
    assert again.harvest()["donges"].outcome != "unchanged"
