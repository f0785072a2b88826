"""Workbooks are read as the clerk sees them."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from governance.federation import Formats, Reading
from governance.intake.examine import examine
from governance.intake.model import Examined, ReceivedFile
from tests.intake.examples import SHARED, blocking, contract_of

CONTRACT = contract_of(
    {"name": "siret", "constraints": {"required": True, "pattern": "^[0-9]{14}$"}},
    {"name": "jour", "type": "date"},
    {"name": "montant", "type": "number"},
    {"name": "instant", "type": "datetime"},
)
HEADER = ["SIRET", "Jour", "Montant", "Instant"]
ROW = [24440064400013, datetime.date(2024, 3, 1), 1234.5, datetime.datetime(2024, 3, 1, 8, 30)]


def workbook(folder: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path = folder / "book.xlsx"
    book.save(path)
    return path


def answer_of(path: Path, **declared: Any) -> Examined:
    return examine([ReceivedFile("book", path, path.name, "0" * 64, **declared)], CONTRACT)[0]


def test_numbers_and_dates_are_as_seen(tmp_path: Path) -> None:
    answer = answer_of(workbook(tmp_path, {"A": [HEADER, ROW]}))
    assert answer.report.status == "valid"
    siret, day, amount, instant, line = answer.accepted.row(0)
    assert (siret, str(day), amount, str(instant), line) == (
        "24440064400013", "2024-03-01", 1234.5, "2024-03-01 08:30:00", 2,
    )  # fmt: skip


def test_sheet_and_header_are_found_below_titles(tmp_path: Path) -> None:
    sheets: dict[str, Sequence[Sequence[Any]]] = {
        "Lisez-moi": [["Bonjour"]],
        "Données": [["Titre"], [], HEADER, ROW, [None] * 4, ROW[:1] + [None] * 3],
    }
    answer = answer_of(workbook(tmp_path, sheets))
    assert answer.report.file.sheet == "Données"
    assert answer.report.file.header_row == 3
    assert answer.accepted["line_number"].to_list() == [4, 6]


@pytest.mark.parametrize("pinned", ["Seconde", 2])
def test_pinned_sheet_is_obeyed_by_name_and_by_number(tmp_path: Path, pinned: str | int) -> None:
    path = workbook(tmp_path, {"Première": [HEADER, ROW, ROW[:1]], "Seconde": [HEADER, ROW]})
    answer = answer_of(path, reading=Reading(sheet=pinned))
    assert answer.report.file.sheet == "Seconde"
    assert answer.report.rows.read == 1


@pytest.mark.parametrize("pinned", ["Absente", 9])
def test_sheet_that_is_not_there_is_said(tmp_path: Path, pinned: str | int) -> None:
    answer = answer_of(workbook(tmp_path, {"A": [HEADER, ROW]}), reading=Reading(sheet=pinned))
    assert answer.report.status == "unusable"
    assert answer.report.errors[0].rule == "sheet-not-found"


def test_sheet_that_declares_a_million_rows_holds_what_it_holds(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    sheet.append(ROW)
    sheet["A1048576"].number_format = "0.00"
    path = tmp_path / "book.xlsx"
    book.save(path)
    answer = answer_of(path)
    assert (answer.report.status, answer.report.rows.read) == ("valid", 1)


def test_text_that_lost_its_digits_is_quarantined(tmp_path: Path) -> None:
    answer = answer_of(workbook(tmp_path, {"A": [HEADER, ["3,94E+13", None, None, None]]}))
    assert blocking(answer) == [(2, "siret", "pattern")]


def test_failed_formula_is_not_an_empty_cell(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, ROW, [ROW[0], "#N/A", "#REF!", None]]
    answer = answer_of(workbook(tmp_path, {"Avant": [["rien"]], "Données & co": rows}))
    assert blocking(answer) == [(3, "jour", "type-error"), (3, "montant", "type-error")]
    assert [e.value for e in answer.report.errors if e.severity == "blocks"] == ["#N/A", "#REF!"]


def test_declared_comma_does_not_spoil_cells_that_are_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"A": [HEADER, ROW, [*ROW[:2], "2 000,5", None]]})
    answer = answer_of(path, formats=Formats(decimal=",", thousands=" "))
    assert answer.accepted["montant"].to_list() == [1234.5, 2000.5]


def test_empty_workbook_is_unusable(tmp_path: Path) -> None:
    assert answer_of(workbook(tmp_path, {"A": []})).report.status == "unusable"


@pytest.mark.shared
def test_old_excel_file_is_read() -> None:
    path = SHARED / "data" / "exemples-officiels" / "covoiturage" / "exemple-valide.xls"
    contract = contract_of({"name": "nom_lieu"}, {"name": "insee", "constraints": {"pattern": "^[0-9]{5}$"}})
    answer = examine([ReceivedFile("xls", path, path.name, "0")], contract)[0]
    assert (answer.report.status, answer.report.rows.read) == ("valid", 1)
