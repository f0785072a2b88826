"""A text is a value under Table Schema's rules, not under what an engine's cast lets pass."""

import math
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.contracts.model import Column, ContractError
from governance.intake.casting import NUMBER, cast
from governance.intake.digits import are_digits, length_of
from governance.intake.distinct import is_one_of
from governance.intake.validate import compile_contract
from tests.intake.examples import blocking, contract_of, examined, first, verdict

POINT = '{"type":"Point","coordinates":[1,2]}'
GOOD: list[tuple[str, str, list[str]]] = [
    ("integer", "default", ["12", "-3", "+5", "007"]),
    ("number", "default", ["12.5", "-0.5", ".5", "12.", "1e3", "1E-3", "NaN", "INF", "-INF"]),
    ("boolean", "default", ["true", "FALSE", "1"]),
    ("date", "default", ["2024-02-29"]),
    ("date", "any", ["2024-02-29", "29/02/2024"]),
    ("date", "%d/%m/%Y", ["29/02/2024"]),
    ("date", "%Y", ["2024"]),
    ("datetime", "default", ["2024-03-01T08:30:00Z", "2024-03-01T08:30:00+02:00", "2024-03-01T08:30:00.5"]),
    ("datetime", "%d/%m/%Y %H:%M", ["01/03/2024 08:30"]),
    ("time", "default", ["08:30:00", "23:59:59Z"]),
    ("year", "default", ["2024"]),
    ("yearmonth", "default", ["2024-03"]),
    ("duration", "default", ["P1Y2M", "PT2H30M"]),
    ("array", "default", ['["a"]', "[]"]),
    ("object", "default", ['{"a":1}']),
    ("geopoint", "default", ["-2.2, 47.3", "-2.2,47.3"]),
    ("geopoint", "array", ["[-2.2, 47.3]"]),
    ("geopoint", "object", ['{"lon": -2.2, "lat": 47.3}']),
    ("geojson", "default", [POINT]),
    ("string", "email", ["mairie@example.org", "jean-d'eau@mairie.example.fr"]),
    ("string", "uri", ["https://example.org/a?b=c", "mailto:mairie@example.org"]),
    ("string", "uuid", ["65d5b6c7-102c-4440-ac3b-768f708edc0a"]),
    ("any", "default", ["anything"]),
]
BAD: list[tuple[str, str, list[str]]] = [
    ("integer", "default", ["1_000", " 12 ", "12.0", ".5", "1e3", "0x1F", "１２", "99999999999999999999"]),
    ("number", "default", ["1_000", " 12 ", "12,5", "1 000", "1.2.3", "nan", "infinity", "1e", "0x1F", "٣"]),
    ("boolean", "default", ["oui", "tRuE", " true"]),
    ("date", "default", ["2024-1-5", "2024/01/05", "2023-02-29", "+2024-1-05", "epoch", "2024-01-05 "]),
    ("date", "%d/%m/%Y", ["1/3/2024", "2024-03-01", "31/02/2024"]),
    ("datetime", "default", ["2024-03-01 08:30:00", "2024-03-01", "2024-03-01T25:00:00Z"]),
    ("time", "default", ["8:30", "24:00:00"]),
    ("year", "default", ["24", "2024.0"]),
    ("yearmonth", "default", ["2024-13", "2024-3"]),
    ("duration", "default", ["2 hours"]),
    ("array", "default", ["a,b", '{"a":1}', "["]),
    ("object", "default", ["[]"]),
    ("geopoint", "default", ["47.3", "-2.2, 147.3", "a,b"]),
    ("geopoint", "array", ["[1]", "-2.2, 47.3"]),
    ("geojson", "default", ['{"type":"Spot"}']),
    ("string", "email", ["mairie", "mairie@", "a b@example.org", "@example.org"]),
    ("string", "uri", ["www.example.org", "https:// example.org", "http://"]),
    ("string", "uuid", ["65d5b6c7"]),
]


def each(table: list[tuple[str, str, list[str]]]) -> list[tuple[str, str, str]]:
    return [(kind, form, value) for kind, form, values in table for value in values]


@pytest.mark.parametrize(("kind", "form", "value"), each(GOOD))
def test_value_of_the_type_is_accepted(tmp_path: Path, kind: str, form: str, value: str) -> None:
    assert verdict(tmp_path, {"type": kind, "format": form}, value) is None


@pytest.mark.parametrize(("kind", "form", "value"), each(BAD))
def test_value_of_no_such_type_is_refused(tmp_path: Path, kind: str, form: str, value: str) -> None:
    assert verdict(tmp_path, {"type": kind, "format": form}, value) == "type-error"


@pytest.mark.parametrize(
    ("field", "good", "bad", "rule"),
    [
        ({"constraints": {"pattern": "A|B"}}, "B", "AX", "pattern"),
        ({"constraints": {"pattern": "A|B"}}, "A", "XB", "pattern"),
        ({"constraints": {"pattern": "(?!0)[0-9]+"}}, "12", "012", "pattern"),
        ({"constraints": {"pattern": r"([a-z])\1"}}, "aa", "ab", "pattern"),
        ({"constraints": {"pattern": "a"}}, "a", "a\n", "pattern"),
        ({"constraints": {"enum": ["école", "mairie"]}}, "école", "Ecole", "enum"),
        ({"type": "integer", "constraints": {"enum": [1, 2]}}, "2", "3", "enum"),
        ({"type": "number", "constraints": {"minimum": 0.01}}, "0.01", "0.009", "minimum"),
        ({"type": "integer", "constraints": {"maximum": 5}}, "5", "6", "maximum"),
        ({"type": "date", "constraints": {"minimum": "2020-01-01"}}, "2020-01-01", "2019-12-31", "minimum"),
        ({"type": "date", "format": "%d/%m/%Y", "constraints": {"maximum": "31/12/2020"}}, "31/12/2020", "01/01/2021",
         "maximum"),
        ({"constraints": {"minLength": 2}}, "éà", "é", "min-length"),
        ({"constraints": {"maxLength": 2}}, "éà", "éàü", "max-length"),
        ({"type": "array", "constraints": {"maxLength": 1}}, '["a"]', '["a","b"]', "max-length"),
        ({"type": "array", "arrayItem": {"type": "string", "constraints": {"enum": ["a"]}}}, '["a"]', '["b"]',
         "array-item"),
        ({"type": "number", "decimalChar": ",", "groupChar": " "}, "1 234,5", "1234.5", "type-error"),
        ({"type": "number", "bareNumber": False}, "12.5 €", "€", "type-error"),
        ({"type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]}, "oui", "true", "type-error"),
    ],
)  # fmt: skip
def test_constraint_tells_good_from_bad(tmp_path: Path, field: dict[str, Any], good: str, bad: str, rule: str) -> None:
    assert verdict(tmp_path, field, good) is None
    assert verdict(tmp_path, field, bad) == rule


def test_missing_values_are_no_values(tmp_path: Path) -> None:
    contract = contract_of(
        {"name": "k"}, {"name": "v", "type": "integer", "constraints": {"required": True}}, missingValues=["", "NA"]
    )
    answer = examined(tmp_path, "k;v\n1;NA\n2;\n3;4\n", contract)
    assert blocking(answer) == [(2, "v", "required"), (3, "v", "required")]


def test_empty_text_is_a_value_where_the_contract_says_so(tmp_path: Path) -> None:
    contract = contract_of({"name": "k"}, {"name": "v", "constraints": {"required": True}}, missingValues=["-"])
    answer = examined(tmp_path, "k;v\n1;\n2;-\n", contract)
    assert blocking(answer) == [(3, "v", "required")]
    assert answer.accepted["v"].to_list() == [""]


def test_accepted_rows_are_typed(tmp_path: Path) -> None:
    import polars as pl

    contract = contract_of(
        {"name": "s"}, {"name": "i", "type": "integer"}, {"name": "n", "type": "number"},
        {"name": "d", "type": "date"}, {"name": "t", "type": "datetime"}, {"name": "b", "type": "boolean"},
        {"name": "y", "type": "year"}, {"name": "absent", "type": "number"},
        {"name": "m", "type": "number", "archipel": {"physical_type": "decimal(12,2)"}},
    )  # fmt: skip
    answer = examined(
        tmp_path, "s;i;n;d;t;b;y;m\na;1;1.5;2024-01-02;2024-01-02T03:04:05+01:00;true;2024;3.10\n", contract
    )
    assert answer.accepted.schema == {
        "s": pl.String, "i": pl.Int64, "n": pl.Float64, "d": pl.Date, "t": pl.Datetime("us"), "b": pl.Boolean,
        "y": pl.String, "absent": pl.Float64, "m": pl.Decimal(12, 2), "line_number": pl.Int64,
    }  # fmt: skip
    row = answer.accepted.row(0, named=True)
    assert str(row["t"]) == "2024-01-02 02:04:05" and str(row["m"]) == "3.10" and row["absent"] is None


def test_contract_may_not_take_the_name_of_our_column() -> None:
    with pytest.raises(ContractError, match="line_number"):
        compile_contract(contract_of({"name": "line_number"}))


@pytest.mark.parametrize(
    "field",
    [
        {"constraints": {"pattern": "("}},
        {"type": "number", "constraints": {"minimum": "low"}},
        {"type": "date", "constraints": {"maximum": "31/12/2020"}},
    ],
)
def test_contract_that_cannot_be_applied_is_refused_before_any_file(field: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        compile_contract(contract_of({"name": "v", **field}))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.text("0123456789+-.,eEINFNaninfity _x\u00a0\uff11", max_size=9), min_size=1))
def test_numbers_are_what_their_pattern_says_and_no_more(texts: list[str]) -> None:
    """The engine's own cast is trusted with numbers; this holds it to Table Schema's shapes."""
    frame = pl.DataFrame({"v": texts})
    number = frame.select(cast(Column(name="v", type="number"))).to_series().to_list()
    integer = frame.select(cast(Column(name="v", type="integer"))).to_series().to_list()
    for text, as_number, as_integer in zip(texts, number, integer, strict=True):
        is_number = re.search(NUMBER.replace("$", r"\Z"), text) and text not in ("NaN", "INF", "-INF")
        wanted = float(text) if is_number else None
        if wanted is not None and not math.isinf(wanted):
            assert as_number == wanted
        else:
            assert (as_number is not None) == (text in ("NaN", "INF", "-INF"))
        whole = int(text) if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII) else None
        assert as_integer == (whole if whole is not None and -(2**63) <= whole < 2**63 else None)


DIGITS = st.text("0123456789+-_ ٣é", max_size=21)


@given(st.lists(st.none() | DIGITS, min_size=1, max_size=40), st.integers(1, 19))
def test_so_many_digits_are_what_the_pattern_says(texts: list[str | None], length: int) -> None:
    frame = pl.DataFrame({"x": texts}, schema={"x": pl.String})
    pattern = f"[0-9]{{{length}}}"
    answers = frame.select(quick=are_digits(pl.col("x"), length), slow=pl.col("x").str.contains(f"^(?:{pattern})$"))
    assert length_of(f"^{pattern}$") == length_of(pattern) == length
    assert answers["quick"].to_list() == answers["slow"].to_list()


@pytest.mark.parametrize("pattern", ["[0-9]{20}", "[0-9]{0}", r"\d{4}", "[0-9]{2,3}", "[0-9]{3}x", "([0-9]{3})"])
def test_no_other_pattern_is_taken_for_digits(pattern: str) -> None:
    assert length_of(pattern) is None


@given(st.lists(st.none() | st.sampled_from(["a", "b", "c", "d", ""]), min_size=1), st.sets(st.sampled_from("abx")))
def test_one_of_a_few_is_one_of_them(texts: list[str | None], few: set[str]) -> None:
    frame = pl.DataFrame({"x": texts}, schema={"x": pl.String})
    found = frame.select(is_one_of(pl.col("x"), sorted(few)).alias("found"))["found"].to_list()
    assert found == [None if text is None else text in few for text in texts]


@pytest.mark.parametrize(
    ("pattern", "example", "said"),
    [
        (r"^\d{14}$", "24440064400013", "14 chiffres, comme 24440064400013"),
        ("[0-9]{5}", "", "5 chiffres"),
        ("^[A-Z]{2}$", "FR", "comme FR"),
        ("^[A-Z]{2}$", "", "^[A-Z]{2}$"),
    ],
)
def test_clerk_reads_a_pattern_only_where_nothing_else_says_it(
    tmp_path: Path, pattern: str, example: str, said: str
) -> None:
    contract = contract_of({"name": "v", "example": example, "constraints": {"pattern": pattern}})
    error = first(examined(tmp_path, "v\n2,14E+13\n", contract), "pattern")
    assert error.remedy_fr == f"Suivez la forme attendue : {said}."
