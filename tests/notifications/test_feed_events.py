"""A partner's program is told of its feeds: signed, once, and never of what it may not read. Real policy engine."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks.webhooks import Webhook

from governance.contracts.odcs import dump_contract, load_contracts
from governance.decisions.opa_server import wait_for_revision
from governance.federation import load_federation
from governance.lake import write_atomically
from governance.notifications.send import Delivery, send_waiting
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.in_force import put_in_force
from governance.platform import Platform, open_platform
from governance.settings import Settings
from governance.shared_versions import record_path
from governance.state.outbox import list_notices
from governance.subscriptions import Subscription
from tests.api.small_platform import AGREEMENTS, ROWS, write_federation, write_shared
from tests.decisions.engine import free_port
from tests.notifications.conftest import Receiver

pytestmark = pytest.mark.services
SECRET = "whsec_" + base64.b64encode(b"synthetic secret of a test, 32 b").decode()
ENERGY = "consommation_energie"


@dataclass
class Told:
    """A platform, and the program of a partner that it tells."""

    platform: Platform
    receiver: Receiver

    def declare(self, path: str, **changes: Any) -> None:
        """Change a declaration, put it in force, read the federation again."""
        settings = self.platform.settings
        file = settings.federation_dir / path
        declared = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({**declared, **changes}, allow_unicode=True), encoding="utf-8")
        wait_for_revision(settings, put_in_force(settings, self.platform.journal))
        self.platform = replace(self.platform, federation=load_federation(settings.federation_dir))

    def send(self, **later: float) -> list[Delivery]:
        return send_waiting(self.platform, datetime.now(UTC) + timedelta(**later))

    def came(self) -> list[dict[str, Any]]:
        """What the program got since it was asked last; each signature is checked by the specification's library."""
        got = [Webhook(SECRET).verify(body, headers) for headers, body in self.receiver.came]
        self.receiver.came.clear()
        return got


@contextmanager
def _told(tmp_path: Path, receiver: Receiver, *feeds: str) -> Iterator[Told]:
    write_federation(tmp_path / "federation")
    settings = Settings(
        federation_dir=tmp_path / "federation",
        state_dir=tmp_path / "state",
        opa_port=free_port(),
        decision_keep_seconds=0,
        egress_exceptions=(receiver.address.removeprefix("http://").split("/")[0],),
    )
    with with_policy_engine(settings) as answered:
        platform = open_platform(answered)
        write_shared(platform, "v1", **ROWS)
        told = Told(platform, receiver)
        hook = {"webhook": receiver.address, "secret": "env:SOURCE_SECRET_HOOK", "feeds": list(feeds)}
        told.declare("partners/exemple-startup.yaml", subscriptions=[hook])
        yield told


@pytest.fixture
def told(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setenv("SOURCE_SECRET_HOOK", SECRET)
    with _told(tmp_path, receiver, ENERGY, "signalements") as made:
        yield made


def test_each_version_of_the_dataset_is_told_once_and_no_value_of_it(told: Told) -> None:
    told.send()
    (event,) = told.came()
    assert event["type"] == "dataset.version_available"
    assert event["data"] == {
        "dataset": ENERGY,
        "version": "v1",
        "contract_version": "1.0.0",
        "changes": [],
        "reasons": [],
        "feed": f"{told.platform.settings.public_address}/v1/feeds/{ENERGY}",
        "description": f"{told.platform.settings.public_address}/v1/feeds/{ENERGY}/description",
    }
    assert told.send() == [] and told.came() == []
    write_shared(told.platform, "v2", **ROWS)
    told.send()
    assert [event["data"]["version"] for event in told.came()] == ["v2"]


def test_a_closed_feed_is_told_with_its_reason_and_an_opened_one_anew(told: Told) -> None:
    told.send()
    told.came()
    told.declare("agreements/exemple-startup.yaml", state="revoked")
    told.send()
    (event,) = told.came()
    assert event["type"] == "dataset.withdrawn"
    assert [reason["code"] for reason in event["data"]["reasons"]] == ["agreement_revoked"]
    assert all(reason["text_fr"] and reason["text_en"] for reason in event["data"]["reasons"])
    write_shared(told.platform, "v2", **ROWS)
    assert told.send() == [], "a version that may not be read is not told"
    told.declare("agreements/exemple-startup.yaml", state="finalized")
    told.send()
    assert [(one["type"], one["data"]["version"]) for one in told.came()] == [("dataset.version_available", "v2")]


def test_what_is_closed_while_a_notice_waits_is_not_told_as_open(told: Told) -> None:
    told.receiver.statuses = [503]
    (delivery,) = told.send()
    assert delivery.state == "waiting"
    told.came()
    told.declare("agreements/exemple-startup.yaml", state="suspended")
    states = {one.notice.id: one.state for one in told.send(minutes=2)}
    assert states[delivery.notice.id] == "withdrawn"
    assert [event["type"] for event in told.came()] == ["dataset.withdrawn"]


def test_a_contract_that_changes_is_told_before_the_data_follows(told: Told) -> None:
    lake, old = told.platform.lake, told.platform.contracts[ENERGY]
    write_atomically(lake.records / "kept" / "hash-of-it", old.model_dump_json().encode())
    record = json.loads(record_path(lake, "v1").read_bytes())
    write_atomically(record_path(lake, "v1"), json.dumps({**record, "contracts": {ENERGY: "hash-of-it"}}).encode())
    told.send()
    told.came()
    columns = tuple(column for column in old.columns if column.name != "mois")
    new = old.model_copy(update={"version": "2.0.0", "columns": columns})
    path = told.platform.settings.federation_dir / "contracts"
    (path / f"{ENERGY}.yaml").write_text(dump_contract(new), encoding="utf-8")
    told.platform = replace(told.platform, contracts=load_contracts(path))
    told.send()
    (event,) = told.came()
    assert (event["type"], event["data"]["contract_version"]) == ("contract.changed", "2.0.0")
    assert ("major", "mois") in [(change["level"], change["column"]) for change in event["data"]["changes"]]
    assert told.send() == []


def test_the_end_of_an_agreement_is_told_ahead(told: Told) -> None:
    last = (datetime.now(UTC) + timedelta(days=20)).date()
    told.declare("agreements/exemple-startup.yaml", valid_until=last.isoformat())
    told.send()
    events = {event["type"]: event["data"] for event in told.came()}
    assert set(events) == {"dataset.version_available", "agreement.ending"}
    assert events["agreement.ending"]["last_day"] == last.isoformat()
    assert events["agreement.ending"]["agreement_id"] == AGREEMENTS[0]["id"]
    assert told.send(days=1) == []
    told.send(days=15)
    (late,) = told.receiver.came
    assert json.loads(late[1])["type"] == "agreement.ending"


def test_without_an_answer_of_the_engine_nothing_is_told(told: Told) -> None:
    told.receiver.statuses = [503]
    told.send()
    told.came()
    deaf = told.platform.settings.model_copy(update={"opa_url": f"http://127.0.0.1:{free_port()}"})
    told.platform = open_platform(deaf)
    (delivery,) = told.send(minutes=2)
    assert (delivery.state, told.came()) == ("waiting", [])
    assert "does not answer" in delivery.failure_en
    assert [notice.state for notice in list_notices(told.platform.engine, "exemple-startup")] == ["waiting"]


def test_a_subscription_to_feeds_goes_to_a_webhook_and_hears_of_no_receipt() -> None:
    hook = {"webhook": "https://si.example/hook", "secret": "env:SOURCE_SECRET_HOOK", "feeds": [ENERGY]}
    assert not Subscription.model_validate(hook).covers("anything")
    for wrong in ({"when": "always"}, {"sources": ["lieux"]}):
        with pytest.raises(ValueError, match="feeds"):
            Subscription.model_validate({**hook, **wrong})
    with pytest.raises(ValueError, match="feeds"):
        Subscription.model_validate({"email": "donnees@startup.example", "feeds": [ENERGY]})
