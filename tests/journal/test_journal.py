"""Nobody changes, removes or reorders an entry unseen, and writers of several processes form one chain."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from governance.commands.journal import app
from governance.decisions.model import Context, Decision, DecisionRequest, Reason, Subject, Target
from governance.decisions.record import record_decision
from governance.journal.journal import Journal
from governance.journal.keys import key_path, load_key
from governance.journal.model import GENESIS, Search
from governance.settings import PROJECT_ROOT, Settings, load_settings
from governance.state.database import open_database

KEY = b"k" * 32
WRITER = """
import sys
from pathlib import Path
from governance.journal.journal import Journal
from governance.settings import Settings
journal = Journal.from_settings(Settings(state_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
for number in range(12):
    journal.append("publication", {"writer": sys.argv[3], "number": number})
"""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path, database_url=database_url)


@pytest.fixture
def journal(settings: Settings) -> Journal:
    made = Journal.from_settings(settings)
    for number in range(6):
        made.append("publication", {"number": number}, subject="officer@small.example", target="trees")
    return made


@pytest.fixture
def of_commands(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands find this journal."""
    monkeypatch.setenv("ARCHIPEL_STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("ARCHIPEL_DATABASE_URL", settings.database_address)
    load_settings.cache_clear()


OFF = {
    "sqlite": [f"DROP TRIGGER IF EXISTS journal_append_only_{word}" for word in ("update", "delete", "replace")],
    "postgresql": ["ALTER TABLE journal_entries DISABLE TRIGGER USER"],
}


def _take_guard_away(connection: Connection) -> None:
    """As whoever owns the tables can; the chain and the anchor are what is left then."""
    for statement in OFF[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def _tamper(settings: Settings, *statements: str) -> None:
    with open_database(settings.database_address).begin() as connection:
        _take_guard_away(connection)
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount != 0


CHANGES = [
    "UPDATE journal_entries SET fields = '{}' WHERE sequence = 3",
    "UPDATE journal_entries SET fields = fields",
    "DELETE FROM journal_entries WHERE sequence = 6",
    "DELETE FROM journal_entries",
]
OF_ONE_ENGINE = {
    "sqlite": "INSERT OR REPLACE INTO journal_entries SELECT 3, at, kind, subject, target, fields, previous, hash "
    "FROM journal_entries WHERE sequence = 4",
    "postgresql": "TRUNCATE journal_entries",
}


@pytest.mark.parametrize("statement", [*CHANGES, None])
def test_database_refuses_to_change_or_remove_an_entry(
    journal: Journal, settings: Settings, statement: str | None
) -> None:
    engine = open_database(settings.database_address)
    with pytest.raises(SQLAlchemyError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement or OF_ONE_ENGINE[engine.dialect.name])
    assert journal.verify() is None
    assert len(journal.search()) == 6


def test_journal_made_before_there_was_a_guard_gets_one(journal: Journal, settings: Settings) -> None:
    engine = open_database(settings.database_address)
    with engine.begin() as connection:
        _take_guard_away(connection)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP TRIGGER journal_append_only ON journal_entries")
    Journal.from_settings(settings)
    with pytest.raises(SQLAlchemyError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(CHANGES[0])


def test_journal_is_intact_while_others_append(journal: Journal, settings: Settings) -> None:
    """What comes while it is read is neither a gap nor a forged end."""
    writer = [sys.executable, "-c", WRITER, str(settings.state_dir), settings.database_address, "a"]
    with subprocess.Popen(writer, cwd=PROJECT_ROOT) as running:
        found = [journal.verify()]
        while running.poll() is None:
            found.append(journal.verify())
    assert running.returncode == 0
    assert set(found) == {None}
    assert len(journal.search()) == 18


@pytest.mark.parametrize("made_up", ["/v1/feeds/" + "x" * 5000, "/v1/feeds/a\x00b", "/v1/feeds/" + "é" * 200])
def test_target_that_a_caller_made_up_is_kept_as_far_as_it_goes(journal: Journal, made_up: str) -> None:
    entry = journal.append("access", {"outcome": "refused"}, target=made_up)
    assert entry.target is not None
    assert entry.target.startswith("/v1/feeds/")
    assert journal.search()[0].target == entry.target
    assert journal.verify() is None


def _drop_anchor(settings: Settings) -> None:
    (settings.state_dir / "journal" / "anchor.json").unlink()


def test_untouched_journal_is_intact(journal: Journal) -> None:
    assert journal.verify() is None


def test_new_journal_is_intact(settings: Settings) -> None:
    assert Journal.from_settings(settings).verify() is None


def test_each_entry_names_its_predecessor(journal: Journal) -> None:
    found = list(reversed(journal.search()))
    assert [entry.sequence for entry in found] == [1, 2, 3, 4, 5, 6]
    assert found[0].previous == GENESIS
    assert [entry.previous for entry in found[1:]] == [entry.hash for entry in found[:-1]]


ALTERED = [
    "UPDATE journal_entries SET fields = '{\"number\":99}' WHERE sequence = 3",
    "UPDATE journal_entries SET kind = 'release' WHERE sequence = 3",
    "UPDATE journal_entries SET target = 'meters' WHERE sequence = 3",
    "UPDATE journal_entries SET target = NULL WHERE sequence = 3",
    "UPDATE journal_entries SET subject = NULL WHERE sequence = 3",
    "UPDATE journal_entries SET at = '2020-01-01T00:00:00+00:00' WHERE sequence = 3",
    "UPDATE journal_entries SET hash = previous WHERE sequence = 3",
]


@pytest.mark.parametrize("statement", ALTERED)
def test_altered_entry_is_named(journal: Journal, settings: Settings, statement: str) -> None:
    _tamper(settings, statement)
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("altered", 3)
    assert "3" in found.message_fr
    assert "3" in found.message_en


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_removed_entry_is_named(journal: Journal, settings: Settings, sequence: int) -> None:
    _tamper(settings, f"DELETE FROM journal_entries WHERE sequence = {sequence}")
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("removed", sequence)


def test_removed_entry_is_named_although_the_gap_was_closed(journal: Journal, settings: Settings) -> None:
    _tamper(
        settings,
        "DELETE FROM journal_entries WHERE sequence = 3",
        "UPDATE journal_entries SET sequence = 3 WHERE sequence = 4",
        "UPDATE journal_entries SET sequence = 4 WHERE sequence = 5",
        "UPDATE journal_entries SET sequence = 5 WHERE sequence = 6",
    )
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("removed", 3)


def test_reordered_entries_are_named(journal: Journal, settings: Settings) -> None:
    _tamper(
        settings,
        "UPDATE journal_entries SET sequence = 99 WHERE sequence = 3",
        "UPDATE journal_entries SET sequence = 3 WHERE sequence = 4",
        "UPDATE journal_entries SET sequence = 4 WHERE sequence = 99",
    )
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("reordered", 3)


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_truncated_tail_is_named(journal: Journal, settings: Settings, kept: int) -> None:
    _drop_anchor(settings)
    _tamper(settings, f"DELETE FROM journal_entries WHERE sequence > {kept}")
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("removed", kept + 1)


def test_truncated_tail_with_a_head_moved_back_is_found(journal: Journal, settings: Settings) -> None:
    _drop_anchor(settings)
    _tamper(
        settings,
        "DELETE FROM journal_entries WHERE sequence > 4",
        "UPDATE journal_head SET sequence = 4, hash = (SELECT hash FROM journal_entries WHERE sequence = 4)",
    )
    found = journal.verify()
    assert found is not None
    assert found.problem == "head_altered"


def test_chain_rewritten_without_the_key_is_found(journal: Journal, settings: Settings, tmp_path: Path) -> None:
    forger = Settings(state_dir=tmp_path / "forger")
    other = Journal.from_settings(forger)
    for number in range(6):
        other.append("publication", {"number": number + 100})
    with open_database(forger.database_address).connect() as connection:
        forged = [dict(row._mapping) for row in connection.execute(text("SELECT * FROM journal_entries"))]
    with open_database(settings.database_address).begin() as connection:
        _take_guard_away(connection)
        connection.execute(text("DELETE FROM journal_entries"))
        for row in forged:
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO journal_entries ({names}) VALUES ({marks})"), row)
        last = {"hash": forged[-1]["hash"]}
        connection.execute(text("UPDATE journal_head SET hash = :hash"), last)
    _drop_anchor(settings)
    found = journal.verify()
    assert found is not None
    assert found.problem == "head_altered"


def test_head_that_vanished_is_found_and_not_mended(journal: Journal, settings: Settings) -> None:
    _tamper(settings, "DELETE FROM journal_head")
    found = Journal.from_settings(settings).verify()
    assert found is not None
    assert found.problem == "head_altered"


def test_emptied_journal_is_found_by_its_anchor(journal: Journal, settings: Settings) -> None:
    _tamper(settings, "DELETE FROM journal_entries", "DELETE FROM journal_head")
    found = Journal.from_settings(settings).verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("removed", 1)


def test_journal_put_back_to_an_older_copy_is_found_by_its_anchor(journal: Journal, settings: Settings) -> None:
    with open_database(settings.database_address).connect() as connection:
        old = dict(connection.execute(text("SELECT * FROM journal_head")).one()._mapping)
    journal.append("release", {"held": True})
    _tamper(settings, "DELETE FROM journal_entries WHERE sequence = 7", "DELETE FROM journal_head")
    with open_database(settings.database_address).begin() as connection:
        connection.execute(text("INSERT INTO journal_head VALUES (:id, :sequence, :hash, :mac)"), old)
    found = journal.verify()
    assert found is not None
    assert (found.problem, found.sequence) == ("removed", 7)


def test_entry_written_past_the_journal_is_found(journal: Journal, settings: Settings) -> None:
    _tamper(
        settings,
        "INSERT INTO journal_entries SELECT 7, at, kind, subject, target, fields, hash, previous "
        "FROM journal_entries WHERE sequence = 6",
    )
    found = journal.verify()
    assert found is not None
    assert found.sequence == 7


def test_writers_of_several_processes_form_one_chain(settings: Settings) -> None:
    journal = Journal.from_settings(settings)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(settings.state_dir), settings.database_address, name], cwd=PROJECT_ROOT
        )
        for name in ("a", "b", "c")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    found = journal.search(Search(limit=1000))
    assert journal.verify() is None
    assert len(found) == 36
    for name in "abc":
        numbers = [entry.fields["number"] for entry in reversed(found) if entry.fields["writer"] == name]
        assert numbers == list(range(12))


def test_identity_is_kept_apart_and_can_be_erased_without_breaking_the_chain(
    journal: Journal, settings: Settings
) -> None:
    pseudonym = journal.pseudonym("officer@small.example")
    assert journal.identity_of(pseudonym) == "officer@small.example"
    assert journal.erase_identity("officer@small.example")
    assert journal.identity_of(pseudonym) is None
    assert not journal.erase_identity("officer@small.example")
    assert journal.verify() is None
    assert journal.search()[0].kind == "identity_erased"
    assert "officer" not in "\n".join(journal.export())


def test_subject_among_the_fields_never_enters_the_chain(journal: Journal) -> None:
    entry = journal.append("access", {"subject": "clerk", "dataset": "trees", "rows": 3})
    assert entry.subject == journal.pseudonym("clerk")
    assert (entry.target, dict(entry.fields)) == ("trees", {"rows": 3})


def test_pseudonym_depends_on_the_key(journal: Journal, tmp_path: Path) -> None:
    other = Journal.from_settings(Settings(state_dir=tmp_path / "other"))
    assert other.pseudonym("clerk") != journal.pseudonym("clerk")


def test_key_is_made_once_and_for_its_owner_only(settings: Settings) -> None:
    key = load_key(settings)
    assert load_key(settings) == key
    assert len(key) == 32
    assert stat.S_IMODE(key_path(settings).stat().st_mode) == 0o600


def test_key_that_is_too_short_is_refused(settings: Settings) -> None:
    key_path(settings).parent.mkdir(parents=True)
    key_path(settings).write_bytes(b"short")
    with pytest.raises(ValueError, match="not a key"):
        load_key(settings)


SEARCHES: list[tuple[Callable[[datetime], Search], int]] = [
    (lambda _: Search(kind="publication"), 6),
    (lambda _: Search(kind="release"), 1),
    (lambda _: Search(target="meters"), 1),
    (lambda _: Search(subject="officer@small.example"), 6),
    (lambda _: Search(subject="stranger"), 0),
    (lambda _: Search(before=4), 3),
    (lambda _: Search(limit=2), 2),
    (lambda now: Search(since=now + timedelta(hours=1)), 0),
    (lambda now: Search(since=now - timedelta(hours=1), until=now + timedelta(hours=1)), 7),
    (lambda now: Search(until=now - timedelta(hours=1)), 0),
]


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_search_keeps_what_fits(journal: Journal, search: Callable[[datetime], Search], expected: int) -> None:
    journal.append("release", {}, target="meters")
    assert len(journal.search(search(datetime.now(UTC)))) == expected


def test_what_json_cannot_hold_is_not_written(journal: Journal) -> None:
    with pytest.raises((TypeError, ValueError)):
        journal.append("release", {"value": float("nan")})
    with pytest.raises((TypeError, ValueError)):
        journal.append("release", {"value": object()})
    assert len(journal.search()) == 6
    assert journal.verify() is None


def test_export_has_every_entry_and_the_head(journal: Journal) -> None:
    lines = [json.loads(line) for line in journal.export()]
    assert [line["sequence"] for line in lines[:-1]] == [1, 2, 3, 4, 5, 6]
    assert lines[-1]["head"]["hash"] == lines[-2]["hash"]


def test_decision_leaves_its_reasons_and_counts_and_no_identity(journal: Journal) -> None:
    why = (Reason(code="open_data", rule="r", text_fr="f", text_en="e"),)
    decision = Decision(allow=True, row_filter={}, reasons=why, valid_until=datetime.now(UTC), policy_version="p1")
    request = DecisionRequest(
        subject=Subject(id="clerk"), target=Target(dataset="trees"), context=Context(channel="export")
    )
    decision_id, entry = record_decision(journal, request, decision, rows=12)
    told: dict[str, Any] = dict(entry.fields)
    assert (entry.kind, entry.target, told["rows"], told["reasons"]) == ("decision", "trees", 12, ["open_data"])
    assert told["decision_id"] == decision_id
    assert "clerk" not in entry.model_dump_json()


@pytest.mark.usefixtures("of_commands")
def test_command_says_who_is_behind_an_entry_and_forgets_them(journal: Journal) -> None:
    number = str(journal.append("access", {}, subject="agente (exemple)").sequence)
    nobodys = str(journal.append("publication", {}).sequence)
    run = CliRunner().invoke
    assert run(app, ["who", number]).stdout == "agente (exemple)\n"
    assert [run(app, ["who", each]).exit_code for each in (nobodys, "99")] == [1, 1]
    assert run(app, ["forget", "agente (exemple)"], input="n\n").exit_code == 1
    assert run(app, ["who", number]).exit_code == 0
    assert run(app, ["forget", "agente (exemple)", "--yes"]).exit_code == 0
    assert run(app, ["who", number]).exit_code == 1
    assert run(app, ["forget", "agente (exemple)", "--yes"]).exit_code == 1
    assert journal.verify() is None


@pytest.mark.usefixtures("of_commands")
def test_command_verifies_lists_and_exports(journal: Journal, settings: Settings) -> None:
    run = CliRunner().invoke
    assert (run(app, ["verify"]).exit_code, run(app, ["verify", "--json"]).stdout.strip()) == (0, "null")
    listed = run(app, ["list", "--json", "--limit", "2", "--since", "2020-01-01"]).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in listed] == [6, 5]
    assert "publication" in run(app, ["list"]).stdout
    assert run(app, ["list", "--kind", "gossip"]).exit_code == 2
    assert len(run(app, ["export"]).stdout.splitlines()) == 7
    _tamper(settings, ALTERED[0])
    broken = run(app, ["verify"])
    assert broken.exit_code == 1
    assert "entry 3 was altered" in broken.stdout
    assert "l'entrée 3 a été modifiée" in broken.stdout
