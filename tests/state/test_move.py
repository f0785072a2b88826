"""A state that moves to the other engine is the same state: every row, every instant, the chain to the letter."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.commands.failures import in_words
from governance.journal.journal import Journal
from governance.pipeline.harvest import harvest
from governance.settings import Settings
from governance.state.cursors import list_accepted
from governance.state.database import open_database
from governance.state.move import StateThere, move_state
from governance.state.outbox import list_notices
from governance.state.receipts import list_receipts
from governance.state.standing import list_absences
from tests.connectors.contract.adapters.sql import PostgresServer
from tests.databases import close, new_database
from tests.notifications.conftest import subscribe
from tests.pipeline.conftest import World, place, world

__all__ = ["world"]


@pytest.fixture
def database_url() -> None:
    """The world begins on SQLite."""


def _lived_in(world: World) -> World:
    told = subscribe(world, {"email": "donnees@donges.example", "when": "always"})
    told.write("donges", place(1), place(2))
    told.write("trignac", place(3, "44210"))
    told.harvest()
    (told.folders["trignac"] / "lieux.csv").unlink()
    told.harvest()
    for number in range(3):
        told.platform.journal.append("publication", {"number": number}, subject="agent (exemple)")
    return told


def test_everything_arrives_and_the_journal_is_the_same(world: World, postgresql: PostgresServer) -> None:
    told = _lived_in(world)
    source, journal, address = told.platform.engine, told.platform.journal, new_database(postgresql)
    settings = told.platform.settings.model_copy(update={"database_url": address})
    moved_journal = Journal.from_settings(settings.model_copy(update={"state_dir": settings.state_dir / "new"}))
    target = open_database(address)
    assert moved_journal.verify() is None
    assert move_state(source, target) > 10
    moved = Journal.from_settings(settings)
    assert list(moved.export()) == list(journal.export())
    assert moved.verify() is None
    assert moved.identity_of(moved.pseudonym("agent (exemple)")) == "agent (exemple)"
    for member in ("donges", "trignac"):
        assert list_receipts(target, member) == list_receipts(source, member) != []
    assert list_notices(target, "donges") == list_notices(source, "donges") != []
    assert list_absences(target) == list_absences(source) != []
    assert list_accepted(target) == list_accepted(source) != []
    assert moved.append("release", {}).sequence == journal.search()[0].sequence + 1
    close(postgresql, address)


def test_nothing_moves_where_there_is_a_state(world: World, tmp_path: Path) -> None:
    told = _lived_in(world)
    other = Settings(state_dir=tmp_path / "other")
    Journal.from_settings(other).append("release", {"of": "another"})
    target = open_database(other.database_address)
    with pytest.raises(StateThere) as refused:
        move_state(told.platform.engine, target)
    assert "holds a state, and so does" in (in_words(refused.value) or "")
    assert list_receipts(target, "donges") == []


def test_what_moved_is_not_read_again(world: World, postgresql: PostgresServer) -> None:
    """Cursors came along, so that the next harvest knows what it has."""
    told = _lived_in(world)
    address = new_database(postgresql)
    target = open_database(address)
    Journal(target, b"k" * 32)
    move_state(told.platform.engine, target)
    platform = replace(told.platform, engine=target)
    donges = [pair for pair in platform.federation.sources() if pair[0].id == "donges"]
    (receipt,) = harvest(platform, donges)
    assert receipt.outcome == "unchanged"
    assert receipt.finished_at > datetime(2026, 1, 1, tzinfo=UTC)
    close(postgresql, address)
