"""The national registry's custom checks mean what the registry's validator means."""

from pathlib import Path
from typing import Any

import pytest
from stdnum.fr import siren, siret

from tests.intake.examples import blocking, contract_of, examined

SIRET_OF_THE_CARENE = "24440064400013"


def rules(folder: Path, check: str, params: dict[str, Any], row: dict[str, str], kind: str = "string") -> list[str]:
    contract = contract_of(
        {"name": "k"},
        *({"name": name, "type": kind} for name in row),
        custom_checks=[{"name": check, "params": params}],
    )
    content = ";".join(["k", *row]) + "\n" + ";".join(["1", *row.values()]) + "\n"
    return [rule for _, _, rule in blocking(examined(folder, content, contract))]


@pytest.mark.parametrize(
    ("check", "value", "good"),
    [
        ("french-siret-value", "21440184800013", siret.is_valid("21440184800013")),
        ("french-siret-value", "38047555800058", True),
        ("french-siret-value", "38047555800059", False),
        ("french-siret-value", "98765432100007", False),
        ("french-siret-value", "35600000000048", True),
        ("french-siret-value", "35600000049837", True),
        ("french-siret-value", "3.94E+13", False),
        ("french-siret-value", "8047555800058", False),
        ("siret", "38047555800058", True),
        ("french-siren-value", "380475558", True),
        ("french-siren-value", "380475559", False),
        ("rna-value", "W442000000", True),
        ("rna-value", "W9R1000001", True),
        ("rna-value", "W44200000", False),
        ("rna-value", "380475558", False),
        ("rna-value", "w442000000", False),
        ("nomenclature-actes-value", "Finances locales/Subventions", True),
        ("nomenclature-actes-value", "domaines de competences par themes/Culture", True),
        ("nomenclature-actes-value", "Finances locales", False),
        ("nomenclature-actes-value", "Finances locales / Subventions", False),
        ("nomenclature-actes-value", "Cuisine/Subventions", False),
        ("opening-hours-value", '"Mo-Fr 08:30-12:00,13:30-17:30; Sa 08:30-12:00"', True),
        ("opening-hours-value", "24/7", True),
        ("opening-hours-value", '"Mo-Su 09:00-18:00; PH off"', True),
        ("opening-hours-value", "Apr-Oct Mo-Fr 09:00-18:00", True),
        ("opening-hours-value", "lundi au vendredi", False),
        ("opening-hours-value", "true", False),
        ("opening-hours-value", "Mo-Fr 25h", False),
        ("phone-number-value", "+33 240000000", True),
        ("phone-number-value", "02 40 00 00 00", True),
        ("phone-number-value", "3646", True),
        ("phone-number-value", "0240", False),
        ("year-interval-value", "2024/2025", True),
        ("year-interval-value", "2025/2024", False),
        ("year-interval-value", "2024", False),
    ],
)
def test_value_is_judged_as_the_registry_does(tmp_path: Path, check: str, value: str, good: bool) -> None:
    found = rules(tmp_path, check, {"column": "v"}, {"v": value})
    assert (found == []) is good


def test_siret_and_siren_agree_with_the_kept_library(tmp_path: Path) -> None:
    values = [f"{380475558 + step * 7919:09d}" for step in range(300)]
    contract = contract_of({"name": "v"}, custom_checks=[{"name": "french-siren-value", "params": {"column": "v"}}])
    accepted = set(examined(tmp_path, "v\n" + "\n".join(values), contract).accepted["v"])
    assert accepted == {value for value in values if siren.is_valid(value)}
    assert 0 < len(accepted) < 300


@pytest.mark.parametrize(
    ("check", "params", "row", "good"),
    [
        ("year-interval-value", {"column": "a", "allow-year-only": "yes"}, {"a": "2024"}, True),
        ("one-of-required", {"column1": "a", "column2": "b"}, {"a": "1", "b": ""}, True),
        ("one-of-required", {"column1": "a", "column2": "b"}, {"a": "", "b": ""}, False),
        ("cohesive-columns-value", {"column": "a", "othercolumns": ["b", "c"]}, {"a": "", "b": "", "c": ""}, True),
        ("cohesive-columns-value", {"column": "a", "othercolumns": ["b", "c"]}, {"a": "1", "b": "1", "c": ""}, False),
        ("compare-columns-value", {"column": "a", "op": ">=", "column2": "b"}, {"a": "10", "b": "9"}, True),
        ("compare-columns-value", {"column": "a", "op": ">=", "column2": "b"}, {"a": "9", "b": "10"}, False),
        ("compare-columns-value", {"column": "a", "op": "<", "column2": "b"}, {"a": "", "b": "10"}, True),
        ("sum-columns-value", {"column": "a", "columns": ["b", "c"]}, {"a": "3", "b": "1", "c": "2"}, True),
        ("sum-columns-value", {"column": "a", "columns": ["b", "c"]}, {"a": "4", "b": "1", "c": "2"}, False),
    ],
)
def test_columns_are_judged_together(
    tmp_path: Path, check: str, params: dict[str, Any], row: dict[str, str], good: bool
) -> None:
    kind = "integer" if check.startswith(("compare", "sum")) else "string"
    found = rules(tmp_path, check, params, row, kind)
    assert found == ([] if good else [check])
