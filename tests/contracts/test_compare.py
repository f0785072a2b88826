"""A new version of a contract weighs what it does to the files that were right and to those who read them."""

from typing import Any

import pytest

from governance.contracts.compare import compare, level_of, level_said
from governance.contracts.model import Contract
from governance.contracts.table_schema import from_table_schema

A: dict[str, Any] = {"name": "a"}


def contract(*fields: dict[str, Any], **more: Any) -> Contract:
    return from_table_schema({"name": "example", "version": "1.0.0", "fields": list(fields), **more})


def limited(kind: str = "string", **limits: Any) -> dict[str, Any]:
    return {**A, "type": kind, "constraints": limits}


CHECK = {"name": "french-siret-value", "params": {"column": "a"}}
CASES: list[tuple[Contract, Contract, str | None]] = [
    (contract(A), contract(A), None),
    (contract(A), contract({**A, "title": "A"}), "patch"),
    (contract(A), contract(A, title="Example"), "patch"),
    (contract(A), contract(A, {"name": "b"}), "minor"),
    (contract(A), contract(A, {"name": "b", "constraints": {"required": True}}), "major"),
    (contract(A, {"name": "b"}), contract(A), "major"),
    (contract(A), contract({**A, "type": "integer"}), "major"),
    (contract({**A, "type": "date"}), contract({**A, "type": "date", "format": "%d/%m/%Y"}), "major"),
    (contract(A), contract(limited(required=True)), "major"),
    (contract(limited(required=True)), contract(A), "minor"),
    (contract(limited(enum=["x", "y"])), contract(limited(enum=["x"])), "major"),
    (contract(limited(enum=["x"])), contract(limited(enum=["x", "y"])), "minor"),
    (contract(limited(enum=["x"])), contract(A), "minor"),
    (contract(A), contract(limited(pattern="x")), "major"),
    (contract(limited(pattern="x")), contract(limited()), "minor"),
    (contract(limited("integer", minimum=1)), contract(limited("integer", minimum=2)), "major"),
    (contract(limited("integer", minimum=10)), contract(limited("integer", minimum=9)), "minor"),
    (contract(limited("integer", maximum=10)), contract(limited("integer", maximum=9)), "major"),
    (contract(limited("date", minimum="2020-01-01")), contract(limited("date", minimum="2021-01-01")), "major"),
    (contract(limited(maxLength=9)), contract(limited(maxLength=10)), "minor"),
    (contract(A), contract(A, primaryKey=["a"]), "major"),
    (contract(A), contract(A, uniqueKeys=[["a"]]), "major"),
    (contract(A), contract(A, custom_checks=[CHECK]), "major"),
    (contract(A), contract(A, custom_checks=[{**CHECK, "severity": "improves"}]), "minor"),
    (contract(A, custom_checks=[CHECK]), contract(A), "minor"),
    (contract(A, missingValues=["", "NA"]), contract(A), "major"),
    (contract(A), contract(A, missingValues=["", "NA"]), "minor"),
    (contract(A), contract(A, archipel={"classification": "restricted"}), "major"),
]


@pytest.mark.parametrize(("old", "new", "level"), CASES)
def test_change_weighs_what_it_does_to_files_and_readers(old: Contract, new: Contract, level: str | None) -> None:
    changes = compare(old, new)
    assert level_of(changes) == level
    assert all(change.fr and change.en for change in changes)


def test_heaviest_change_is_told_first() -> None:
    changes = compare(contract(A, title="x"), contract({"name": "b"}, title="y"))
    assert [change.level for change in changes] == ["major", "minor", "patch"]


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        ("1.0.0", "2.0.0", "major"), ("1.0.0", "1.1.0", "minor"), ("v1.0.0", "1.0.1", "patch"), ("1.0", "1.1", "minor"),
        ("1.0.0", "1.0.0", None), ("2.0.0", "1.9.9", None), ("1.9.9", "1.10.0", "minor"), ("latest", "1.0.0", None),
    ],
)  # fmt: skip
def test_version_numbers_say_their_level(old: str, new: str, level: str | None) -> None:
    assert level_said(old, new) == level
