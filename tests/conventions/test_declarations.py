"""Every YAML of the federation can be used, and the DAGs are exactly those that it declares."""

from pathlib import Path

import pytest

from governance.contracts.odcs import load_contracts
from governance.decisions.agreements import load_agreements
from governance.federation import load_federation

ROOT = Path(__file__).parents[2]
DECLARATIONS = ROOT / "federation"
EXPECTED_DAGS = {
    "harmonise",
    "harvest__besne",
    "harvest__carene",
    "harvest__donges",
    "harvest__exemple-reseau-energie",
    "harvest__la-chapelle-des-marais",
    "harvest__montoir-de-bretagne",
    "harvest__pornichet",
    "harvest__saint-andre-des-eaux",
    "harvest__saint-joachim",
    "harvest__saint-malo-de-guersac",
    "harvest__saint-nazaire",
    "harvest__trignac",
    "publish",
    "watch",
}


def test_the_federation_has_its_ten_communes_and_its_epci() -> None:
    federation = load_federation(DECLARATIONS, {"example_sites": "http://127.0.0.1:1"})
    kinds = [member.kind for member in federation.members.values()]
    assert (kinds.count("commune"), kinds.count("epci"), len(federation.partners)) == (10, 1, 4)


def test_every_source_has_a_contract() -> None:
    federation = load_federation(DECLARATIONS, {"example_sites": "http://127.0.0.1:1"})
    contracts = load_contracts(DECLARATIONS / "contracts")
    assert {source.dataset for _, source in federation.sources()} <= set(contracts)


def test_every_agreement_can_be_used() -> None:
    assert len(load_agreements(DECLARATIONS)) >= 5


def test_the_dags_are_exactly_those_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asserted as a list: Airflow gives no error for a folder that is missing."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path / 'airflow.db'}")
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags"))
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED_DAGS
