"""A member's declared notation is taken at its word: never guessed, never half obeyed."""

from pathlib import Path
from typing import Any

import pytest

from governance.federation import ColumnFormats, Formats, Source
from governance.intake.formats import effective
from tests.intake.examples import contract_of, examined

FIELDS: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "date": {"type": "date"},
    "coded": {"type": "date", "format": "%Y%m%d"},
    "datetime": {"type": "datetime"},
    "boolean": {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
}


def read_as(folder: Path, field: str, formats: Formats, value: str) -> str | None:
    contract = contract_of({"name": "k"}, {"name": "v", **FIELDS[field]})
    answer = examined(folder, f'k;v\n1;"{value}"\n', contract, formats=formats)
    return str(answer.accepted["v"][0]) if answer.accepted.height else None


@pytest.mark.parametrize(
    ("field", "formats", "value", "meaning"),
    [
        ("number", Formats(decimal=","), "12,5", "12.5"),
        ("number", Formats(decimal=","), "12.5", None),
        ("number", Formats(decimal=","), "1,2,3", None),
        ("number", Formats(decimal=",", thousands=" "), "14 700,00", "14700.0"),
        ("number", Formats(decimal=",", thousands=" "), "14\u202f700,5", "14700.5"),
        ("number", Formats(decimal=",", thousands=" "), "14\u00a0700", "14700.0"),
        ("number", Formats(decimal=",", thousands=" "), "1 4700", None),
        ("number", Formats(decimal=",", thousands="."), "1.234,5", "1234.5"),
        ("number", Formats(decimal=",", thousands="."), "1.234", "1234.0"),
        ("number", Formats(decimal=",", thousands="."), "12.5", None),
        ("number", Formats(), "12,5", None),
        ("integer", Formats(thousands=" "), "1 234", "1234"),
        ("integer", Formats(decimal=","), "12,0", None),
        ("date", Formats(date="%d/%m/%Y"), "01/03/2024", "2024-03-01"),
        ("date", Formats(date="%d/%m/%Y"), "2024-03-01", "2024-03-01"),
        ("date", Formats(date="%d/%m/%Y"), "31/02/2024", None),
        ("date", Formats(date="%d/%m/%y"), "01/03/24", "2024-03-01"),
        ("date", Formats(date="%d %B %Y"), "15 mars 2010", "2010-03-15"),
        ("date", Formats(date="%d %B %Y"), "01 Août 2010", "2010-08-01"),
        ("date", Formats(date="%-d %B %Y"), "1er Mars 2010", "2010-03-01"),
        ("date", Formats(date="%-d %B %Y"), "2er mars 2010", None),
        ("date", Formats(date="%-d/%-m/%Y"), "1er/3/2024", None),
        ("date", Formats(date="%-d/%-m/%Y"), "1/3/2024", "2024-03-01"),
        ("date", Formats(), "01/03/2024", None),
        ("coded", Formats(date="%d/%m/%Y"), "01/03/2024", "2024-03-01"),
        ("datetime", Formats(datetime="%d/%m/%Y %H:%M"), "01/03/2024 08:30", "2024-03-01 08:30:00"),
        ("boolean", Formats(true=("oui", "O"), false=("non",)), "oui", "True"),
        ("boolean", Formats(true=("oui", "O"), false=("non",)), "non", "False"),
        ("boolean", Formats(true=("oui",), false=("non",)), "true", "True"),
        ("boolean", Formats(true=("oui",), false=("non",)), "peut-être", None),
    ],
)
def test_declared_notation_gives_one_meaning_or_none(
    tmp_path: Path, field: str, formats: Formats, value: str, meaning: str | None
) -> None:
    assert read_as(tmp_path, field, formats, value) == meaning


def test_format_of_a_column_wins_over_the_files(tmp_path: Path) -> None:
    contract = contract_of({"name": "a", "type": "number"}, {"name": "b", "type": "number"})
    answer = examined(
        tmp_path,
        "a;b\n1,5;1.5\n",
        contract,
        formats=Formats(decimal=","),
        column_formats={"b": ColumnFormats(decimal=".")},
    )
    assert answer.accepted.rows() == [(1.5, 1.5, 2)]


def test_a_declaration_that_was_kept_whole_and_read_again_means_the_same() -> None:
    declared = {
        "dataset": "arbres",
        "connector": "http_file",
        "formats": {"decimal": ",", "true": ["O"], "false": ["N"]},
        "column_formats": {"hauteur": {"thousands": " "}, "type": {"codes": {"1": "chêne"}}},
    }
    source = Source.model_validate(declared)
    again = Source.model_validate(source.model_dump(mode="json"))
    for column in ("hauteur", "type", "autre"):
        before = effective(source.formats, source.column_formats.get(column))
        assert effective(again.formats, again.column_formats.get(column)) == before
        assert before.decimal == ","
