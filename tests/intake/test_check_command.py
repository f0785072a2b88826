"""``archipel check``: the handles that others build on."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from governance.commands.check import check

FEDERATION = Path(__file__).resolve().parents[2] / "federation"
app = typer.Typer()
app.command("check")(check)
RUNNER = CliRunner()
HEADER = (
    "point_livraison_id;batiment_id;batiment_nom;batiment_type;adresse;commune_insee;mois;energie;"
    "consommation_kwh;surface_m2\n"
)
GOOD = "P1;B1;École exemple;école;1 rue Exemple;44052;2024-01;gaz;12.5;100\n"
BAD = "P2;B1;École exemple;école;1 rue Exemple;44052;2024-13;gaz;12,5;100\n"


def run(file: Path, *options: str) -> tuple[int, str]:
    arguments = [str(file), "--federation", str(FEDERATION), *options]
    result = RUNNER.invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("content", "code"), [(HEADER + GOOD, 0), (HEADER + GOOD + BAD, 1), (HEADER, 2), ("", 2), ("a;b\n1;2\n", 2)]
)
def test_exit_code_tells_valid_quarantined_unusable(tmp_path: Path, content: str, code: int) -> None:
    file = tmp_path / "f.csv"
    file.write_text(content, encoding="utf-8")
    assert run(file, "--contract", "consommation_energie")[0] == code


def test_json_is_the_report(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(HEADER + GOOD + BAD, encoding="utf-8")
    code, output = run(file, "--contract", "consommation_energie", "--json")
    report = json.loads(output)
    assert code == 1
    assert report["rows"] == {"in": 2, "accepted": 1, "quarantined": 1, "duplicates": 0}
    assert {error["rule"] for error in report["errors"]} == {"pattern", "type-error"}
    assert report["file"]["sha256"] != "" and report["file"]["header_row"] == 1


def test_files_are_written(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(HEADER + GOOD + BAD, encoding="utf-8")
    for suffix in ("json", "csv", "html"):
        options = ("--report", str(tmp_path / f"r.{suffix}"), "--accepted", str(tmp_path / "a.parquet"))
        code, _ = run(file, "--contract", "consommation_energie", *options, "--quarantine", str(tmp_path / "q.csv"))
        assert code == 1
        assert (tmp_path / f"r.{suffix}").stat().st_size > 0
    assert pl.read_parquet(tmp_path / "a.parquet")["consommation_kwh"].to_list() == [12.5]
    assert "P2" in (tmp_path / "q.csv").read_text(encoding="utf-8-sig")


def test_table_schema_may_stand_for_the_contract(tmp_path: Path) -> None:
    schema, file = tmp_path / "s.json", tmp_path / "f.csv"
    schema.write_text(json.dumps({"fields": [{"name": "a", "type": "integer"}]}), encoding="utf-8")
    file.write_text("a\n1\n", encoding="utf-8")
    assert run(file, "--schema", str(schema))[0] == 0


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Des lignes sont à corriger"), ("en", "Some rows need mending")]
)
def test_answer_speaks_both_languages(tmp_path: Path, language: str, words: str) -> None:
    file = tmp_path / "f.csv"
    file.write_text(HEADER + GOOD + BAD, encoding="utf-8")
    assert words in run(file, "--contract", "consommation_energie", "--lang", language)[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--contract"),
        (("--contract", "subventions", "--schema", "x.json"), "--contract"),
        (("--contract", "nothing"), "consommation_energie"),
        (("--contract", "../settings"), "consommation_energie"),
        (("--schema", "absent.json"), "absent.json"),
    ],
)
def test_bad_arguments_end_with_two_and_words(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    file = tmp_path / "f.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    code, output = run(file, *options)
    assert code == 2
    assert words in output


def test_missing_file_and_unknown_check_end_with_two_and_words(tmp_path: Path) -> None:
    code, output = run(tmp_path / "absent.csv", "--contract", "subventions")
    assert (code, "absent.csv" in output) == (2, True)
    schema, file = tmp_path / "s.json", tmp_path / "f.csv"
    check_that_nobody_knows = [{"name": "lucky", "params": {"column": "a"}}]
    schema.write_text(json.dumps({"fields": [{"name": "a"}], "custom_checks": check_that_nobody_knows}))
    file.write_text("a\n1\n", encoding="utf-8")
    code, output = run(file, "--schema", str(schema))
    assert (code, "lucky" in output) == (2, True)


def test_report_that_cannot_be_written_ends_with_two(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(HEADER + GOOD, encoding="utf-8")
    assert run(file, "--contract", "consommation_energie", "--report", str(file / "r.json"))[0] == 2


SOURCE = """
id: somewhere
name: Somewhere
kind: commune
siren: "000000059"
example: true
insee_code: "44999"
cog_year: 2026
population: 10
sources:
  - dataset: consommation_energie
    connector: http_file
    options: {url: "https://www.somewhere.example/energie.csv"}
    columns: {energie: Énergie}
    column_formats: {energie: {codes: energies.csv}, consommation_kwh: {decimal: ","}}
"""


def test_a_file_is_checked_as_a_source_declares(tmp_path: Path) -> None:
    folder = tmp_path / "federation"
    shutil.copytree(FEDERATION, folder)
    (folder / "members" / "somewhere.yaml").write_text(SOURCE, encoding="utf-8")
    (folder / "members" / "energies.csv").write_text("code;value\n02;gaz\n", encoding="utf-8")
    file = tmp_path / "f.csv"
    good = GOOD.replace("gaz", "02").replace("12.5", "12,5")
    file.write_text(HEADER.replace("energie;", "Énergie;", 1) + good + good.replace("02;", "03;"), encoding="utf-8")
    code, printed = run(file, "--source", "somewhere/consommation_energie", "--federation", str(folder), "--json")
    (error,) = (each for each in json.loads(printed)["errors"] if each["severity"] == "blocks")
    assert (code, error["rule"], error["line"], error["value"]) == (1, "code-unknown", 3, "03")
    assert (error["column"], error["header"]) == ("energie", "Énergie")


@pytest.mark.parametrize(
    "options", [(), ("--source", "donges/x"), ("--source", "donges/subventions", "--contract", "x")]
)
def test_what_to_check_against_is_said_once_and_exists(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run(tmp_path / "f.csv", *options)[0] == 2
