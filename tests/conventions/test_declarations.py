"""Every YAML of the federation can be used, and the DAGs are exactly those that it declares."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

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
    "harvest_external",
    "publish",
    "verify",
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


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What Airflow makes of the folder ``dags``."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{home / 'airflow.db'}")
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=str(ROOT / "dags"))
        assert bag.import_errors == {}
        yield dict(bag.dags)


def test_the_dags_are_exactly_those_declared(dags: dict[str, Any]) -> None:
    """Asserted as a list: Airflow gives no error for a folder that is missing."""
    assert set(dags) == EXPECTED_DAGS


@pytest.mark.parametrize("minutes_past", [0.5, 4, 31, 100])
def test_no_schedule_makes_up_for_a_time_before_the_installation(
    dags: dict[str, Any], minutes_past: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ``make run`` shows what it did itself, at whatever hour of the day it is typed."""
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable
    from airflow.timetables import trigger
    from airflow.timetables.base import TimeRestriction

    for dag_id in sorted(set(EXPECTED_DAGS) - {"harmonise", "publish"}):
        timetable = decode_timetable(json.loads(json.dumps(encode_timetable(dags[dag_id].timetable))))
        forever = TimeRestriction(earliest=None, latest=None, catchup=False)
        due = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=forever).run_after
        now = due + timedelta(minutes=minutes_past)
        monkeypatch.setattr(trigger, "utcnow", lambda now=now: now)
        first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=forever).run_after
        monkeypatch.undo()
        assert first > now, dag_id
