"""Declared parsers: one right meaning or a row in quarantine with a remedy; the clerk's text is never lost."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from governance.federation import ColumnFormats, Formats, Source, load_organisation
from governance.federation import DeclarationError as Refused
from governance.intake.formats import rewrite
from governance.intake.model import Examined
from governance.intake.parsers import MARKS, join_cells
from tests.intake.examples import blocking, contract_of, examined, first

PLACES = contract_of(
    {"name": "id", "constraints": {"required": True}},
    {"name": "code", "constraints": {"pattern": "[0-9]{5}"}},
    {"name": "ville"},
    {"name": "lat", "type": "number"},
    {"name": "lon", "type": "number"},
    {"name": "nature", "constraints": {"enum": ["numéraire", "nature"]}},
    {"name": "jour", "constraints": {"pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}"}},
)


def read(folder: Path, content: str, formats: Formats | None = None, **own: Any) -> Examined:
    columns = own.pop("columns", {})
    parsers = {name: ColumnFormats.model_validate(declared) for name, declared in own.items()}
    return examined(folder, content, PLACES, columns=columns, column_formats=parsers, formats=formats or Formats())


CITY = {"split": " ", "parts": 2}
POINT = {"coordinates": "lat-lon"}


def test_one_cell_gives_several_columns(tmp_path: Path) -> None:
    answer = read(
        tmp_path, "id;Lieu\n1;44600 Saint Nazaire\n2;\n", columns={"code": "Lieu", "ville": "Lieu"},
        code={**CITY, "part": 1}, ville={**CITY, "part": 2},
    )  # fmt: skip
    assert answer.accepted.select("code", "ville").rows() == [("44600", "Saint Nazaire"), (None, None)]


def test_a_cell_that_does_not_split_is_quarantined_with_its_own_words_and_header(tmp_path: Path) -> None:
    answer = read(tmp_path, "id;Lieu\n1;Pornichet\n", columns={"ville": "Lieu"}, ville={**CITY, "part": 2})
    error = first(answer, "part-missing")
    assert (error.line, error.column, error.header, error.value) == (2, "ville", "Lieu", "Pornichet")
    assert "Lieu (ville)" in error.message_fr
    assert "2" in error.remedy_fr
    assert (answer.report.rows.accepted, answer.report.rows.quarantined) == (0, 1)
    assert answer.quarantined["ville"].to_list() == ["Pornichet"]


@pytest.mark.parametrize(
    ("cell", "declared", "lat", "lon"),
    [
        ("47.28, -2.2", {"coordinates": "lat-lon"}, 47.28, -2.2),
        ("[47.28; -2.2]", {"coordinates": "lat-lon"}, 47.28, -2.2),
        ("POINT (-2.2 47.28)", {"coordinates": "lon-lat"}, 47.28, -2.2),
        ("47,28 ; -2,2", {"coordinates": "lat-lon", "decimal": ","}, 47.28, -2.2),
        ("47,28, -2,2", {"coordinates": "lat-lon", "decimal": ","}, 47.28, -2.2),
    ],
)
def test_two_coordinates_in_one_cell(
    tmp_path: Path, cell: str, declared: dict[str, str], lat: float, lon: float
) -> None:
    answer = read(
        tmp_path, f'id;Point\n1;"{cell}"\n', columns={"lat": "Point", "lon": "Point"},
        lat={**declared, "take": "latitude"}, lon={**declared, "take": "longitude"},
    )  # fmt: skip
    assert answer.accepted.select("lat", "lon").rows() == [(lat, lon)]


@pytest.mark.parametrize("cell", ["47.28", "ici", "147.28, -2.2", "47.28, -2.2, 3", "47,28, -2,2", "x47.28, -2.2"])
def test_what_is_no_pair_is_quarantined_never_taken_for_empty(tmp_path: Path, cell: str) -> None:
    answer = read(tmp_path, f'id;Point\n1;"{cell}"\n', columns={"lat": "Point"}, lat={**POINT, "take": "latitude"})
    assert blocking(answer) == [(2, "lat", "coordinates-unread")]
    assert first(answer, "coordinates-unread").value == cell


def test_a_whole_address_gives_several_columns(tmp_path: Path) -> None:
    answer = read(
        tmp_path, 'id;Adresse\n1;"12 bis rue Haute, 44480 Donges"\n2;\n',
        columns={"code": "Adresse", "ville": "Adresse"}, code={"address": "postcode"}, ville={"address": "town"},
    )  # fmt: skip
    assert answer.accepted.select("code", "ville").rows() == [("44480", "Donges"), (None, None)]


def test_an_address_without_a_postcode_is_quarantined_in_words(tmp_path: Path) -> None:
    answer = read(
        tmp_path, "id;Adresse\n1;rue Haute, Donges\n", columns={"ville": "Adresse"}, ville={"address": "town"}
    )
    assert blocking(answer) == [(2, "ville", "address-unread")]
    found = first(answer, "address-unread")
    assert (found.value, found.header) == ("rue Haute, Donges", "Adresse")


@pytest.mark.parametrize(
    ("cell", "amount"), [("1 500,50 €", "1500.50"), ("12", "12"), ("12 $", None), ("1,5 k€", None)]
)
def test_a_declared_unit_is_left_out_and_another_is_refused(tmp_path: Path, cell: str, amount: str | None) -> None:
    answer = read(tmp_path, f"id;lat\n1;{cell}\n", Formats(decimal=",", thousands=" ", unit="€"))
    read_so = answer.accepted["lat"].to_list()
    assert [float(value) for value in read_so] == ([float(amount)] if amount else [])


def test_codes_are_replaced_and_a_strange_one_names_those_known(tmp_path: Path) -> None:
    codes = {"codes": {"N": "numéraire", "A": "nature"}}
    answer = read(tmp_path, "id;nature\n1;N\n2; A\n3;B\n4;\n5;nature\n", nature=codes)
    assert answer.accepted["nature"].to_list() == ["numéraire", "nature", None]
    assert blocking(answer) == [(4, "nature", "code-unknown"), (6, "nature", "code-unknown")]
    assert "N, A" in first(answer, "code-unknown").remedy_fr


def test_cells_are_joined_and_empty_ones_left_out(tmp_path: Path) -> None:
    joined = {"join": ["No", "Voie", "Suite"], "separator": ", "}
    answer = read(tmp_path, "id;No;Voie;Suite\n1;3;rue X;\n2;;;\n", ville=joined)
    assert answer.accepted["ville"].to_list() == ["3, rue X", None]
    assert not [e for e in answer.report.errors if e.rule == "extra-column"]


def test_a_join_that_lacks_a_header_says_which(tmp_path: Path) -> None:
    answer = read(tmp_path, "id;No\n1;3\n", ville={"join": ["No", "Voie"]})
    (error,) = [e for e in answer.report.errors if e.column == "ville"]
    assert (error.rule, error.value, error.header) == ("missing-optional-column", "Voie", "No + Voie")


def test_a_default_fills_what_is_empty_and_nothing_else(tmp_path: Path) -> None:
    answer = read(tmp_path, "id;nature\n1;\n2;autre\n", nature={"default": "nature"})
    assert answer.accepted["nature"].to_list() == ["nature"]
    assert blocking(answer) == [(3, "nature", "enum")]


def test_a_default_is_judged_by_the_contract_too(tmp_path: Path) -> None:
    answer = read(tmp_path, "id;nature\n1;\n", nature={"default": "jamais vu"})
    assert blocking(answer) == [(2, "nature", "enum")]


def test_a_text_is_a_day_only_where_its_own_column_says_so(tmp_path: Path) -> None:
    content = "id;jour\n1;5 mars 2024\n"
    assert read(tmp_path, content, jour={"date": "%-d %B %Y"}).accepted["jour"].to_list() == ["2024-03-05"]
    assert blocking(read(tmp_path, content, Formats(date="%-d %B %Y"))) == [(2, "jour", "pattern")]


def test_files_of_one_batch_are_parsed_each_as_its_source_says(tmp_path: Path) -> None:
    from governance.intake.examine import examine
    from tests.intake.examples import received

    coded = ColumnFormats(codes={"N": "numéraire"})
    files = [
        received(tmp_path, b"id;nature\n1;N\n2;Z\n", "a.csv", column_formats={"nature": coded}),
        received(tmp_path, "id;nature\n1;numéraire\n2;N\n".encode(), "b.csv"),
    ]
    one, other = examine(files, PLACES)
    assert (blocking(one), blocking(other)) == ([(3, "nature", "code-unknown")], [(3, "nature", "enum")])


PARSERS = st.sampled_from(
    [
        {"split": ",", "part": 2}, {"split": " ", "part": 1, "parts": 3}, {"codes": {"a": "b"}}, {"default": "x"},
        {"coordinates": "lat-lon", "take": "latitude"}, {"coordinates": "lon-lat", "take": "latitude", "decimal": ","},
        {"decimal": ",", "thousands": " "}, {"date": "%d/%m/%Y"}, {"date": "%d %B %Y"}, {"datetime": "%d/%m/%Y %H:%M"},
        {"true": ["oui"], "false": ["non"]}, {"split": "/", "part": 1, "date": "%d/%m/%Y"},
        {"split": ";", "part": 1, "decimal": ",", "default": "0"}, {"address": "town"}, {"unit": "€", "decimal": ","},
    ]
)  # fmt: skip
KINDS = st.sampled_from(["string", "number", "integer", "date", "datetime", "boolean"])


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.none() | st.text(), min_size=1, max_size=5), declared=PARSERS, kind=KINDS)
def test_no_text_makes_a_parser_fail_and_none_is_lost(
    texts: list[str | None], declared: dict[str, Any], kind: str
) -> None:
    contract = contract_of({"name": "v", "type": kind})
    frame = pl.DataFrame({"v": texts}, schema={"v": pl.String})
    own = ColumnFormats.model_validate(declared)
    read_as = rewrite(frame, contract, Formats(), {"v": own}, from_workbook=False)["v"].to_list()
    assert len(read_as) == len(texts)
    for before, after in zip(texts, read_as, strict=True):
        if before is None:
            assert after == own.default
        elif own.split is None and after is None:
            raise AssertionError(f"{before!r} was taken for empty")


WORDS = st.text(st.characters(exclude_characters="|", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4))
def test_what_is_joined_splits_into_the_same_cells(rows: list[tuple[str, str, str]]) -> None:
    contract = contract_of({"name": "v"})
    joined = join_cells([pl.Series(list(cells), dtype=pl.String) for cells in zip(*rows, strict=True)], "|")
    frame = pl.DataFrame({"v": joined}, schema={"v": pl.String})
    for place in range(3):
        for parts in (None, 3):
            own = ColumnFormats(split="|", part=place + 1, parts=parts)
            again = rewrite(frame, contract, Formats(), {"v": own}, from_workbook=False)["v"].to_list()
            assert again == [row[place] for row in rows]


@settings(max_examples=100, deadline=None)
@given(cells=st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=12), min_size=1, max_size=6))
def test_every_row_is_accepted_quarantined_or_a_duplicate(tmp_path_factory: Any, cells: list[str]) -> None:
    quoted = "".join(f'{n};"{cell.replace(chr(34), chr(34) * 2)}"\n' for n, cell in enumerate(cells))
    answer = read(
        tmp_path_factory.mktemp("rows"), f"id;nature\n{quoted}", nature={"codes": {"N": "numéraire"}},
    )  # fmt: skip
    rows = answer.report.rows
    assert rows.read == rows.accepted + rows.quarantined + rows.duplicates == len(cells)


@pytest.mark.parametrize(
    "declared",
    [
        {"split": ","}, {"part": 1}, {"split": ",", "part": 3, "parts": 2}, {"coordinates": "lat-lon"},
        {"take": "latitude"}, {"join": ["one"]}, {"codes": {"a": "b"}, "decimal": ","}, {"eval": "1"},
        {"split": ",", "part": 1, "coordinates": "lat-lon", "take": "latitude"},
    ],
)  # fmt: skip
def test_half_a_parser_and_an_unknown_one_are_refused(declared: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ColumnFormats.model_validate(declared)


def test_a_column_comes_from_one_place_only() -> None:
    with pytest.raises(ValidationError, match="one place"):
        Source.model_validate(
            {
                "dataset": "arbres",
                "connector": "http_file",
                "columns": {"a": "A"},
                "column_formats": {"a": {"join": ["A", "B"]}},
            }
        )


MEMBER = """id: somewhere
name: Somewhere
kind: commune
siren: "000000059"
example: true
insee_code: "44999"
cog_year: 2026
population: 10
sources:
  - dataset: subventions
    connector: http_file
    column_formats: {{nature: {{codes: {table}}}}}
"""


def declared_with(folder: Path, table: str, content: str | None) -> Source:
    (folder / "members").mkdir()
    path = folder / "members" / "somewhere.yaml"
    path.write_text(MEMBER.format(table=table), encoding="utf-8")
    if content is not None:
        (path.parent / "natures.csv").write_text(content, encoding="utf-8")
    return load_organisation(path).sources[0]


def test_a_table_of_codes_beside_the_declaration_becomes_part_of_it(tmp_path: Path) -> None:
    source = declared_with(tmp_path, "natures.csv", "\ufeffcode;value\n01;numéraire\n02;nature\n")
    assert source.column_formats["nature"].codes == {"01": "numéraire", "02": "nature"}


@pytest.mark.parametrize(
    ("table", "content", "said"),
    [
        ("natures.csv", None, "natures.csv"),
        ("../secret.csv", "code;value\n1;a\n", "beside the declaration"),
        ("natures.csv", "c;v\n1;a\n", "line 1"),
        ("natures.csv", "code;value\n1;a\n1;b\n", "line 3"),
        ("natures.csv", "code;value\n1\n", "line 2"),
    ],
)
def test_a_table_that_cannot_be_used_is_said_with_file_and_line(
    tmp_path: Path, table: str, content: str | None, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        declared_with(tmp_path, table, content)


def test_marks_are_signs_of_no_text() -> None:
    assert all(0xFDD0 <= ord(sign) <= 0xFDEF for sign in MARKS.values())


@pytest.mark.parametrize(
    ("kind", "formats", "said"),
    [
        ("number", Formats(decimal=","), "1234,5"),
        ("date", Formats(date="%d/%m/%Y"), "01/03/2024"),
        ("date", Formats(date="%-d %B %Y"), "1 mars 2024"),
        ("datetime", Formats(datetime="%d/%m/%Y %H:%M"), "01/03/2024 08:30"),
        ("boolean", Formats(true=("O",), false=("N",)), "O ou N"),
    ],
)
def test_a_remedy_speaks_the_members_own_notation(tmp_path: Path, kind: str, formats: Formats, said: str) -> None:
    field: dict[str, Any] = {"name": "v", "type": kind}
    if kind == "boolean":
        field = {**field, "trueValues": ["oui"], "falseValues": ["non"]}
    answer = examined(tmp_path, "k;v\n1;zz\n", contract_of({"name": "k"}, field), formats=formats)
    assert said in first(answer, "type-error").remedy_fr


def test_a_correction_is_written_as_the_member_writes_numbers(tmp_path: Path) -> None:
    contract = contract_of({"name": "k"}, {"name": "v", "type": "number"})
    answer = examined(tmp_path, 'k;v\n1;"1 234,50 €"\n', contract, formats=Formats(decimal=","))
    error = first(answer, "type-error")
    assert (error.correction, error.remedy_fr) == ("1234.50", "Écrivez « 1234,50 ».")


def test_a_misspelt_column_of_the_declaration_is_said(tmp_path: Path) -> None:
    answer = read(tmp_path, "id;nature\n1;N\n", natrue={"codes": {"N": "numéraire"}}, columns={"vile": "nature"})
    found = [(e.value, e.severity) for e in answer.report.errors if e.rule == "declared-column-unknown"]
    assert found == [("vile", "improves"), ("natrue", "improves")]
