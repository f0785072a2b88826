"""What the example federation's declarations open, to whom, for what and when: the whole matrix, case by case."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.contracts.model import Contract
from governance.contracts.odcs import load_contracts
from governance.decisions.explain import explain
from governance.decisions.model import Context, Decision, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.federation import Federation, load_federation
from governance.pipeline.engine import with_policy_engine
from governance.settings import PROJECT_ROOT
from tests.decisions.engine import new_settings

pytestmark = pytest.mark.services
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "golden.yaml").read_text(encoding="utf-8"))
EXAMPLES: Federation = load_federation(PROJECT_ROOT / "federation", {"example_sites": "http://127.0.0.1"})
CONTRACTS: dict[str, Contract] = load_contracts(PROJECT_ROOT / "federation" / "contracts")
NEVER_OUT = {"auteur_nom", "auteur_courriel", "auteur_telephone", "adresse", "description"}


@pytest.fixture(scope="module")
def point(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaDecisionPoint]:
    with with_policy_engine(new_settings(tmp_path_factory.mktemp("state"))) as settings:
        found = OpaDecisionPoint.from_settings(settings)
        yield found
        found.close()


def _request(case: dict[str, Any]) -> DecisionRequest:
    who = EXAMPLES.organisations.get(case["subject"])
    siren = None if case["subject"] == "public" else (who.siren if who else case["subject"])
    return DecisionRequest(
        subject=Subject(id="golden", organisation=siren),
        action=case.get("action", "read"),
        target=Target(dataset=case["dataset"], member_id=case.get("member")),
        context=Context(
            channel=case.get("channel", "feed"), purpose=case.get("purpose"), legal_basis=case.get("basis"),
            agreement_id=case.get("agreement"), instant=datetime.fromisoformat(case.get("at", "2026-11-23T10:00:00Z")),
        ),
    )  # fmt: skip


def _decide(point: OpaDecisionPoint, **case: Any) -> Decision:
    return point.decide(_request(case))


def test_the_matrix_has_allowed_and_refused_cases_of_many_reasons() -> None:
    assert {case["allow"] for case in CASES} == {True, False}
    assert len({code for case in CASES for code in case["codes"]}) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(str(value) for value in case.values()))
def test_case_is_answered_as_written(point: OpaDecisionPoint, case: dict[str, Any]) -> None:
    decision = point.decide(_request(case))
    assert (decision.allow, sorted(decision.codes)) == (case["allow"], sorted(case["codes"]))
    assert all(reason.text_fr and reason.text_en and "{" not in reason.text_fr for reason in decision.reasons)
    assert (decision.row_filter is None) == (not decision.allow)
    assert bool(decision.column_masks) == decision.allow


def test_start_up_sees_two_communes_without_dwellings_and_hashed_meters(point: OpaDecisionPoint) -> None:
    decision = _decide(
        point, subject="exemple-startup", dataset="consommation_energie", purpose="dpv:ResearchAndDevelopment"
    )
    conditions = (decision.row_filter or {})["value"]
    assert {(one["field"], one["operator"]) for one in conditions} == {
        ("row.commune_insee", "in"),
        ("row.batiment_type", "ne"),
    }
    assert decision.column_masks["point_livraison_id"].mask == "hash"
    assert "adresse" not in decision.column_masks
    assert [duty.code for duty in decision.duties] == ["attribute", "delete_after", "no_redistribution"]


def test_region_sees_nothing_that_points_to_a_building(point: OpaDecisionPoint) -> None:
    decision = _decide(point, subject="exemple-region", dataset="consommation_energie", purpose="dpv:PublicBenefit")
    assert set(decision.column_masks) == {"commune_insee", "mois", "energie", "consommation_kwh", "member_id"}


def test_personal_columns_leave_to_nobody(point: OpaDecisionPoint) -> None:
    decision = _decide(point, subject="carene", dataset="signalements", purpose="dpv:ServiceProvision")
    assert decision.allow
    assert not NEVER_OUT & set(decision.column_masks)


def test_no_open_dataset_shows_a_column_below_the_floor(point: OpaDecisionPoint) -> None:
    opened = [name for name, contract in CONTRACTS.items() if contract.classification == "open"]
    assert len(opened) >= 5
    for name in opened:
        below = {column.name for column in CONTRACTS[name].columns if {"personal", "confidential"} & set(column.tags)}
        decision = _decide(point, subject="public", dataset=name, channel="publish", action="distribute")
        assert decision.allow
        assert set(decision.column_masks).isdisjoint(below)


def test_commune_keeps_a_column_back_for_its_rows_only(point: OpaDecisionPoint) -> None:
    masks = _decide(point, subject="public", dataset="lieux_covoiturage").column_masks
    assert masks["comm"].null_for == ("montoir-de-bretagne",)
    assert masks["nom_lieu"].null_for == ()


def test_decision_holds_for_five_minutes_or_until_the_agreement_ends(point: OpaDecisionPoint) -> None:
    open_one = _decide(point, subject="public", dataset="subventions")
    last = {"subject": "exemple-startup", "dataset": "consommation_energie", "purpose": "dpv:ResearchAndDevelopment"}
    near_the_end = _decide(point, **last, at="2027-12-31T22:58:00Z")
    assert open_one.valid_until == datetime.fromisoformat("2026-11-23T10:05:00Z")
    assert near_the_end.valid_until == datetime.fromisoformat("2027-12-31T23:00:00Z")


def test_explanation_shows_every_rule_and_the_one_that_won(point: OpaDecisionPoint) -> None:
    asked = {"subject": "exemple-eau", "dataset": "consommation_energie", "purpose": "dpv:ServiceOptimisation"}
    found = explain(point, _request(asked))
    verdicts = {one.rule.code: one.verdict for one in found.rules}
    assert [one.rule.code for one in found.rules if one.is_decisive] == ["agreement_expired"]
    assert verdicts["agreement_expired"] == "matched"
    assert verdicts["agreement_revoked"] == "not_matched"
    assert len(verdicts) >= 20


def test_explanation_tells_what_was_not_even_considered(point: OpaDecisionPoint) -> None:
    found = explain(point, _request({"subject": "public", "dataset": "subventions"}))
    verdicts = {one.rule.code: one.verdict for one in found.rules}
    assert verdicts["open_data"] == "matched"
    assert verdicts["agreement_expired"] == "not_considered"


def test_refusal_names_no_other_party(point: OpaDecisionPoint) -> None:
    asked = {"subject": "pornichet", "dataset": "consommation_energie", "purpose": "dpv:PublicBenefit"}
    said = _decide(point, **asked).model_dump_json()
    others = [who for who in EXAMPLES.organisations.values() if who.id != "pornichet"]
    assert len(others) > 10
    assert not [who.id for who in others if who.siren in said or who.name in said or f'"{who.id}' in said]
