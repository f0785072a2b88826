"""Delimited text is read whatever its habits, and each row keeps the line an editor shows."""

import codecs
import json
from pathlib import Path

import pytest

from governance.federation import Reading
from governance.intake.decoding import decode
from governance.intake.delimited import read_delimited, read_regular
from governance.intake.examine import examine
from governance.intake.header import Wanted
from tests.intake.examples import SHARED, blocking, contract_of, examined, first, received

CONTRACT = contract_of(
    {"name": "id", "constraints": {"required": True}}, {"name": "ville"}, {"name": "montant", "type": "number"}
)
PLAIN = "id;ville;montant\n1;Donges;12.5\n2;Besné;3\n"
SPECTRUM = sorted(SHARED.glob("suites/csv-spectrum/csvs/*.csv"))
SPECTRUM_SLIPS = {
    "location_coordinates": {"1234567890": "2095257564"},  # the suite's two files hold different numbers
    "newlines_crlf": {"\\r\\n": "\\n"},  # the file as kept has plain line feeds
}


def lines(folder: Path, content: str | bytes) -> list[int]:
    answer = examined(folder, content, CONTRACT)
    return sorted([*answer.accepted["line_number"], *answer.quarantined["line_number"]])


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PLAIN.encode(), "utf-8"),
        (codecs.BOM_UTF8 + PLAIN.encode(), "utf-8"),
        (PLAIN.encode("cp1252"), "cp1252"),
        (PLAIN.encode("utf-16"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), "utf-16-be"),
        (PLAIN.encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_encoding_is_found_and_text_is_whole(tmp_path: Path, content: bytes, encoding: str) -> None:
    answer = examined(tmp_path, content, CONTRACT)
    assert answer.report.file.encoding == encoding
    assert answer.accepted["ville"].to_list() == ["Donges", "Besné"]


def test_bytes_that_cp1252_has_not_are_read_as_latin_1(tmp_path: Path) -> None:
    answer = examined(tmp_path, PLAIN.encode("latin-1") + b"3;\x81;4\n", CONTRACT)
    assert answer.report.file.encoding == "latin-1"
    assert answer.report.rows.read == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_line_ends_and_delimiters_are_found(tmp_path: Path, end: str, delimiter: str) -> None:
    answer = examined(tmp_path, PLAIN.replace("\n", end).replace(";", delimiter), CONTRACT)
    assert answer.report.status == "valid"
    assert answer.report.file.delimiter == delimiter
    assert answer.accepted["line_number"].to_list() == [2, 3]


def test_mixed_line_ends_keep_each_line(tmp_path: Path) -> None:
    assert lines(tmp_path, "id;ville;montant\r\n1;a;1\r2;b;2\n3;c;3\r\n") == [2, 3, 4]


def test_header_is_found_below_titles(tmp_path: Path) -> None:
    answer = examined(tmp_path, "Subventions 2024;;\n;;\n\nid;ville;montant\n1;Donges;2\n", CONTRACT)
    assert answer.report.file.header_row == 4
    assert answer.accepted["line_number"].to_list() == [5]


def test_blank_lines_are_no_rows_and_shift_nothing(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;montant\n1;a;1\n\n;;\n2;b;x\n\n\n", CONTRACT)
    assert answer.report.rows.read == 2
    assert blocking(answer) == [(5, "montant", "type-error")]
    assert [e.line for e in answer.report.errors if e.rule == "blank-row"] == [3, 4]


def test_quoted_line_break_moves_the_lines_below(tmp_path: Path) -> None:
    assert lines(tmp_path, 'id;ville;montant\n1;"a\nb\nc";1\n2;b;2\n') == [2, 5]
    assert lines(tmp_path, 'id;ville;montant\r\n1;"a\r\nb";1\r\n2;"x ""y""";2\r\n') == [2, 4]


def test_short_and_long_rows_are_quarantined_where_they_stand(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;montant\n1;a;1\n2;b\n3;c;3;extra\n4;d;4\n", CONTRACT)
    assert blocking(answer) == [(3, None, "missing-cell"), (4, None, "extra-cell")]
    assert answer.accepted["line_number"].to_list() == [2, 5]
    assert answer.quarantined["rules"].to_list() == [["missing-cell"], ["extra-cell"]]


def test_short_row_and_long_row_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;montant\n1;a\n2;b;2;2\n", CONTRACT)
    assert [rule for _, _, rule in blocking(answer)] == ["missing-cell", "extra-cell"]


def test_quote_that_is_never_closed_is_said_and_loses_nothing_silently(tmp_path: Path) -> None:
    answer = examined(tmp_path, 'id;ville;montant\n1;a;1\n2;"b;2\n3;c;3\n', CONTRACT)
    assert (3, None, "unclosed-quote") in blocking(answer)
    assert answer.accepted["id"].to_list() == ["1"]


def test_quote_left_open_on_the_last_line_is_said(tmp_path: Path) -> None:
    answer = examined(tmp_path, 'id;ville;montant\n1;a;1\n2;3;"4"" ;5\n', CONTRACT)
    assert (3, None, "unclosed-quote") in blocking(answer)


def test_quote_in_the_middle_of_a_cell_is_a_sign_like_another(tmp_path: Path) -> None:
    answer = examined(tmp_path, 'id;ville;montant\n1;tube 5" long;1\n2;b;2\n', CONTRACT)
    assert answer.report.status == "valid"
    assert answer.accepted["ville"].to_list() == ['tube 5" long', "b"]


def test_end_mark_of_old_programs_is_no_row(tmp_path: Path) -> None:
    assert examined(tmp_path, PLAIN + "\x1a", CONTRACT).report.status == "valid"


def test_trailing_delimiters_are_no_extra_cells(tmp_path: Path) -> None:
    assert examined(tmp_path, "id;ville;montant\n1;a;1;\n2;b;2;;\n", CONTRACT).report.status == "valid"


def test_broken_bytes_in_utf_8_are_reported_cell_by_cell(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;montant\n1;Besné été;1\n2;Bes".encode() + b"\xff;2\n3;c;3\n", CONTRACT)
    assert answer.report.file.encoding == "utf-8"
    assert blocking(answer) == [(3, "ville", "encoding")]
    assert answer.accepted["ville"].to_list() == ["Besné été", "c"]


def test_nul_bytes_are_reported(tmp_path: Path) -> None:
    answer = examined(tmp_path, b"id;ville;montant\n1;a\x00b;1\n2;c;2\n", CONTRACT)
    assert blocking(answer) == [(2, "ville", "encoding")]


@pytest.mark.parametrize("damaged", ["BesnÃ©", "lâ€™Ã©cole", "Besn\ufffd"])
def test_lost_accents_improve_but_do_not_block(tmp_path: Path, damaged: str) -> None:
    answer = examined(tmp_path, f"id;ville;montant\n1;{damaged};1\n2;Âge légal;2\n", CONTRACT)
    assert answer.report.status == "valid"
    assert [(e.line, e.column) for e in answer.report.errors if e.rule == "mojibake"] == [(2, "ville")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf\n\n", "empty-file"),
        (b"id;ville;montant\n", "no-rows"),
        (b"%PDF-1.7 ...", "not-a-table"),
        (b"<!DOCTYPE html><html></html>", "not-a-table"),
        (b"PK\x03\x04 broken", "not-a-table"),
        (b"\x1f\x8b\x08\x00", "not-a-table"),
        (b"one;two\n1;2\n", "header-not-found"),
    ],
)
def test_what_cannot_be_read_is_unusable_with_words(tmp_path: Path, content: bytes, rule: str) -> None:
    answer = examined(tmp_path, content, CONTRACT)
    assert answer.report.status == "unusable"
    (error,) = answer.report.errors
    assert error.rule == rule
    assert error.message_fr and error.remedy_fr and error.message_en and error.remedy_en
    assert answer.report.rows.read == 0
    assert answer.accepted.columns == ["id", "ville", "montant", "line_number"]


def test_missing_file_is_unusable(tmp_path: Path) -> None:
    file = received(tmp_path, b"x")
    file.path.unlink()
    assert examine([file], CONTRACT)[0].report.status == "unusable"


def test_pinned_reading_is_obeyed(tmp_path: Path) -> None:
    content = "id;ville;montant\nid;ville;montant\n1,5;é;2\n".encode("cp1252")
    reading = Reading(encoding="cp1252", delimiter=";", header_row=2)
    answer = examined(tmp_path, content, CONTRACT, reading=reading)
    assert answer.report.file.header_row == 2
    assert answer.accepted["id"].to_list() == ["1,5"]
    assert examined(tmp_path, content, CONTRACT, reading=Reading(encoding="klingon")).report.status == "unusable"


def test_headers_are_recognised_without_case_accents_and_spaces(tmp_path: Path) -> None:
    answer = examined(tmp_path, "ID; Ville ;MONTANT\n1;a;2\n", CONTRACT)
    assert answer.report.status == "valid"


def test_declared_header_wins_and_constants_fill(tmp_path: Path) -> None:
    content = "id;commune;ville\n1;Donges;faux\n"
    answer = examined(tmp_path, content, CONTRACT, columns={"ville": "commune"}, constants={"montant": "7"})
    assert answer.accepted.rows() == [("1", "Donges", 7.0, 2)]


def test_missing_required_column_is_said_once_and_quarantines_every_row(tmp_path: Path) -> None:
    answer = examined(tmp_path, "ville;montant\na;1\nb;2\n", CONTRACT)
    assert blocking(answer) == [(1, "id", "missing-column")]
    assert answer.report.rows.quarantined == 2
    assert answer.quarantined["rules"].to_list() == [["missing-column"], ["missing-column"]]


def test_header_that_stands_twice_quarantines_because_nobody_knows_which_counts(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;ville\n1;a;b\n", CONTRACT)
    assert blocking(answer) == [(1, "ville", "duplicate-header")]
    assert answer.report.rows.accepted == 0


def test_unknown_columns_are_ignored_with_a_note(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville;montant;x\n1;a;1;z\n", CONTRACT)
    assert answer.report.status == "valid"
    assert first(answer, "extra-column").value == "x"


@pytest.mark.shared
def test_csv_spectrum_is_there() -> None:
    assert len(SPECTRUM) == 12


@pytest.mark.shared
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_is_read_as_written(path: Path) -> None:
    text = (path.parents[1] / "json" / f"{path.stem}.json").read_text(encoding="utf-8")
    for written, in_the_file in SPECTRUM_SLIPS.get(path.stem, {}).items():
        assert written in text
        text = text.replace(written, in_the_file)
    expected = json.loads(text)
    records = expected if isinstance(expected, list) else [expected]
    names = list(records[0])
    wanted = Wanted.of(contract_of(*({"name": name} for name in names)), {}, ())
    table = read_delimited(decode(path.read_bytes()), Reading(), wanted)
    found = [dict(zip(table.headers, [cell or "" for cell in row[:-1]], strict=True)) for row in table.rows.rows()]
    assert found == records


def test_cell_beyond_the_headers_of_a_blank_row_blocks_no_other_row(tmp_path: Path) -> None:
    answer = examined(tmp_path, "id;ville\n1;Donges\n;;x\n2;Besné\n", contract_of({"name": "id"}, {"name": "ville"}))
    assert answer.accepted["line_number"].to_list() == [2, 4]
    assert [(error.line, error.rule, error.severity) for error in answer.report.errors] == [
        (3, "blank-row", "improves"),
        (3, "extra-cell", "improves"),
    ]


@pytest.mark.parametrize("cell", ['"dit ""a"" ici"', "une cellule plus longue que douze", "court", ""])
def test_no_byte_that_is_not_utf8_gets_through(cell: str) -> None:
    body = "\n".join(f"{cell};é{number};{cell}" for number in range(4)).encode()
    assert read_regular(body, ";", 3, 1) is not None
    for place in range(len(body)):
        assert read_regular(body[:place] + b"\xff" + body[place + 1 :], ";", 3, 1) is None, place
