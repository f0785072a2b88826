"""The main job on real files of French authorities: nothing raises, nothing is lost, everything is explained."""

import polars as pl
import pytest

from governance.pipeline.run_reports import read_run_report
from governance.shared_layer import read_current, table_path
from tests.acceptance.conftest import Accepted

pytestmark = pytest.mark.shared


def _reports(accepted: Accepted) -> dict[tuple[str, str], dict[str, object]]:
    lake = accepted.platform.lake
    kept = {
        (receipt.member_id, receipt.source_id): read_run_report(lake, receipt)
        for receipt in accepted.job.receipts
        if receipt.outcome != "failed"
    }
    return {key: found.report.model_dump(mode="json") for key, found in kept.items() if found is not None}


def test_every_declared_source_was_read_and_has_a_receipt(accepted: Accepted) -> None:
    declared = {(who.id, source.id) for who, source in accepted.platform.federation.sources()}
    assert len(declared) >= 45
    assert {(receipt.member_id, receipt.source_id) for receipt in accepted.job.receipts} == declared
    assert [receipt for receipt in accepted.job.receipts if receipt.outcome == "failed"] == []


def test_rows_in_are_rows_accepted_quarantined_or_duplicates(accepted: Accepted) -> None:
    for key, report in _reports(accepted).items():
        rows = report["rows"]
        assert isinstance(rows, dict)
        assert rows["in"] == rows["accepted"] + rows["quarantined"] + rows["duplicates"], key


def test_every_error_says_what_to_do_in_both_languages(accepted: Accepted) -> None:
    words = ("message_fr", "message_en", "remedy_fr", "remedy_en")
    seen = 0
    for key, report in _reports(accepted).items():
        errors = report["errors"]
        assert isinstance(errors, list)
        for error in errors:
            seen += 1
            assert all(error[name].strip() for name in words), (key, error)
    assert seen > 1000


def test_every_quarantined_row_is_named_by_an_error(accepted: Accepted) -> None:
    for key, report in _reports(accepted).items():
        errors, rows = report["errors"], report["rows"]
        assert isinstance(errors, list)
        assert isinstance(rows, dict)
        if report["status"] == "unusable":
            assert errors, key
            continue
        if any(error["severity"] == "blocks" and error["row"] is None for error in errors):
            # A column is missing or doubled: that one line of the report stands for every row.
            assert rows["accepted"] == 0, key
            continue
        blamed = {error["row"] for error in errors if error["severity"] == "blocks" and error["row"] is not None}
        assert len(blamed) >= rows["quarantined"], key


def test_the_canteens_of_nantes_are_taken_whole(accepted: Accepted) -> None:
    rows = {key: report["rows"] for key, report in _reports(accepted).items() if key[0] == "nantes"}
    assert rows[("nantes", "cantines")] == {"in": 87, "accepted": 87, "quarantined": 0, "duplicates": 0}
    attendance = rows[("nantes", "frequentation")]
    assert isinstance(attendance, dict)
    assert attendance["in"] == 94633


def test_menus_offered_as_what_they_are_not_are_refused_with_a_reason(accepted: Accepted) -> None:
    report = _reports(accepted)[("nantes", "menus-mal-adresses")]
    assert report["rows"]["accepted"] == 0  # type: ignore[index]
    assert report["errors"]


def test_what_was_accepted_is_what_is_shared(accepted: Accepted) -> None:
    lake = accepted.platform.lake
    current = read_current(lake)
    assert current is not None
    assert accepted.job.harmonised.failures == ()
    kept = {
        (r.dataset, r.member_id, r.source_id): r.rows_accepted for r in accepted.job.receipts if r.outcome == "accepted"
    }
    for dataset, table in current.tables.items():
        shared = pl.read_parquet(table_path(lake, table)).group_by("member_id", "source_id").len()
        found = {(dataset, member, source): count for member, source, count in shared.iter_rows()}
        assert found == {key: count for key, count in kept.items() if key[0] == dataset and count}


def test_the_catalogue_shows_every_dataset_that_has_rows(accepted: Accepted) -> None:
    current = read_current(accepted.platform.lake)
    assert current is not None
    with_rows = {dataset for dataset, table in current.tables.items() if table.rows}
    assert set(accepted.job.published.open_datasets) >= with_rows
