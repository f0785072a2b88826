from typing import Any

import pytest

from governance.decisions.ucast import MAX_EXACT_INTEGER, UnsupportedFilterError, is_comparable, to_sql

COLUMNS = {"name": "string", "count": "integer", "kwh": "number", "open": "boolean", "day": "date", "shape": "geojson"}


def _field(operator: str, value: Any, field: str = "row.name") -> dict[str, Any]:
    return {"type": "field", "operator": operator, "field": field, "value": value}


def test_answer_without_query_lets_no_row_through() -> None:
    assert to_sql(None, COLUMNS) == ("FALSE", [])


def test_empty_query_lets_every_row_through() -> None:
    assert to_sql({}, COLUMNS) == ("TRUE", [])


def test_values_are_bound_and_never_written_into_sql() -> None:
    sql, parameters = to_sql(_field("eq", "x' OR 1=1 --"), COLUMNS)
    assert sql == '(CAST("name" AS VARCHAR) IS NOT DISTINCT FROM ?)'
    assert parameters == ["x' OR 1=1 --"]


def test_membership_in_nothing_is_false() -> None:
    assert to_sql(_field("in", []), COLUMNS) == ("(FALSE)", [])


def test_negation_of_an_unknown_is_true() -> None:
    sql, _ = to_sql({"type": "compound", "operator": "not", "value": [_field("contains", "a")]}, COLUMNS)
    assert sql.startswith("(NOT coalesce(")


@pytest.mark.parametrize(
    "tree",
    [
        _field("like", "%"),
        _field("eq", "a", "row.secret"),
        _field("eq", "a", "other.name"),
        _field("eq", "a", 'row.name" OR TRUE --'),
        _field("eq", "a", "name"),
        _field("eq", "7", "row.count"),
        _field("eq", 7, "row.name"),
        _field("eq", True, "row.count"),
        _field("eq", MAX_EXACT_INTEGER + 1, "row.count"),
        _field("eq", {"a": 1}),
        _field("eq", "a", "row.shape"),
        _field("in", "abc"),
        _field("lt", None),
        _field("contains", 5),
        _field("startswith", None),
        {"type": "compound", "operator": "xor", "value": [_field("eq", "a")]},
        {"type": "compound", "operator": "and", "value": []},
        {"type": "compound", "operator": "not", "value": None},
        {"type": "compound", "operator": "and", "value": [{}]},
        {"type": "document"},
        {"operator": "eq"},
        ["and"],
    ],
    ids=str,
)
def test_what_cannot_be_carried_out_to_the_letter_raises(tree: Any) -> None:
    with pytest.raises(UnsupportedFilterError):
        to_sql(tree, COLUMNS)


def test_boolean_is_not_a_number() -> None:
    assert is_comparable("boolean", True)
    assert not is_comparable("integer", True)
    assert not is_comparable("boolean", 1)
