"""Reports as files: whole, safe to open in a spreadsheet, readable by everybody."""

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from governance.intake.model import Examined, Report
from governance.intake.report_files import (
    escape_formula,
    render_report_html,
    write_quarantine_csv,
    write_report_csv,
    write_report_html,
    write_report_json,
)
from tests.intake.examples import contract_of, examined

CONTRACT = contract_of({"name": "id", "constraints": {"required": True}}, {"name": "n", "type": "number"})


@pytest.fixture
def answer(tmp_path: Path) -> Examined:
    content = 'id;n\na;1\nb;=cmd()\n;-5\nc;"<script>alert(1)</script>"\nd;@x\n'
    return examined(tmp_path, content, CONTRACT)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd", "@sum", "\tx", "\rx", "-", "--1"])
def test_formula_is_disarmed(cell: str) -> None:
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-5", "+33", "-1.5", "-1,5", "plain", "a=b", ""])
def test_plain_cell_is_left_alone(cell: str) -> None:
    assert escape_formula(cell) == cell


def test_json_says_what_the_brief_of_the_command_promises(tmp_path: Path, answer: Examined) -> None:
    write_report_json(answer.report, tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert set(report) == {"status", "file", "contract", "rows", "errors"}
    assert set(report["file"]) == {
        "name", "sha256", "encoding", "delimiter", "sheet", "header_row", "format", "header_rows", "member", "crs",
        "numbered",
    }  # fmt: skip
    assert report["rows"] == {"in": 5, "accepted": 1, "quarantined": 4, "duplicates": 0}
    assert set(report["errors"][0]) == {
        "line", "row", "column", "value", "rule", "severity", "message_fr", "message_en", "remedy_fr", "remedy_en",
        "correction",
        "header",
        "is_part",
    }  # fmt: skip
    assert Report.model_validate(report).model_dump() == answer.report.model_dump()


def test_csv_opens_in_a_french_spreadsheet_and_runs_nothing(tmp_path: Path, answer: Examined) -> None:
    write_report_csv(answer.report, tmp_path / "r.csv")
    raw = (tmp_path / "r.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + len(answer.report.errors)
    assert not any(cell.startswith(("=", "@", "+")) for row in rows for cell in row)
    assert "'=cmd()" in [cell for row in rows for cell in row]


def test_quarantine_file_holds_the_rows_their_lines_and_rules(tmp_path: Path, answer: Examined) -> None:
    write_quarantine_csv(answer.quarantined, tmp_path / "q.csv")
    text = (tmp_path / "q.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["line_number"] for row in rows] == ["3", "4", "5", "6"]
    assert [row["rules"] for row in rows] == ["type-error", "required", "type-error", "type-error"]
    assert [row["n"] for row in rows][:2] == ["'=cmd()", "-5"]


class Outline(HTMLParser):
    """Counts what an accessible page needs."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bare_headers = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "th" and "scope" not in dict(attrs):
            self.bare_headers += 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page_is_accessible_and_takes_nothing_from_outside(answer: Examined, language: str) -> None:
    page = render_report_html(answer.report, "en" if language == "en" else "fr")
    outline = Outline()
    outline.feed(page)
    assert f'<html lang="{language}">' in page
    assert outline.tags.count("h1") == 1
    assert outline.tags.count("main") == 1
    assert outline.tags.count("caption") == outline.tags.count("table") > 1
    assert outline.bare_headers == 0
    assert "script" not in outline.tags and "link" not in outline.tags and "src=" not in page
    assert "&lt;script&gt;" in page


def test_page_shows_what_blocks_most_first(tmp_path: Path, answer: Examined) -> None:
    write_report_html(answer.report, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.index('id="rule-type-error"') < page.index('id="rule-required"')


def test_page_of_a_valid_file_says_so(tmp_path: Path) -> None:
    page = render_report_html(examined(tmp_path, "id;n\na;1\n", CONTRACT).report, "en")
    assert "Every row is right." in page and "Nothing to mend." in page


def test_empty_quarantine_is_a_header(tmp_path: Path) -> None:
    empty = examined(tmp_path, "id;n\na;1\n", CONTRACT).quarantined
    assert empty.schema == {"id": pl.String, "n": pl.String, "line_number": pl.Int64, "rules": pl.List(pl.String)}
    write_quarantine_csv(empty, tmp_path / "q.csv")
    assert (tmp_path / "q.csv").read_text(encoding="utf-8-sig").strip() == "line_number;rules;id;n"
