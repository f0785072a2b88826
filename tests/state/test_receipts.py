"""A receipt is kept whatever stands in what a town hall or its server sent."""

from datetime import UTC, datetime

import pytest

from governance.state.database import open_database
from governance.state.receipts import Receipt, find_receipt, store_receipts

AT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "kept"), [("lieu\x00x.csv", "lieu␀x.csv"), ("lieu\udce9x.csv", "lieu?x.csv"), ("é" * 5000, "é" * 5000)]
)
def test_words_that_a_database_refuses_are_kept_with_a_sign_in_their_place(
    database_url: str, sent: str, kept: str
) -> None:
    engine = open_database(database_url)
    told = {"outcome": "failed", "file_name": sent, "message_fr": sent, "message_en": sent}
    receipt = Receipt(run_id="1", member_id="donges", source_id="s", dataset="d", started_at=AT, finished_at=AT, **told)
    with engine.begin() as connection:
        store_receipts(connection, [receipt])
    found = find_receipt(engine, "1")
    assert found is not None
    assert (found.file_name, found.message_fr, found.finished_at) == (kept, kept, AT)


def test_no_word_is_too_long_for_one_engine_alone(database_url: str) -> None:
    engine = open_database(database_url)
    long = "w" * 300
    receipt = Receipt(
        run_id=long, batch_id=long, member_id=long, source_id=long, dataset=long, started_at=AT, finished_at=AT,
        outcome="failed", report_status=long, file_sha256=long, contract_version=long, message_fr="", message_en="",
    )  # fmt: skip
    with engine.begin() as connection:
        store_receipts(connection, [receipt])
    assert find_receipt(engine, long) == receipt
