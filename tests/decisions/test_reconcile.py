"""The journal and the engine's log hold against each other, and what only one of them has is named."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from governance.commands import journal as journal_command
from governance.decisions.engine_records import EngineDecision, EngineRecords
from governance.decisions.model import Decision
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import opa_command, wait_for_revision
from governance.decisions.policy_client import PolicyClient
from governance.decisions.reconcile import ACCESS, Reconciliation, reconcile
from governance.decisions.record import record_decision
from governance.federation import Federation
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.settings import Settings, load_settings
from governance.state.database import open_database
from governance.telemetry.trace_context import context_of, step
from tests.decisions.engine import (
    agreement,
    ask,
    desk_up,
    engine_up,
    facts_of,
    free_port,
    new_settings,
    put_in_force,
    running,
)

pytestmark = pytest.mark.services
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
SECRET_ACCOUNT = "machine-of-a-person-whose-name-is-secret"  # noqa: S105 - kept because it is an account, not a secret


class World:
    """One installation with its engine, its journal and what the engine reported."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.journal = Journal.from_settings(settings)
        self.records = EngineRecords(open_database(settings.database_address))
        self.point = OpaDecisionPoint.from_settings(settings)

    def access(self, *, is_recorded: bool = True, dataset: str = "meters") -> Decision:
        """Ask as a door does, and leave the trace that it leaves."""
        asked = ask(dataset)
        asked = asked.model_copy(update={"subject": asked.subject.model_copy(update={"id": SECRET_ACCOUNT})})
        decision = self.point.decide(asked)
        if is_recorded:
            record_decision(self.journal, asked, decision)
        return decision

    def logged(self, decision: Decision) -> EngineDecision:
        """That decision in the engine's log, waited for."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for one in self.records.decisions(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC)):
                if one.decision_id == decision.engine_decision_id:
                    return one
            time.sleep(0.05)
        raise AssertionError("the engine did not report it")

    def reconciled(self) -> Reconciliation:
        now = datetime.now(UTC)
        return reconcile(self.journal, self.records, now - timedelta(days=3), now + timedelta(seconds=1))


@pytest.fixture
def world(tmp_path: Path, federation: Federation) -> Iterator[World]:
    settings = new_settings(tmp_path, decision_keep_seconds=0)
    version = put_in_force(settings, facts_of(federation, agreement()))
    with engine_up(settings):
        wait_for_revision(settings, version)
        made = World(settings)
        yield made
        made.point.close()


def test_every_access_is_on_both_sides_under_one_number(world: World) -> None:
    decisions = [world.access(), world.access(dataset="trees"), world.access(dataset="dragons")]
    for decision in decisions:
        logged = world.logged(decision)
        assert (logged.path, logged.allow, logged.policy_version) == (ACCESS, decision.allow, decision.policy_version)
    found = world.reconciled()
    assert (found.entries, found.decisions, found.gaps) == (3, 3, ())
    assert len({decision.engine_decision_id for decision in decisions}) == 3


def test_answer_that_is_used_again_is_one_decision_and_several_entries(tmp_path: Path, federation: Federation) -> None:
    settings = new_settings(tmp_path, decision_keep_seconds=60)
    with engine_up(settings):
        wait_for_revision(settings, put_in_force(settings, facts_of(federation, agreement())))
        made = World(settings)
        for _ in range(4):
            decision = made.access()
        made.logged(decision)
        found = made.reconciled()
    assert (found.entries, found.decisions, found.gaps) == (4, 1, ())


def test_what_is_only_looked_at_needs_no_entry(world: World) -> None:
    looked = world.point.decide(ask().model_copy(update={"hands_over": False}))
    explained, _ = world.point.explain(ask())
    assert looked.allow and explained.allow
    for decision in (looked, explained):
        assert world.logged(decision).path != ACCESS
    assert world.reconciled().gaps == ()


def test_what_is_decided_while_the_platform_is_away_is_reported_when_it_is_back(
    tmp_path: Path, federation: Federation
) -> None:
    settings = new_settings(tmp_path, decision_keep_seconds=0)
    version = put_in_force(settings, facts_of(federation, agreement()))
    with running(opa_command(settings)):
        with desk_up(settings):
            wait_for_revision(settings, version)
        made = World(settings)
        decisions = [made.access() for _ in range(3)]
        assert [gap.kind for gap in made.reconciled().gaps] == ["not_in_log"] * 3
        with desk_up(settings):
            for decision in decisions:
                made.logged(decision)
        made.point.close()
    assert made.reconciled().gaps == ()


def test_gap_is_named_in_both_directions(world: World) -> None:
    unwritten = world.access(is_recorded=False)
    lost = world.access()
    kept = world.access()
    for decision in (unwritten, lost, kept):
        world.logged(decision)
    with open_database(world.settings.database_address).begin() as connection:
        connection.execute(
            text("DELETE FROM engine_decisions WHERE decision_id = :one"), {"one": lost.engine_decision_id}
        )
    gaps = {gap.kind: gap.engine_decision_id for gap in world.reconciled().gaps}
    assert gaps == {"not_in_journal": unwritten.engine_decision_id, "not_in_log": lost.engine_decision_id}


def test_one_id_leads_from_the_journal_to_the_engine_s_own_log(world: World) -> None:
    with step("request", under=context_of(TRACEPARENT)):
        decision = world.access()
        unwritten = world.access(is_recorded=False)
    (entry,) = world.journal.search(Search(kind="decision"))
    assert entry.fields["trace_id"] == TRACE_ID
    logged = world.logged(decision)
    assert (logged.decision_id, logged.trace_id) == (entry.fields["engine_decision_id"], TRACE_ID)
    assert world.logged(unwritten).trace_id == TRACE_ID
    (gap,) = world.reconciled().gaps
    assert (gap.kind, gap.trace_id) == ("not_in_journal", TRACE_ID)
    assert world.logged(world.access()).trace_id is None


def test_difference_between_the_two_is_named(world: World) -> None:
    decision = world.access()
    world.logged(decision)
    with open_database(world.settings.database_address).begin() as connection:
        connection.execute(text("UPDATE engine_decisions SET allow = :no"), {"no": False})
    (gap,) = world.reconciled().gaps
    assert (gap.kind, gap.detail) == ("differs", "allow: True / False")


def test_entry_that_cites_no_decision_is_a_gap_unless_there_was_no_answer(world: World) -> None:
    asked = ask()
    nowhere = world.settings.model_copy(update={"opa_url": f"http://127.0.0.1:{free_port()}"})
    point = OpaDecisionPoint.from_settings(nowhere)
    refused = point.decide(asked)
    point.close()
    record_decision(world.journal, asked, refused)
    assert (world.reconciled().unanswered, world.reconciled().gaps) == (1, ())
    made_up = world.point.decide(asked).model_copy(update={"engine_decision_id": None})
    record_decision(world.journal, asked, made_up)
    assert "without_number" in {gap.kind for gap in world.reconciled().gaps}


def test_log_tells_no_account_and_no_token(world: World) -> None:
    event = world.logged(world.access()).event
    assert '"meters"' in event and '"agreement_in_force"' in event
    assert SECRET_ACCOUNT not in event
    secrets = [path.read_text(encoding="utf-8") for path in (world.settings.state_dir / "keys").glob("opa_*")]
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in event]


def test_a_row_in_a_question_is_never_in_the_log(world: World) -> None:
    row = {"author": "cell-of-a-row"}
    client = PolicyClient.from_settings(world.settings)
    for odd in ({"row": row}, {"context": {**ask().to_input()["context"], **row}}):
        client.ask("archipel/decision/answer", {**ask().to_input(), **odd})
    client.close_connection()
    world.logged(world.access())
    events = [one.event for one in world.records.decisions(datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC))]
    assert len(events) == 3
    assert "cell-of-a-row" not in "".join(events)


def test_log_is_kept_as_long_as_the_settings_say(world: World) -> None:
    decision = world.access()
    old = world.logged(decision).model_copy(
        update={"decision_id": "old", "at": datetime.now(UTC) - timedelta(days=world.settings.decision_log_days + 1)}
    )
    world.records.put_decisions([old], timedelta(days=1000))
    world.logged(world.access())
    everything = list(world.records.decisions(datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC)))
    assert "old" not in {one.decision_id for one in everything}
    assert len(everything) == 2


def test_command_names_the_gaps_and_ends_with_1(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.logged(world.access())
    monkeypatch.setenv("ARCHIPEL_STATE_DIR", str(world.settings.state_dir))
    load_settings.cache_clear()
    try:
        later = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
        done = CliRunner().invoke(journal_command.app, ["reconcile", "--until", later, "--lang", "en"])
        assert (done.exit_code, "Gaps: 0." in done.stdout) == (0, True), done.output
        unwritten = world.access(is_recorded=False)
        world.logged(unwritten)
        done = CliRunner().invoke(journal_command.app, ["reconcile", "--until", later])
        assert done.exit_code == 1
        assert str(unwritten.engine_decision_id) in done.stdout
        assert "le journal n'en dit rien" in done.stdout
        assert CliRunner().invoke(journal_command.app, ["reconcile", "--since", "yesterday"]).exit_code == 2
    finally:
        load_settings.cache_clear()
