"""in = accepted + quarantined + duplicates, for any file; and which row counts when rows repeat."""

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.federation import Formats
from governance.intake.examine import examine
from governance.intake.model import Examined, Report
from governance.intake.row_keys import FILE
from governance.intake.validate import repeated_rows
from tests.intake.examples import blocking, contract_of, examined, first, received

CONTRACT = contract_of(
    {"name": "id", "constraints": {"required": True}},
    {"name": "n", "type": "integer", "constraints": {"minimum": 0}},
    {"name": "code", "constraints": {"unique": True}},
    primaryKey=["id"],
)


def identity_holds(answer: Examined) -> bool:
    rows = answer.report.rows
    lines = [*answer.accepted["line_number"], *answer.quarantined["line_number"]]
    return (
        rows.read == rows.accepted + rows.quarantined + rows.duplicates
        and rows.accepted == answer.accepted.height
        and rows.quarantined == answer.quarantined.height
        and len(lines) == len(set(lines))
    )


CELLS = st.one_of(
    st.sampled_from(["", "1", "a", "-5", '"', '"x;y"', "\r", "é", "\ufffd", "12,5", "\x00", '"a\nb"']),
    st.text(max_size=6),
)
FILES = st.lists(st.lists(CELLS, max_size=5).map(";".join), max_size=12).map("\n".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=FILES, encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_no_file_breaks_the_identity_or_raises(tmp_path: Path, body: str, encoding: str) -> None:
    content = f"id;n;code\n{body}".encode(encoding, "replace")
    answer = examined(tmp_path, content, CONTRACT)
    assert identity_holds(answer)
    assert (answer.report.status == "valid") == (answer.report.rows.read > 0 and answer.report.rows.quarantined == 0)
    assert Report.model_validate_json(answer.report.model_dump_json()).model_dump() == answer.report.model_dump()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_no_bytes_at_all_raise(tmp_path: Path, content: bytes) -> None:
    assert identity_holds(examined(tmp_path, content, CONTRACT))


def test_exact_repeat_is_a_duplicate_and_the_first_is_kept(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;n;code\na;1;x\nb;2;y\na;1;x\n", CONTRACT)
    assert answer.report.status == "valid"
    assert answer.report.rows.duplicates == 1
    assert answer.accepted["line_number"].to_list() == [2, 3]
    assert first(answer, "duplicate-row").line == 4


def test_same_key_with_other_content_is_quarantined(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;n;code\na;1;x\na;2;y\n", CONTRACT)
    assert blocking(answer) == [(3, "id", "primary-key")]
    assert "(l. 2)" in first(answer, "primary-key").message_fr


def test_unique_value_that_repeats_is_quarantined(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;n;code\na;1;x\nb;2;x\nc;3;\nd;4;\n", CONTRACT)
    assert blocking(answer) == [(3, "code", "unique")]


def test_keys_are_judged_within_a_file(tmp_path: Path) -> None:
    files = [received(tmp_path, b"id;n;code\na;1;x\n", name) for name in ("one.csv", "two.csv")]
    assert [answer.report.status for answer in examine(files, CONTRACT)] == ["valid", "valid"]


def test_all_errors_are_told_without_a_cap(tmp_path: Path) -> None:
    body = "".join(f"{number};-1;{number}\n" for number in range(5000))
    answer = examined(tmp_path, f"id;n;code\n{body}", CONTRACT)
    assert len(answer.report.errors) == 5000
    assert answer.report.errors[4999].line == 5001


def test_quarantined_rows_keep_what_the_clerk_wrote(tmp_path: Path) -> None:
    contract = contract_of(
        {"name": "d", "type": "date"}, {"name": "n", "type": "number", "constraints": {"maximum": 9}}
    )
    declared = {"formats": Formats(decimal=",", date="%d/%m/%Y")}
    answer = examined(tmp_path, "d;n\n01/03/2024;12,5\n02/03/2024;8,5\n", contract, **declared)
    assert answer.quarantined.rows() == [("01/03/2024", "12,5", 2, ["maximum"])]
    assert first(answer, "maximum").value == "12,5"
    assert [str(cell) for cell in answer.accepted.row(0)] == ["2024-03-02", "8.5", "3"]


def test_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    contents = {"a.csv": b"id;n;code\na;1;x\n", "b.csv": b"%PDF", "c.csv": b"id;n;code\na;x;x\n", "d.csv": b""}
    answers = examine([received(tmp_path, content, name) for name, content in contents.items()], CONTRACT)
    assert [answer.key for answer in answers] == list(contents)
    assert [answer.report.status for answer in answers] == ["valid", "unusable", "invalid", "unusable"]


def test_a_batch_gives_what_each_file_gives_alone(tmp_path: Path) -> None:
    contents = [f"id;n;code\na;{n};x\nb;-1;y\na;{n};x\n" for n in range(9)]
    contents[4] = "Titre\nid,n,code\na,1,x\nb\n"
    formats = [Formats(thousands=" ") if n % 3 == 0 else Formats() for n in range(9)]
    files = [received(tmp_path, content.encode(), f"{n}.csv", formats=formats[n]) for n, content in enumerate(contents)]
    for file, together in zip(files, examine(files, CONTRACT), strict=True):
        alone = examine([file], CONTRACT)[0]
        assert together.report.model_dump() == alone.report.model_dump()
        assert together.accepted.equals(alone.accepted)
        assert together.quarantined.equals(alone.quarantined)


def test_two_files_with_one_key_are_our_fault(tmp_path: Path) -> None:
    file = received(tmp_path, b"id;n;code\na;1;x\n")
    with pytest.raises(ValueError, match="same key"):
        examine([file, file], CONTRACT)


@given(seed=st.integers(0, 2**32), values=st.integers(1, 3), height=st.integers(0, 60))
def test_rows_that_repeat_are_found_whichever_columns_tell_them_apart(seed: int, values: int, height: int) -> None:
    chance, names = random.Random(seed), [f"c{place}" for place in range(8)]
    contract = contract_of(*({"name": name} for name in names))
    rows = [tuple(chance.choice((None, "", *"ab")[: values + 1]) for _ in names) for _ in range(height)]
    files = [chance.randrange(2) for _ in rows]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    seen: set[tuple[object, ...]] = set()
    expected = []
    for row in zip(files, rows, strict=True):
        expected.append(row in seen)
        seen.add(row)
    marked = repeated_rows(frame.with_columns(pl.Series(FILE, files, dtype=pl.UInt32)), contract)
    assert marked.to_list() == expected
