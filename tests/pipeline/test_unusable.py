"""Declarations that cannot be put in force are told with file, line, reason and remedy, in words of either language."""

from pathlib import Path

import pytest

from governance.contracts.model import ContractError
from governance.contracts.odcs import load_contracts
from governance.decisions.facts import current_facts
from governance.decisions.opa_server import PolicyEngineError, check_policies
from governance.federation import DeclarationError
from governance.pipeline.unusable import Unusable, unusable
from governance.settings import Settings
from tests.api.small_platform import write_federation

AGREEMENT = "agreements/exemple-eau.yaml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_federation(tmp_path / "federation")
    return Settings(federation_dir=tmp_path / "federation", state_dir=tmp_path / "state")


def _wrong(settings: Settings, path: str, old: str, new: str) -> tuple[Unusable, int]:
    """What is told once a text of a declaration was replaced, and the line at which it was."""
    file = settings.federation_dir / path
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises((DeclarationError, ContractError)) as raised:
        load_contracts(settings.federation_dir / "contracts")
        current_facts(settings)
    assert isinstance(raised.value, DeclarationError | ContractError)
    return unusable(settings, raised.value), text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message", "remedy"),
    [
        ("state: finalized", "state: finalised", "« finalised » n'est pas accepté", "requested, offered, agreed"),
        ("'2025-01-31'", "bientôt", "« bientôt » n'est pas une date.", "2026-01-31"),
        ("commune_insee: show", "commune_inse: show", "n'a pas de colonne « commune_inse »", "Corrigez la valeur"),
        ("target: consommation_energie", "target: inconnu", "pas de jeu de données « inconnu »", "Corrigez la valeur"),
        ("title: ", "titel: ", "« titel » n'est pas un champ connu", "Corrigez son nom"),
        ("valid_until: '2025-01-31'", "valid_until: '2023-01-01'", "est avant le début", "l'une des deux dates"),
        ("commune_insee: show", "commune_insee: truncate", "va avec une longueur", "Ajoutez la longueur"),
        ("commune_insee: show", "commune_insee: generalise", "generalise va avec « to »", "to: month"),
        ("assignee: '000000026'", "assignee: '000000099'", "Aucun membre ni partenaire", "Corrigez la valeur"),
        ("title: ", "title: [", "ne se lit pas", "les deux-points"),
    ],
)  # fmt: skip
def test_fault_of_an_agreement_has_its_line_and_french_words(
    settings: Settings, old: str, new: str, message: str, remedy: str
) -> None:
    told, line = _wrong(settings, AGREEMENT, old, new)
    assert told.file == f"federation/{AGREEMENT}"
    assert message in told.message.fr
    assert remedy in told.remedy.fr
    assert told.message.en and told.remedy.en and told.detail
    assert told.line is not None and abs(told.line - line) <= (1 if "lit pas" in message else 0)


def test_state_without_its_step_in_the_history_is_told_with_what_to_add(settings: Settings) -> None:
    file = settings.federation_dir / AGREEMENT
    step = "history:\n- {state: finalized, day: 2024-01-01, by: '244400644'}\n"
    file.write_text(file.read_text(encoding="utf-8") + step, encoding="utf-8")
    told, line = _wrong(settings, AGREEMENT, "\nstate: finalized", "\nstate: suspended")
    assert told.line == line + 1
    assert "« suspended », mais la dernière étape de l'historique (history) est « finalized »" in told.message.fr
    assert "Ajoutez à history une étape « suspended »" in told.remedy.fr


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("operator: in, value: '44052'", "se compare à une liste"),
        ("operator: eq, value: ['44052']", "se compare à une seule valeur"),
        ("operator: startswith, value: 44", "se compare à un texte"),
        ("operator: lt, value: true", "se compare à un nombre ou à un texte"),
        ("operator: eq, value: .inf", "ne vont pas ensemble"),
    ],
)
def test_condition_that_cannot_be_compared_is_told_in_words(settings: Settings, condition: str, message: str) -> None:
    new = f"row_filter:\n- {{column: commune_insee, {condition}}}\nstate: finalized"
    told, line = _wrong(settings, AGREEMENT, "state: finalized", new)
    assert message in told.message.fr and told.remedy.en
    assert told.line == line + 1


def test_fault_of_a_contract_and_of_a_rule_have_theirs(settings: Settings) -> None:
    rule = settings.federation_dir / "rules" / "fermee.yaml"
    rule.parent.mkdir()
    rule.write_text(
        "id: fermee\nby: carene\ndataset: lieux\ncolumns: [nome]\nground: under_review\nsince: 2026-01-01\n"
    )
    with pytest.raises(DeclarationError) as raised:
        current_facts(settings)
    told = unusable(settings, raised.value)
    assert (told.file, told.line) == ("federation/rules/fermee.yaml", 4)
    told, _ = _wrong(settings, "contracts/lieux.yaml", "id: lieux\n", "id: autre\n")
    assert told.file == "federation/contracts/lieux.yaml"
    assert told.message.fr == "L'id « autre » n'est pas le nom du fichier."


def test_fault_of_a_common_rule_is_told_where_the_engine_found_it(settings: Settings, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "wrong.rego").write_text("package wrong\n\nallow if nothing.is.imported\n", encoding="utf-8")
    with pytest.raises(PolicyEngineError) as raised:
        check_policies(policies)
    told = unusable(settings.model_copy(update={"policies_dir": policies}), raised.value)
    assert (told.file, told.line) == ("policies/wrong.rego", 3)


def test_silent_engine_is_not_told_as_a_fault_of_a_declaration(settings: Settings) -> None:
    told = unusable(settings, PolicyEngineError("no OPA 1.19.0 or later on PATH"))
    assert told.file is None and "déclarations ne sont pas en cause" in told.message.fr
