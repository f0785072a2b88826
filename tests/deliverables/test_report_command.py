"""``archipel report`` hands out what was found in a file, in each form, and says in words when there is none."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from governance.commands.main import app
from governance.commands.report import NoReport
from tests.deliverables.conftest import WrongFile


def _report(wrong: WrongFile, *arguments: str) -> Result:
    settings = wrong.world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    return CliRunner().invoke(app, ["report", *arguments, *places])


@pytest.mark.services
def test_each_form_has_every_fault(wrong: WrongFile, tmp_path: Path) -> None:
    for ending in ("html", "csv", "json", "xlsx"):
        path = tmp_path / f"rapport.{ending}"
        answer = _report(wrong, "donges", "lieux_covoiturage", "--to", str(path))
        assert answer.exit_code == 0, answer.output
        assert path.stat().st_size > 500
    told = json.loads((tmp_path / "rapport.json").read_text(encoding="utf-8"))["errors"]
    assert len(told) == len(wrong.errors)
    dated = next(error for error in told if error["column"] == "date_maj")
    assert (dated["line"], dated["value"], dated["correction"]) == (3, "15/01/2026", "2026-01-15")
    with (tmp_path / "rapport.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert "2026-01-15" in {row["correction"] for row in csv.DictReader(stream, delimiter=";")}
    assert openpyxl.load_workbook(tmp_path / "rapport.xlsx").sheetnames == ["Copie corrigée", "À lire"]


@pytest.mark.services
def test_run_is_named_by_its_number_too_and_rules_by_their_titles(wrong: WrongFile) -> None:
    answer = _report(wrong, wrong.receipt.run_id)
    assert answer.exit_code == 0
    assert "Valeur du mauvais type" in answer.output and "type-error" not in answer.output


@pytest.mark.services
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "lieux_covoiturage"], "aucun fichier lu n'est connu sous « nowhere lieux_covoiturage »"),
        (["donges", "lieux_covoiturage", "--to", "x.docx"], "doit finir par .html"),
    ],
)
def test_what_is_not_there_is_said_in_words(wrong: WrongFile, arguments: list[str], words: str) -> None:
    answer = _report(wrong, *arguments)
    assert isinstance(answer.exception, NoReport)
    assert words in str(answer.exception)


@pytest.mark.services
def test_copy_that_a_page_does_not_make_is_made_at_a_terminal(
    wrong: WrongFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.deliverables.corrected_copy.MAX_CELLS", 3)
    path = tmp_path / "a-corriger.xlsx"
    assert _report(wrong, wrong.receipt.run_id, "--to", str(path)).exit_code == 0
    assert openpyxl.load_workbook(path).sheetnames == ["Copie corrigée", "À lire"]
