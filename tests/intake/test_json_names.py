"""A name that stands twice in one object of a JSON is an error of that record, and costs no other record anything."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.intake.json_names import may_repeat, members_of, repeated_names
from governance.intake.records import PIECE_RECORDS
from tests.intake.examples import blocking, contract_of, examined, first

CONTRACT = contract_of({"name": "id", "constraints": {"required": True}}, {"name": "ville"})
HERE = '"geometry": {"type": "Point", "coordinates": [-2.1, 47.3]}'
RULE = "name-twice"


def test_message_says_record_name_values_and_remedy(tmp_path: Path) -> None:
    answer = examined(tmp_path, '[{"id": "a"}, {"id": "b", "ville": "Donges", "ville": "Besné"}]', CONTRACT)
    error = first(answer, RULE)
    assert (error.line, error.row, error.severity) == (1, 2, "blocks")
    assert (error.value, "« ville »" in error.message_fr) == ('"Donges" ; "Besné"', True)
    assert error.remedy_fr.startswith("Gardez une seule fois « ville »")
    assert (answer.accepted["id"].to_list(), answer.quarantined["id"].to_list()) == (["a"], ["b"])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[{"id": "a"},\n{"id": "b", "\\u0069d": "c"}]', [2]),  # the same name, written otherwise
        ('[{"id": "a"},\n{"id" :"b", "x": 1, "x" : 2}]', [2]),
        ('[{"id": "a", "x": {"y": 1, "y": 2}},\n{"id": "b"}]', [1]),
        ('[{"id": "a", "x": [{"y": 1, "y": 2}]},\n{"id": "b"}]', [1]),
        ('[{"id": "a", "ville": "Ouvert : 8:00\\":"},\n{"id": "b", "ville": "x: y"}]', []),
        ('{"id": "a"}\n{"id": "b", "id": "c"}\n', [2]),
        ('[{"id": "a", "ville": "x"},\n{"id": "b"},\n{"id": "c", "id": "c", "ville": "y"}]', [3]),
    ],
)
def test_records_at_fault_are_found_and_no_others(tmp_path: Path, text: str, lines: list[int]) -> None:
    assert [line for line, _, rule in blocking(examined(tmp_path, text, CONTRACT)) if rule == RULE] == lines


@pytest.mark.parametrize(
    ("feature", "is_wrong"),
    [
        (f'{{"type": "Feature", "properties": {{"id": "b"}}, {HERE}}}', False),
        (f'{{"type": "Feature", "properties": {{"id": "b", "id": "c"}}, {HERE}}}', True),
        (f'{{"type": "Feature", "properties": {{"id": "x"}}, "properties": {{"id": "b"}}, {HERE}}}', True),
        ('{"type": "Feature", "properties": {"id": "b"}, "geometry": {"type": "Point", "type": "Point", '
         '"coordinates": [-2, 47]}}', True),
        ('{"type": "Feature", "properties": {"id": "b"}, "geometry": null}', False),
        (f'{{"type": "Feature", "bbox": [1, 2, 3, 4], "properties": {{"id": "b"}}, {HERE}}}', False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [1, PIECE_RECORDS + 5])
def test_features_are_looked_at_in_whole(tmp_path: Path, feature: str, is_wrong: bool, before: int) -> None:
    others = [f'{{"type": "Feature", "properties": {{"id": "{n}"}}, {HERE}}}' for n in range(before)]
    text = '{"type": "FeatureCollection", "features": [\n' + ",\n".join([*others, feature]) + "]}"
    told = [line for line, _, rule in blocking(examined(tmp_path, text, CONTRACT)) if rule == RULE]
    assert told == ([before + 2] if is_wrong else [])


def test_record_far_behind_is_found_where_all_are_alike(tmp_path: Path) -> None:
    records = [f'{{"id": "{n}", "ville": "Donges"}}' for n in range(3 * PIECE_RECORDS)]
    records[-7] = '{"id": "x", "ville": "Donges", "ville": "Besné"}'
    answer = examined(tmp_path, "[" + ",".join(records) + "]", CONTRACT)
    assert (first(answer, RULE).row, answer.report.rows.quarantined) == (3 * PIECE_RECORDS - 6, 1)


@pytest.mark.parametrize(
    "text", ['{"data": [{"id": "a"}],\n"data": [{"id": "b"}]}',
             '{"type": "FeatureCollection", "features": [],\n"features": [{"type": "Feature", "properties": {}}]}'],
)  # fmt: skip
def test_list_of_rows_that_is_there_twice_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    error = first(examined(tmp_path, text, CONTRACT), "json-malformed")
    assert (error.line, "2 × «" in error.message_fr) == (2, True)


NAMES = st.sampled_from(["a", "b", 'c"', "d:", "é", ' :"'])
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(-9, 9), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.lists(st.tuples(NAMES, inner), max_size=3).map(tuple)),
    max_leaves=6,
)
SPACES = st.sampled_from(["", " ", "\n", "\t "])


def _written(value: Any, space: str) -> str:
    """Write a value as JSON; a tuple of pairs is an object, whatever its names."""
    if isinstance(value, tuple):
        pairs = (f"{json.dumps(name)}{space}:{space}{_written(inner, space)}" for name, inner in value)
        return "{" + f",{space}".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(inner, space) for inner in value) + "]"
    return json.dumps(value)


def _repeats(value: Any) -> bool:
    inner = [one for _, one in value] if isinstance(value, tuple) else value if isinstance(value, list) else []
    is_here = isinstance(value, tuple) and len({name for name, _ in value}) < len(value)
    return is_here or any(map(_repeats, inner))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, SPACES)
def test_counting_never_misses_what_stands_twice(value: Any, space: str) -> None:
    text = _written(value, space).encode()
    assert bool(repeated_names(text)) == _repeats(value)
    if _repeats(value):
        assert may_repeat(text, members_of(json.loads(text)))
