"""The files: what a spreadsheet, a program and an engine find in them."""

import csv
import hashlib
import io
import json
import re
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.catalogue.cells import FORMULA_STARTS, csv_cell_sql
from tests.catalogue.world import ROWS, World


def _file(world: World, pattern: str) -> Path:
    return next((world.served / "files").glob(pattern))


def test_csv_is_rfc_4180_in_utf_8_with_a_header(world: World) -> None:
    world.publish()
    content = _file(world, "equipements.*.csv").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 5
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    assert rows[0] == ["member_id", "nom", "ouvert_le", "surface_m2"]
    assert rows[2][1] == 'Salle "des fêtes"'
    assert rows[3] == ["donges", "Gymnase, nº 1", "2019-01-01", "800.0"]


def test_formula_cells_leave_with_an_apostrophe_and_numbers_as_they_are(world: World) -> None:
    world.publish()
    rows = list(csv.DictReader(io.StringIO(_file(world, "equipements.*.csv").read_text(), newline="")))
    assert rows[0]["nom"] == "'=HYPERLINK(1)"
    assert rows[3]["nom"] == "-12,5"
    assert rows[1]["surface_m2"] == "-3.0"


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
BAIT = st.builds(str.__add__, st.sampled_from(FORMULA_STARTS), CELLS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(CELLS, BAIT), min_size=5, max_size=40))
def test_no_text_cell_starts_as_a_formula_unless_it_is_a_plain_number(texts: list[str]) -> None:
    query = f"SELECT {csv_cell_sql('c', 'VARCHAR')} FROM (SELECT unnest(?) AS c)"
    with duckdb.connect() as connection:
        cells = [row[0] for row in connection.execute(query, [texts]).fetchall()]
    assert len(cells) == len(texts)
    for cell, text in zip(cells, texts, strict=True):
        assert cell in (text, "'" + text)
        if cell and cell[0] in FORMULA_STARTS:
            assert re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", cell)


def test_json_and_parquet_carry_the_values_untouched(world: World) -> None:
    world.publish()
    records = json.loads(_file(world, "equipements.*.json").read_text())
    frame = pl.read_parquet(_file(world, "equipements.*.parquet"))
    expected = [row[1] for row in ROWS["equipements"]]
    assert [record["nom"] for record in records] == frame["nom"].to_list() == expected
    assert records[3]["surface_m2"] is None
    assert frame.schema["ouvert_le"] == pl.Date


def test_a_file_is_named_after_its_content(world: World) -> None:
    datasets = world.publish().catalogue.datasets
    assert datasets
    for dataset in datasets:
        assert [file.format for file in dataset.distributions] == ["csv", "json", "parquet"]
        for file in dataset.distributions:
            content = (world.served / file.file).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file.sha256
            assert f".{file.sha256[:16]}." in file.file
            assert len(content) == file.bytes


def test_slices_together_are_the_harmonised_dataset(world: World) -> None:
    world.publish()
    parts = [pl.read_parquet(path) for path in sorted((world.served / "files").glob("equipements--*.parquet"))]
    whole = pl.read_parquet(_file(world, "equipements.*.parquet"))
    assert len(parts) == 2
    assert pl.concat(parts).sort("member_id", "nom").equals(whole.sort("member_id", "nom"))


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_same_rows_give_the_same_bytes(tmp_path: Path, file_format: str) -> None:
    names = []
    for folder in ("a", "b"):
        made = World(tmp_path / folder)
        made.share(ROWS)
        made.publish()
        names.append(sorted(path.name for path in (made.served / "files").glob(f"*.{file_format}")))
    assert len(names[0]) == 3
    assert names[0] == names[1]


def test_relative_state_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = World(Path("state"))
    made.share(ROWS)
    assert len(made.publish().result.created) == 3
