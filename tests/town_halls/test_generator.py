"""The generator's files: the same for the same seed, synthetic for all to see, wrong only where meant to be."""

import csv
import importlib
import io
import json
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from stdnum import luhn
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from governance.contracts.odcs import load_contracts
from governance.settings import PROJECT_ROOT
from infra.town_halls.generate import Written, generate, make_file
from infra.town_halls.habits import ExampleFile, load_files
from infra.town_halls.portal import FOLDER as PORTAL
from infra.town_halls.portal import build_portal
from infra.town_halls.rows import Row
from infra.town_halls.spoil import SPOILS
from infra.town_halls.towns import COMMUNES, EPCI, TOWNS, check_digit, example_siren, siret_of

FILES = list(load_files())
DATASETS = sorted({file.dataset for file in FILES})
CONTRACTS = load_contracts(PROJECT_ROOT / "federation" / "contracts")
SHRUNK = "pornichet/Deliberations.csv"


def _rows(dataset: str, count: int = 120) -> list[Row]:
    """Rows of every town that has the dataset, before habits and before anything is spoiled."""
    build = importlib.import_module(f"infra.town_halls.rows.{dataset}").build
    towns = [file.town for file in FILES if file.dataset == dataset]
    return [row for town in towns for row in build(town, Random(town.id), range(1, count + 1))]


def _table(content: bytes, file: ExampleFile) -> list[list[str]]:
    text = content.decode(file.habit.encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=file.habit.delimiter))


def _file(path: str) -> ExampleFile:
    return next(file for file in FILES if file.path == path)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Written]]:
    out = tmp_path_factory.mktemp("sites")
    return out, generate(out)


def test_same_seed_gives_the_same_bytes() -> None:
    assert [make_file(file, 1) for file in FILES] == [make_file(file, 1) for file in FILES]


def test_another_seed_gives_other_bytes() -> None:
    differing = [file.path for file in FILES if make_file(file, 1)[0] != make_file(file, 2)[0]]
    assert differing == [file.path for file in FILES]


def test_sites_hold_as_much_as_they_should(first: tuple[Path, list[Written]]) -> None:
    written = first[1]
    assert 10_000 <= sum(one.rows for one in written) <= 15_000
    assert all(40 <= one.rows <= 410 for one in written if one.dataset != "consommation_energie")
    share = Counter(one.dataset for one in written)
    assert share == {
        "subventions": 11,
        "equipements": 10,
        "deliberations": 9,
        "menus_collectifs": 6,
        "lieux_covoiturage": 6,
        "signalements": 3,
        "consommation_energie": 1,
    }


def test_one_to_three_rows_in_a_hundred_are_wrong(first: tuple[Path, list[Written]]) -> None:
    written = first[1]
    assert 0.01 <= sum(one.wrong for one in written) / sum(one.rows for one in written) <= 0.03
    assert {one.path for one in written if one.wrong == 0} == {
        "trignac/covoiturage.csv",
        "saint-joachim/subventions.csv",
        "carene/lieux-covoiturage.csv",
    }


def test_manifest_says_what_is_on_disk(first: tuple[Path, list[Written]]) -> None:
    out, written = first
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["synthetic"] is True
    assert manifest["files"] == [asdict(one) for one in written]
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*/*") if path.name != "LISEZMOI.txt"}
    assert on_disk == {one.path for one in written} | {path for path, _ in build_portal()}


def test_every_site_says_that_it_is_synthetic(first: tuple[Path, list[Written]]) -> None:
    out, written = first
    for site in {one.path.partition("/")[0] for one in written} | {PORTAL}:
        notice = (out / site / "LISEZMOI.txt").read_text()
        assert "synthétiques" in notice
        assert "synthetic" in notice


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_row_says_that_it_is_an_example(dataset: str) -> None:
    marks = re.compile(r"exempl|example|\bEX\d", re.IGNORECASE)
    assert all(any(marks.search(str(value)) for value in row.values()) for row in _rows(dataset))


def test_second_generation_changes_few_files_and_shrinks_one(first: tuple[Path, list[Written]], tmp_path: Path) -> None:
    before = {one.path: one for one in first[1]}
    generate(tmp_path)
    dates = {path: (tmp_path / path).stat().st_mtime for path in before}
    after = {one.path: one for one in generate(tmp_path, generation=2)}
    changed = {path for path in before if before[path].sha256 != after[path].sha256}
    assert after[SHRUNK].rows == before[SHRUNK].rows // 10
    assert {path for path in changed if after[path].rows > before[path].rows} == changed - {SHRUNK}
    assert 4 <= len(changed) <= 10
    assert {path for path in before if (tmp_path / path).stat().st_mtime != dates[path]} == changed


def test_second_generation_is_the_same_on_an_empty_folder(tmp_path: Path) -> None:
    generate(tmp_path / "both")
    generate(tmp_path / "both", generation=2)
    generate(tmp_path / "only", generation=2)
    both, only = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*")} for name in ("both", "only")
    )
    assert both == only
    times = [{path.stat().st_mtime for path in (tmp_path / name).rglob("*/*.*")} for name in ("both", "only")]
    assert times[0] == times[1]


def test_grown_file_keeps_its_first_rows() -> None:
    file = _file("saint-nazaire/subventions_2025.csv")
    before, after = (_table(make_file(file, 1, generation)[0], file) for generation in (1, 2))
    assert len(after) == len(before) + 7
    assert after[: len(before)] == before


def test_repeating_file_repeats_sound_rows_and_no_other_does() -> None:
    for file in FILES:
        if file.habit.file.endswith(".xlsx"):
            continue
        content, written = make_file(file, 1)
        table = _table(content, file)[len(file.habit.titles) + 1 :]
        again = Counter(tuple(row) for row in table if any(row))
        assert sum(count - 1 for count in again.values()) == written.duplicates == file.habit.repeats
    assert [file.path for file in FILES if file.habit.repeats] == ["trignac/subventions.csv"]


def test_blank_rows_stand_at_the_end_and_are_not_counted() -> None:
    file = _file("saint-malo-de-guersac/subventions.csv")
    content, written = make_file(file, 1)
    filled = [any(row) for row in _table(content, file)[1:]]
    assert filled == [True] * written.rows + [False] * 4


def test_workbook_has_its_table_on_the_second_sheet_below_titles() -> None:
    file = _file("saint-andre-des-eaux/equipements.xlsx")
    content, written = make_file(file, 1)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 2
    rows: list[tuple[Any, ...]] = list(book.worksheets[1].iter_rows(values_only=True))
    assert "synthétiques" in str(rows[0][0])
    header = rows.index(next(row for row in rows if row[0] == "COLL_NOM"))
    assert header == len(file.habit.titles) + 1
    assert len(rows) - header - 1 == written.rows
    assert any(isinstance(value, int) and len(str(value)) == 14 for value in rows[header + 1])


@pytest.mark.parametrize("dataset", DATASETS)
def test_rows_have_only_columns_of_the_contract_and_all_that_it_requires(dataset: str) -> None:
    contract = CONTRACTS[dataset]
    names = {column.name for column in contract.columns}
    required = {column.name for column in contract.columns if column.constraints.required}
    for row in _rows(dataset):
        assert set(row) <= names
        assert all(row.get(name) not in (None, "") for name in required)


@pytest.mark.parametrize("dataset", DATASETS)
def test_keys_are_unique_across_the_federation(dataset: str) -> None:
    key = CONTRACTS[dataset].primary_key
    rows = [tuple(row.get(name) for name in key or row) for row in _rows(dataset)]
    assert len(rows) == len(set(rows))


def test_every_siret_passes_luhn() -> None:
    sirets = {
        str(value)
        for dataset in DATASETS
        for row in _rows(dataset)
        for name, value in row.items()
        if re.search("siret|^idAttribuant|^idBeneficiaire", name, re.IGNORECASE)
    }
    assert len(sirets) > 50
    assert all(siret_number.is_valid(siret) for siret in sirets)


def test_associations_have_made_up_numbers_that_do_not_repeat() -> None:
    sirens = [example_siren(number) for number in range(1, 200)]
    assert len(set(sirens)) == len(sirens)
    assert all(siren.startswith("000") and siren_number.is_valid(siren) for siren in sirens)


@pytest.mark.parametrize("digits", ["21440184600001", "7992739871", "0"])
def test_check_digit_completes_a_luhn_number(digits: str) -> None:
    assert luhn.is_valid(digits + check_digit(digits))
    assert siret_number.is_valid(siret_of(EPCI.siren))


@pytest.mark.parametrize(
    ("dataset", "longitude", "latitude"),
    [
        ("equipements", "EQUIP_LONG", "EQUIP_LAT"),
        ("lieux_covoiturage", "Xlong", "Ylat"),
        ("signalements", "longitude", "latitude"),
    ],
)
def test_points_lie_in_their_commune(dataset: str, longitude: str, latitude: str) -> None:
    by_insee = {town.insee: town for town in COMMUNES}
    for row in _rows(dataset):
        insee = row.get("insee") or row.get("commune_insee") or str(row["EQUIP_UID"])[:5]
        town = by_insee[str(insee)]
        assert abs(float(str(row[longitude])) - town.longitude) < 0.01
        assert abs(float(str(row[latitude])) - town.latitude) < 0.01


def test_persons_are_numbers_with_addresses_kept_for_examples() -> None:
    for row in _rows("signalements"):
        assert re.fullmatch(r"Habitant exemple \d+", str(row["auteur_nom"]))
        assert str(row["auteur_courriel"]).endswith("@example.org")
        assert re.fullmatch(r"01 99 00 \d\d \d\d", str(row["auteur_telephone"]))


def test_energy_has_forty_buildings_and_homes_on_both_sides_of_the_threshold() -> None:
    count = _file("exemple-reseau-energie/consommations-2025.csv").habit.rows
    rows = _rows("consommation_energie", count)
    assert len({row["batiment_id"] for row in rows}) == 40
    assert {row["commune_insee"] for row in rows} == {town.insee for town in COMMUNES}
    months = Counter(row["point_livraison_id"] for row in rows)
    assert set(months.values()) == {12}
    homes = {(row["batiment_id"], row["point_livraison_id"]) for row in rows if row["batiment_type"] == "logement"}
    assert sorted(Counter(building for building, _ in homes).values()) == [3, 12]


@pytest.mark.parametrize("dataset", DATASETS)
def test_ways_to_go_wrong_name_columns_of_the_contract(dataset: str) -> None:
    names = {column.name for column in CONTRACTS[dataset].columns}
    assert {spoil.column for spoil in SPOILS[dataset]} - {""} <= names


def test_habits_differ_as_those_of_real_town_halls_do() -> None:
    assert {file.habit.encoding for file in FILES} >= {"utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"}
    assert {file.habit.delimiter for file in FILES} == {";", ",", "\t", "|"}
    assert {file.habit.newline for file in FILES} == {"\n", "\r\n", "\r"}
    assert {file.habit.date for file in FILES} >= {"%d/%m/%Y", "%Y-%m-%d", "%Y/%m/%d"}
    assert {file.habit.decimal for file in FILES} == {",", "."}
    assert set(TOWNS) == {file.town.id for file in FILES}
