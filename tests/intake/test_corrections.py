"""A remedy shows the right writing where it is certain, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest

from governance.intake.messages import MESSAGES
from tests.intake.examples import contract_of, examined

SIRET: dict[str, Any] = {"constraints": {"pattern": "^[0-9]{14}$"}}


def remedy(folder: Path, field: dict[str, Any], value: str, **more: Any) -> tuple[str, str]:
    contract = contract_of({"name": "k"}, {"name": "v", **field}, **more)
    error = next(e for e in examined(folder, f'k;v\n1;"{value}"\n', contract).report.errors if e.severity == "blocks")
    return error.remedy_fr, error.remedy_en


@pytest.mark.parametrize(
    ("field", "value", "correction"),
    [
        ({"type": "date"}, "01/03/2024", "2024-03-01"),
        ({"type": "date"}, "2024/3/1", "2024-03-01"),
        ({"type": "date"}, "15 mars 2010", "2010-03-15"),
        ({"type": "date", "format": "%d/%m/%Y"}, "2024-03-01", "01/03/2024"),
        ({"type": "datetime"}, "2024-03-01 08:30", "2024-03-01T08:30:00Z"),
        ({"type": "number"}, "12,5", "12.5"),
        ({"type": "number"}, "14 700,00 €", "14700.00"),
        ({"type": "number"}, "1.234,56", "1234.56"),
        ({"type": "integer"}, "12.0", "12"),
        ({"type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]}, "VRAI", "oui"),
        ({"constraints": {"enum": ["école", "mairie"]}}, "Ecole", "école"),
        (SIRET, "244 400 644 00013", "24440064400013"),
        (SIRET, "5520012340001", "05520012340001"),
        ({"constraints": {"pattern": "^[0-9]{5}$"}}, "5419.0", "05419"),
        ({"constraints": {"pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}}, "3/2024", "2024-03"),
        ({"format": "email"}, "mairie @ donges.example", "mairie@donges.example"),
    ],
)
def test_certain_correction_is_written_out(tmp_path: Path, field: dict[str, Any], value: str, correction: str) -> None:
    assert remedy(tmp_path, field, value) == (f"Écrivez « {correction} ».", f"Write “{correction}”.")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "date"}, "31/02/2024"),
        ({"type": "date"}, "bientôt"),
        ({"type": "number"}, "12,345"),
        ({"type": "number"}, "22 kW"),
        ({"constraints": {"enum": ["école", "mairie"]}}, "château"),
        (SIRET, "3,94E+13"),
        ({"type": "integer", "constraints": {"maximum": 9}}, "1 000"),
    ],
)
def test_doubtful_correction_is_not_invented(tmp_path: Path, field: dict[str, Any], value: str) -> None:
    french, english = remedy(tmp_path, field, value)
    assert french and english
    assert not french.startswith("Écrivez « ")


def test_corrected_siret_has_a_right_check_digit(tmp_path: Path) -> None:
    more = {"custom_checks": [{"name": "french-siret-value", "params": {"column": "v"}}]}
    right, wrong = "380475558 00058", "380475558 00059"
    assert remedy(tmp_path, {}, right, **more)[0] == "Écrivez « 38047555800058 »."
    assert not remedy(tmp_path, {}, wrong, **more)[0].startswith("Écrivez « ")


@pytest.mark.parametrize("rule", sorted(MESSAGES))
def test_each_rule_speaks_both_languages(rule: str) -> None:
    message = MESSAGES[rule]
    texts = (message.fr, message.en, message.remedy_fr, message.remedy_en)
    assert all(texts)
    assert message.fr != message.en
    words = {"column": "c", "value": "v", "expected": "e", "detail": "d"}
    assert "{" not in "".join(text.format(**words) for text in texts)


def test_words_are_never_glued_into_an_address(tmp_path: Path) -> None:
    french, english = remedy(tmp_path, {"format": "email"}, "pas de courriel")
    assert "pasdecourriel" not in french + english
