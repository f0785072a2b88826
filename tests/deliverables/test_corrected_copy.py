"""The corrected copy says at each wrong cell what to write, changes only what is certain, and shows nothing hidden."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from governance.deliverables import corrected_copy
from governance.deliverables.corrected_copy import NoCopy, write_corrected_copy
from governance.deliverables.kept_file import read_kept_file
from governance.deliverables.sight import Sight
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile, RowError
from tests.deliverables.conftest import WrongFile

NOTHING = Sight(frozenset(), False)
RED, GREEN = "FFF8C9C4", "FFCDE8C9"


def _copy(wrong: WrongFile, sight: Sight | None = None) -> bytes:
    return write_corrected_copy(wrong.kept, wrong.errors, sight or wrong.everything, "fr")


def _sheet(content: bytes) -> Worksheet:
    found = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert isinstance(found, Worksheet)
    return found


def test_row_of_the_copy_is_the_line_of_the_report(wrong: WrongFile) -> None:
    sheet = _sheet(_copy(wrong))
    assert [cell.value for cell in sheet[1]][:3] == ["id_local", "nom_lieu", "insee"]
    assert [sheet.cell(line, 1).value for line in (2, 3, 4, 5, 7)] == [
        "44052-C-001", "44052-C-002", None, "44052-C-003", "44052-C-004",
    ]  # fmt: skip


def test_certain_value_is_filled_in_and_the_received_one_is_in_the_comment(wrong: WrongFile) -> None:
    cell = _sheet(_copy(wrong)).cell(3, 5)
    assert (cell.value, cell.fill.fgColor.rgb) == ("2026-01-15", GREEN)
    assert cell.comment is not None
    assert "Valeur reçue : 15/01/2026" in cell.comment.text
    assert "Écrivez « 2026-01-15 »" in cell.comment.text


def test_uncertain_value_stays_and_says_what_to_write(wrong: WrongFile) -> None:
    sheet = _sheet(_copy(wrong))
    for line, place, value, words in ((5, 4, "Stade", "Choisissez parmi"), (7, 7, "nulle part", "un nombre comme")):
        cell = sheet.cell(line, place)
        assert (cell.value, cell.fill.fgColor.rgb) == (value, RED)
        assert cell.comment is not None and words in cell.comment.text


def test_cell_that_is_right_is_neither_marked_nor_commented(wrong: WrongFile) -> None:
    cells = [cell for cell in _sheet(_copy(wrong))[2] if cell.value is not None]
    assert len(cells) == 9
    assert all(cell.comment is None for cell in cells)
    assert all(cell.fill.fgColor.rgb not in (RED, GREEN) for cell in cells)


def test_no_cell_is_a_formula(wrong: WrongFile) -> None:
    content = _copy(wrong)
    cell = _sheet(content).cell(3, 2)
    assert (cell.value, cell.number_format, cell.quotePrefix) == ("=1+1", "@", True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_column_outside_the_contract_is_not_copied(wrong: WrongFile) -> None:
    sheet = _sheet(_copy(wrong))
    assert sheet.cell(1, 9).value == "Téléphone de la gardienne"
    assert sheet.cell(2, 9).value == "(hors contrat)"
    assert "0600000" not in str([[cell.value for cell in row] for row in sheet.rows])


def test_what_nobody_may_preview_is_in_no_cell_and_no_comment(wrong: WrongFile) -> None:
    content = _copy(wrong, NOTHING)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    for hidden in ("Aire exemple", "Stade", "nulle part", "15/01/2026", "2026-01-15", "=1+1", "0600000"):
        assert hidden not in text, hidden
    cell = _sheet(content).cell(5, 4)
    assert cell.fill.fgColor.rgb == RED
    assert cell.comment is not None and "Reprenez la cellule" in cell.comment.text


def test_corrected_copy_sent_again_has_no_fault_where_it_was_filled_in(wrong: WrongFile, tmp_path: Path) -> None:
    path = tmp_path / "copy.xlsx"
    path.write_bytes(_copy(wrong))
    file = ReceivedFile.of(wrong.kept.source, key="again", path=path, filename=path.name, sha256="0" * 64)
    (answer,) = examine([file], wrong.kept.contract)
    blocking = {(error.line, error.column) for error in answer.report.errors if error.severity == "blocks"}
    assert blocking == {(5, "type"), (7, "Xlong")}
    assert answer.report.rows.accepted == 2


def test_file_is_read_as_it_was_declared_then(wrong: WrongFile) -> None:
    changed = wrong.world.declare("donges", columns={"type": "Autre"}, formats={})
    again = read_kept_file(changed.platform, wrong.receipt)
    assert again is not None
    assert again.source.formats.decimal == ","
    assert again.positions == wrong.kept.positions


def test_file_whose_bytes_are_gone_has_no_copy(wrong: WrongFile) -> None:
    wrong.world.platform.lake.landed(wrong.receipt.file_sha256 or "").unlink()
    assert read_kept_file(wrong.world.platform, wrong.receipt) is None


def test_table_above_the_limit_is_refused(wrong: WrongFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrected_copy, "MAX_CELLS", 10)
    with pytest.raises(NoCopy, match="too large"):
        _copy(wrong)


def test_fault_of_the_whole_file_is_in_the_notes(wrong: WrongFile) -> None:
    of_file = wrong.errors[0].model_copy(update={"line": None, "rule": "header-joined", "message_fr": "Trois lignes."})
    content = _copy(replace(wrong, errors=(of_file,)))
    notes = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    assert any("Trois lignes." in str(row[0].value) for row in notes.rows)


def test_a_cell_that_holds_several_columns_is_shown_to_nobody_who_may_not_see_all() -> None:
    error = RowError.model_validate(
        {"line": 2, "row": 1, "column": "town", "value": "44600 X", "rule": "part-missing", "severity": "blocks",
         "message_fr": "x", "message_en": "x", "remedy_fr": "x", "remedy_en": "x", "is_part": True}
    )  # fmt: skip
    assert Sight(frozenset({"town"}), False).seen(error).value is None
    assert Sight(frozenset({"town"}), True).seen(error).value == "44600 X"


def test_a_header_read_for_a_hidden_column_too_or_only_in_part_is_hidden_in_the_copy(wrong: WrongFile) -> None:
    secret = {"type": "nom_lieu"}, frozenset({"type", "id_local"})
    parted = {"column_formats": {"nom_lieu": {"split": " ", "part": 1}}}
    for declared, visible in (({"columns": secret[0]}, secret[1]), (parted, frozenset({"nom_lieu"}))):
        source = wrong.kept.source.model_validate({**wrong.kept.source.model_dump(exclude_unset=True), **declared})
        place = wrong.kept.positions["nom_lieu"]
        places = {**wrong.kept.places, "type": (place,)} if "columns" in declared else wrong.kept.places
        kept = replace(wrong.kept, source=source, places=places)
        assert not kept.shows(place, visible)
        assert wrong.kept.shows(place, frozenset({"nom_lieu"}))
