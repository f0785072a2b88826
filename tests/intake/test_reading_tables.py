"""What stands around and inside a table is told from its data: titles, units, totals, merged cells, other tables."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from governance.federation import Reading
from governance.intake.header import Wanted
from governance.intake.reading import read_file
from governance.intake.table import TextTable, UnreadableError
from tests.intake.examples import contract_of

CONTRACT = contract_of(
    {"name": "nom", "constraints": {"required": True}},
    {"name": "code", "constraints": {"required": True}},
    {"name": "Montant demandé"},
    {"name": "Montant versé"},
)
WANTED = Wanted.of(CONTRACT, {}, ())
HEADER = ["nom", "code", "Montant demandé", "Montant versé"]


def read(path: Path, **pinned: object) -> TextTable:
    return read_file(path, Reading.model_validate(pinned), WANTED)


def text(folder: Path, content: str) -> Path:
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    return path


def workbook(folder: Path, fill: Callable[[Any], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book)
    path = folder / "book.xlsx"
    book.save(path)
    return path


def faults(table: TextTable) -> list[tuple[str, int | None]]:
    return [(fault.rule, fault.line) for fault in table.faults]


def first_cells(table: TextTable) -> list[str | None]:
    return table.rows["0"].to_list()


def test_totals_at_the_foot_and_subtotals_are_left_out_and_said(tmp_path: Path) -> None:
    rows = "nom;code;Montant demandé;Montant versé\na;1;2;3\nSous-total;;2;3\nb;2;4;5\n;;;\nTotal général;;6;8\n"
    table = read(text(tmp_path, rows))
    assert first_cells(table) == ["a", "b"]
    assert table.rows["line_number"].to_list() == [2, 4]
    assert faults(table) == [("blank-row", 5), ("total-row", 3), ("total-row", 6)]


@pytest.mark.parametrize(
    "row",
    ["Total;7;2;3", "TotalEnergies;;2;3", "Total;7;9;9", "x;;Total;3"],
    ids=["has its key", "another word", "no sum", "not the first text"],
)
def test_row_that_may_be_data_stays(tmp_path: Path, row: str) -> None:
    table = read(text(tmp_path, f"nom;code;Montant demandé;Montant versé\na;1;2;4\nb;2;3;4\n{row}\n"))
    assert (table.rows.height, faults(table)) == (3, [])


def test_total_without_other_keys_is_one_when_it_is_the_sum(tmp_path: Path) -> None:
    wanted = Wanted.of(contract_of({"name": "nom", "constraints": {"required": True}}, {"name": "montant"}), {}, ())
    path = text(tmp_path, 'nom;montant\na;"1 000,50"\nb;2\nTotal;"1 002,50"\n')
    assert [f.rule for f in read_file(path, Reading(), wanted).faults] == ["total-row"]
    path = text(tmp_path, "nom;montant\na;1\nb;2\nTotal;4\n")
    assert read_file(path, Reading(), wanted).faults == ()


def test_units_under_the_header_are_left_out_and_said(tmp_path: Path) -> None:
    table = read(text(tmp_path, "nom;code;Montant demandé;Montant versé\n;;(€);en k€\na;1;2;3\n"))
    assert (first_cells(table), faults(table)) == (["a"], [("unit-row", 2)])
    table = read(text(tmp_path, "nom;code;Montant demandé;Montant versé\nm;l;kg;t\n;;m;l\na;1;2;3\n"))
    assert first_cells(table) == ["m", None, "a"]


def test_header_on_two_rows_is_joined_and_the_lines_stay_right(tmp_path: Path) -> None:
    table = read(text(tmp_path, 'Titre;;;\nnom;code;Montant;\n;;demandé;versé\na;1;2;"x\ny"\nb;2;3;4\n'))
    assert table.headers == tuple(HEADER)
    assert (table.header_row, table.header_rows) == (2, 2)
    assert table.rows["line_number"].to_list() == [4, 6]
    assert faults(table) == [("header-joined", 2)]


def test_header_of_one_row_is_not_joined_with_its_title_or_its_data(tmp_path: Path) -> None:
    table = read(text(tmp_path, "Montant;demandé;2024;\nnom;code;Montant versé;autre\nversé;1;2;3\n"))
    assert (table.headers, table.header_row, table.header_rows) == (("nom", "code", "Montant versé", "autre"), 2, 1)


def test_table_ends_at_the_pinned_row(tmp_path: Path) -> None:
    content = "nom;code;Montant demandé;Montant versé\na;1;2;3\n\nAutre tableau\nnom;code\nz;9\n"
    assert first_cells(read(text(tmp_path, content), last_row=3)) == ["a"]
    assert first_cells(read(text(tmp_path, content), header_row=5)) == ["z"]


def two_tables(book: Any) -> None:
    sheet = book.active
    sheet.title = "Tout"
    for row in (["Titre"], HEADER, ["a", 1, 2, 3], [], ["", "", *HEADER], ["", "", "z", 9, 8, 7]):
        sheet.append(row)
    sheet.add_table(Table(displayName="Aides", ref="C5:F6"))


@pytest.mark.parametrize("pinned", [{"table": "Aides"}, {"range": "C5:F6"}, {"range": "C5:F6", "sheet": "Tout"}])
def test_table_is_chosen_by_name_or_range_and_keeps_its_rows(tmp_path: Path, pinned: dict[str, str]) -> None:
    table = read(workbook(tmp_path, two_tables), **pinned)
    assert table.headers == ("", "", *HEADER)
    assert table.rows.rows() == [(None, None, "z", "9", "8", "7", 6)]
    assert read(tmp_path / "book.xlsx", range="A2:D3").rows.rows() == [("a", "1", "2", "3", *[None] * 2, 3)]


def test_table_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="table-not-found"):
        read(workbook(tmp_path, two_tables), table="Absente")


def test_merged_cells_give_each_row_their_value_and_are_said(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        for row in (HEADER, ["a", 1, 2, 3], [None, 2, 2, 3], [None, 3, 2, 3], ["b", 4, None, 3]):
            sheet.append(row)
        sheet.merge_cells("A2:A4")

    table = read(workbook(tmp_path, fill))
    assert first_cells(table) == ["a", "a", "a", "b"]
    assert faults(table) == [("merged-cells", 2)]


def test_merged_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        for row in (["nom", "code", "Montant", None], [None, None, "demandé", "versé"], ["a", 1, 2, 3]):
            sheet.append(row)
        for area in ("A1:A2", "B1:B2", "C1:D1"):
            sheet.merge_cells(area)

    table = read(workbook(tmp_path, fill))
    assert (table.headers, table.rows["line_number"].to_list()) == (tuple(HEADER), [3])


def hidden(book: Any) -> None:
    book.active.append(["Bonjour"])
    book.create_sheet("Cachée")
    book["Cachée"].append(HEADER)
    book["Cachée"].append(["a", 1, 2, 3])
    book["Cachée"].sheet_state = "hidden"


def test_hidden_sheet_is_never_chosen_silently(tmp_path: Path) -> None:
    path = workbook(tmp_path, hidden)
    with pytest.raises(UnreadableError, match="sheet-hidden: Cachée"):
        read(path)
    assert first_cells(read(path, sheet="Cachée")) == ["a"]


def test_formula_that_nobody_computed_is_not_an_empty_cell(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        book.active.append(HEADER)
        book.active.append(["a", 1, 2, "=C2+1"])

    assert read(workbook(tmp_path, fill)).rows["3"].to_list() == ["=C2+1"]


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="F">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def ods(folder: Path, *rows: str) -> Path:
    path = folder / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", ODS.format(rows="".join(rows)))
    return path


def row_of(*cells: str) -> str:
    inside = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
    )
    return f"<table:table-row>{inside}</table:table-row>"


def test_open_document_that_repeats_empty_rows_to_the_end_is_read(tmp_path: Path) -> None:
    endless = (
        '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    table = read(ods(tmp_path, row_of(*HEADER), row_of("a", "1", "2", "3"), endless))
    assert (table.format, table.sheet, table.rows.rows()) == ("ods", "F", [("a", "1", "2", "3", 2)])


POINTS = contract_of({"name": "nom"}, {"name": "Xlong"}, {"name": "Ylat"})


@pytest.mark.parametrize("comma", [False, True])
def test_exchanged_columns_are_said_and_mended_only_when_pinned(tmp_path: Path, comma: bool) -> None:
    content = "nom;Xlong;Ylat\na;47.27;-2.21\nb;-2.20;47.30\nc;-2.20;47.31\n"
    path = text(tmp_path, content.replace(".", ",") if comma else content)
    wanted = Wanted.of(POINTS, {}, ())
    table = read_file(path, Reading(), wanted)
    assert [(f.rule, f.line, f.detail) for f in table.faults] == [("swapped-axes", 2, "-2.21, 47.27")]
    mended = read_file(path, Reading(axes="lat-lon"), wanted)
    assert mended.rows["2"].to_list()[0] == ("47,27" if comma else "47.27")


def test_file_that_is_exchanged_throughout_says_so_once(tmp_path: Path) -> None:
    path = text(tmp_path, "nom;Xlong;Ylat\na;47.27;-2.21\nb;47.30;-2.2\n")
    (fault,) = read_file(path, Reading(), Wanted.of(POINTS, {}, ())).faults
    assert (fault.line, fault.rule) == (None, "swapped-axes") and fault.detail.endswith("2/2")


def test_columns_in_a_declared_system_become_degrees(tmp_path: Path) -> None:
    path = text(tmp_path, "nom;X;Y\na;700000,0;6600000\nb;abc;\n")
    wanted = Wanted.of(POINTS, {"Xlong": "X", "Ylat": "Y"}, ())
    table = read_file(path, Reading(crs="EPSG:2154"), wanted)
    assert table.rows.select("1", "2").rows() == [("3,0", "46.5"), ("abc", None)]
