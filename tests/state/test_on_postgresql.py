"""What is remembered between runs is remembered on PostgreSQL too: one way through notices, states and absences."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governance.notifications.send import send_waiting
from governance.pipeline.archive import archive_absent
from governance.pipeline.delete import delete_source, find_deletable
from governance.pipeline.harmonise import harmonise
from governance.pipeline.replay import replay
from governance.platform import open_platform
from governance.state.cursors import list_accepted
from governance.state.outbox import list_notices
from governance.state.standing import standings
from tests.connectors.contract.adapter import SECRET
from tests.connectors.contract.adapters.sql import PostgresServer
from tests.notifications.conftest import subscribe
from tests.pipeline.conftest import World, place, world

__all__ = ["world"]
KEY = ("donges", "lieux_covoiturage")


@pytest.fixture
def on_postgresql(world: World, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        server = PostgresServer(tmp_path, stack)
        address = f"postgresql+psycopg://archipel:{SECRET}@127.0.0.1:{server.port}/postgres"
        settings = world.platform.settings.model_copy(update={"database_url": address})
        platform = open_platform(settings)
        stack.callback(platform.engine.dispose)
        yield replace(world, platform=platform)


@pytest.mark.services
def test_notices_states_absences_and_records_hold_on_postgresql(on_postgresql: World, tmp_path: Path) -> None:
    told = subscribe(
        on_postgresql,
        {"email": "donnees@donges.example", "when": "digest", "every": "daily"},
        {"email": "donnees@donges.example", "when": "on_change"},
    )
    told.write("donges", place(1), place(2))
    told.harvest()
    told.harvest()
    notices = list_notices(told.platform.engine, "donges")
    assert sorted(notice.occasion for notice in notices) == ["digest", "run"]
    assert [delivery.state for delivery in send_waiting(told.platform)] == ["waiting"]
    assert standings(told.platform.engine)[KEY].state == "valid"
    harmonise(told.platform)
    assert replay(told.platform, KEY[1], datetime.now(UTC), tmp_path / "again").is_same
    (told.folders["donges"] / "lieux.csv").unlink()
    told.harvest()
    assert [one.key for one in archive_absent(told.platform, datetime.now(UTC) + timedelta(days=31))] == [KEY]
    assert list_accepted(told.platform.engine) == []
    delete_source(told.platform, find_deletable(told.platform, *KEY), "agent (exemple)")
    assert list_accepted(told.platform.engine, with_archived=True) == []
    assert told.platform.journal.verify() is None
