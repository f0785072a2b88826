"""Random schemas and random dirty rows: the same cells at fault as in frictionless, but for named differences.

frictionless stands in the lock of the benches only, so this is skipped where that lock is not installed: nobody who
runs the platform needs a second validator, and whoever changes validation has installed it to measure.
"""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.examples import contract_of, examined

frictionless = pytest.importorskip("frictionless")

Cell = tuple[int, str, str]
RULES = {"minLength": "min-length", "maxLength": "max-length"}
POINT = '{"type":"Point","coordinates":[1,2]}'
VALUES = (
    "", "a", "ab", "A", "é", "0", "1", "-1", "12", "007", "12.5", "12,5", "1e3", ".5", "1.", "+5", "-0", "NaN", "INF",
    "0x1F", "true", "TRUE", "false", "oui", "true ", "null", "2024-02-29", "2023-02-29", "29/02/2024", "31/02/2024",
    "2024-03-01T08:30:00", "2024-03-01T08:30:00Z", "2024-03-01T08:30:00+02:00", "2024-03-01T25:00:00Z", "08:30:00",
    "8:30", "2024", "24", "99999", "2024-13", "2024-03", "P", "P1Y", "PT2H30M", "2 hours", "[1]", "[", "{}",
    '{"a":1}', "-2.2,47.3", "-2.2, 47.3", "200,95", "[-2.2, 47.3]", '{"lon": -2.2, "lat": 47.3}', POINT,
    '{"type":"Feature"}', '{"type":"Spot"}', "x y", "mairie@example.org", "mairie@", "a b@example.org",
    "https://example.org/a", "www.example.org", "mailto:a@example.org", "65d5b6c7-102c-4440-ac3b-768f708edc0a",
)  # fmt: skip
LAX: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("integer", "default"): (
        "Python's int() takes separators, blanks and digits of other scripts; ours are 64 bits wide",
        ("1_000", " 12 ", "１２", "9" * 20),
    ),
    ("number", "default"): ("Python's Decimal() takes them too", ("1_000", " 12 ", "１２", "nan", "infinity")),
    ("year", "default"): ("Python's int() again", (" 12 ",)),
    ("date", "default"): ("strptime takes one digit where two are written", ("2024-1-5",)),
    ("yearmonth", "default"): ("as above", ("2024-3",)),
    ("datetime", "default"): ("xsd:dateTime has a T between day and hour", ("2024-03-01 08:30:00",)),
    ("time", "default"): ("xsd:time of Table Schema v1 is hh:mm:ss, hours 00 to 23", ("24:00:00",)),
    ("duration", "default"): ("xsd:duration: fractions of seconds only, a part after T", ("P1.5D", "PT")),
    ("string", "uri"): ("RFC 3986 has no blank and an authority after //", ("https:// example.org", "http://")),
}  # fmt: skip
"""Type and format → why frictionless takes values that we refuse, and such values."""
BOUNDS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-5, 20),
    "number": st.integers(-5, 20).map(lambda number: number / 2),
    "date": st.sampled_from(["2023-12-31", "2024-02-29"]),
    "year": st.sampled_from([2000, 2024]),
}
FORMATS = {
    "date": ("default", "%d/%m/%Y", "%Y"), "string": ("default", "email", "uri", "uuid"),
    "geopoint": ("default", "array", "object"),
}  # fmt: skip
TYPES = (
    "string", "integer", "number", "boolean", "date", "datetime", "time", "year", "yearmonth", "duration", "array",
    "object", "geopoint", "geojson", "any",
)  # fmt: skip
KINDS = [(kind, form) for kind in TYPES for form in FORMATS.get(kind, ("default",))]


@st.composite
def columns(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw a field with some constraints of its type."""
    kind, form = draw(st.sampled_from(KINDS))
    some: dict[str, st.SearchStrategy[Any]] = {"required": st.just(True)}
    if kind not in ("array", "object", "geopoint", "geojson"):  # frictionless cannot hash those, and raises
        some["unique"] = st.just(True)
    if (kind, form) == ("string", "default"):
        some |= {
            "pattern": st.sampled_from(["^[a-z]+$", "[0-9]{2}", "(?!0)[0-9]+", "(a|A)b?"]),
            "enum": st.lists(st.sampled_from(VALUES[1:]), min_size=1, max_size=3, unique=True),
            "minLength": st.integers(0, 3),
            "maxLength": st.integers(0, 6),
        }
    if kind in BOUNDS and form == "default":
        some |= {"minimum": BOUNDS[kind], "maximum": BOUNDS[kind]}
    return {"name": name, "type": kind, "format": form, "constraints": draw(st.fixed_dictionaries({}, optional=some))}


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([header, *rows])


def of_frictionless(path: Path, fields: list[dict[str, Any]]) -> set[Cell]:
    resource = frictionless.Resource(path=path.name, basepath=str(path.parent))
    resource.schema = frictionless.Schema.from_descriptor({"fields": fields})
    found = set()
    for error in resource.validate(limit_errors=10**6).tasks[0].errors:
        limit = re.match(r'constraint "(\w+)"', error.note)
        rule = RULES.get(limit[1], limit[1]) if error.type == "constraint-error" and limit else error.type
        found.add((error.row_number, error.field_name, "unique" if rule == "unique-error" else rule))
    return found


def of_ours(folder: Path, path: Path, fields: list[dict[str, Any]]) -> set[Cell]:
    errors = examined(folder, path.read_bytes(), contract_of(*fields)).report.errors
    return {(error.line or 0, error.column or "", error.rule) for error in errors if error.severity == "blocks"}


@pytest.mark.parametrize(("kind", "form"), KINDS, ids=lambda text: text.replace("/", ""))
def test_every_value_means_the_same_but_for_what_frictionless_takes_too_lightly(
    tmp_path: Path, kind: str, form: str
) -> None:
    _, lax = LAX.get((kind, form), ("", ()))
    values = [*VALUES, *lax]
    path, fields = (
        tmp_path / "file.csv",
        [{"name": "k", "type": "integer"}, {"name": "v", "type": kind, "format": form}],
    )
    write_rows(path, ["k", "v"], [[str(number), value] for number, value in enumerate(values)])
    ours, theirs = of_ours(tmp_path, path, fields), of_frictionless(path, fields)
    assert {values[line - 2] for line, _, _ in ours - theirs} == set(lax)
    assert {values[line - 2] for line, _, _ in theirs - ours} == set()


TABLES = st.integers(1, 4).flatmap(
    lambda count: st.tuples(
        st.tuples(*(columns(f"c{number}") for number in range(count))),
        st.lists(st.lists(st.sampled_from(VALUES), min_size=count, max_size=count), min_size=1, max_size=8),
    )
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES)
def test_same_cells_at_fault_as_in_frictionless(
    tmp_path: Path, table: tuple[tuple[dict[str, Any], ...], list[list[str]]]
) -> None:
    # The key makes each row differ: a repeated row is a duplicate to us and no error to frictionless.
    fields, path = [{"name": "k", "type": "integer"}, *table[0]], tmp_path / "file.csv"
    write_rows(path, [field["name"] for field in fields], [[str(n), *row] for n, row in enumerate(table[1])])
    assert of_ours(tmp_path, path, fields) == of_frictionless(path, fields)
