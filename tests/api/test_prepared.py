"""A partner's files lie ready before they come, and are gone once nobody may have them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from governance.api.prepared import Prepared, prepare_feeds
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import wait_for_revision
from governance.pipeline.in_force import put_in_force
from tests.api.small_platform import ENERGIE, ROWS, Running, small_platform, write_shared
from tests.decisions.engine import free_port

pytestmark = pytest.mark.services
PARAMS = {"purpose": "dpv:ResearchAndDevelopment"}
ENERGY = "/v1/feeds/consommation_energie"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform of which this module alone changes data and agreements."""
    with small_platform(tmp_path_factory.mktemp("prepared")) as platform:
        yield platform


def files(running: Running) -> dict[str, float]:
    folder = running.platform.settings.state_dir / "feeds" / "whole" / "consommation_energie" / "exemple-startup"
    return {path.name: path.stat().st_mtime for path in folder.glob("*")}


def take(running: Running, **more: str) -> httpx.Response:
    answer = running.client("exemple-startup", **{"Accept-Encoding": "identity"}).get(ENERGY, params={**PARAMS, **more})
    assert answer.status_code == 200
    return answer


def handed_over(running: Running) -> list[int]:
    """Numbers of the journal's entries, but for what the engine says of itself in its own time."""
    return [entry.sequence for entry in running.platform.journal.search() if entry.kind != "policy_activation"]


def declare(running: Running, **changes: Any) -> None:
    settings = running.platform.settings
    path = settings.federation_dir / "agreements" / "exemple-startup.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**declared, **changes}, allow_unicode=True), encoding="utf-8")
    wait_for_revision(settings, put_in_force(settings, running.platform.journal))


def test_the_file_that_is_ready_is_the_one_that_is_handed_over(own: Running) -> None:
    journalled = handed_over(own)
    assert prepare_feeds(own.platform) == Prepared(ready=2, removed=0)
    assert handed_over(own) == journalled, "nothing was handed over"
    ready = files(own)
    assert sorted(name.partition(".")[2] for name in ready) == ["csv.3", "parquet.3"]
    content = take(own, format="csv").content
    assert set(files(own)) == set(ready)
    assert b"PDL-EXEMPLE" not in content and content.count(b"\r\n") == 4


def test_a_new_version_makes_what_the_partner_takes_and_removes_the_rest(own: Running) -> None:
    prepare_feeds(own.platform)
    take(own, format="ndjson")
    before = set(files(own))
    write_shared(own.platform, "v2", **{**ROWS, "consommation_energie": ENERGIE.replace("800.0", "801.0")})
    done = prepare_feeds(own.platform)
    after = set(files(own))
    assert not before & after
    assert sorted(name.partition(".")[2] for name in after) == ["csv.3", "ndjson.3", "parquet.3"]
    assert done == Prepared(ready=3, removed=len(before))
    assert [row["consommation_kwh"] for row in take(own).json()] == [1200.0, 801.0, 10.0]


def test_other_rights_are_another_file_and_an_end_leaves_none(own: Running) -> None:
    prepare_feeds(own.platform)
    before = set(files(own))
    declare(own, title="Autre titre (exemple)")
    prepare_feeds(own.platform)
    assert before >= set(files(own)), "the same rights under other rules need no other file"
    declare(own, columns={"commune_insee": "show", "mois": "show"})
    prepare_feeds(own.platform)
    assert not before & set(files(own))
    declare(own, state="revoked")
    assert prepare_feeds(own.platform).ready == 0
    assert files(own) == {}
    declare(own, state="finalized")


def test_without_an_answer_of_the_engine_nothing_is_made_or_taken_away(own: Running) -> None:
    prepare_feeds(own.platform)
    before = files(own)
    deaf = own.platform.settings.model_copy(update={"opa_url": f"http://127.0.0.1:{free_port()}"})
    assert prepare_feeds(replace(own.platform, pdp=OpaDecisionPoint.from_settings(deaf))) == Prepared(0, 0)
    assert files(own) == before


def test_an_agreement_that_is_declared_no_more_leaves_no_file(own: Running) -> None:
    prepare_feeds(own.platform)
    assert files(own)
    path: Path = own.platform.settings.federation_dir / "agreements" / "exemple-startup.yaml"
    path.unlink()
    prepare_feeds(own.platform)
    assert files(own) == {}
