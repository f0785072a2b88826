"""The steps keep their promises with the state on PostgreSQL: the same tests as on SQLite, and one way through all."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governance.notifications.send import send_waiting
from governance.pipeline.archive import archive_absent
from governance.pipeline.delete import delete_source, find_deletable
from governance.pipeline.harmonise import harmonise
from governance.pipeline.replay import replay
from governance.state.cursors import list_accepted
from governance.state.outbox import list_notices
from governance.state.standing import standings
from tests.connectors.contract.adapters.sql import PostgresServer
from tests.databases import close, new_database
from tests.notifications.conftest import subscribe
from tests.notifications.test_occasions import *  # noqa: F403
from tests.pipeline.conftest import World, place, world
from tests.pipeline.test_absent_sources import *  # noqa: F403
from tests.pipeline.test_confirm import *  # noqa: F403
from tests.pipeline.test_harvest import *  # noqa: F403
from tests.pipeline.test_references import *  # noqa: F403
from tests.pipeline.test_states import *  # noqa: F403

__all__ = ["world"]
LIEUX = ("donges", "lieux_covoiturage")


@pytest.fixture
def database_url(postgresql: PostgresServer) -> Iterator[str]:
    address = new_database(postgresql)
    yield address
    close(postgresql, address)


def test_one_way_through_notices_states_absences_and_records(world: World, tmp_path: Path) -> None:
    assert world.platform.engine.dialect.name == "postgresql"
    told = subscribe(
        world,
        {"email": "donnees@donges.example", "when": "digest", "every": "daily"},
        {"email": "donnees@donges.example", "when": "on_change"},
    )
    told.write("donges", place(1), place(2))
    told.harvest()
    told.harvest()
    notices = list_notices(told.platform.engine, "donges")
    assert sorted(notice.occasion for notice in notices) == ["digest", "run"]
    assert [delivery.state for delivery in send_waiting(told.platform)] == ["waiting"]
    assert standings(told.platform.engine)[LIEUX].state == "valid"
    harmonise(told.platform)
    assert replay(told.platform, LIEUX[1], datetime.now(UTC), tmp_path / "again").is_same
    (told.folders["donges"] / "lieux.csv").unlink()
    told.harvest()
    assert [one.key for one in archive_absent(told.platform, datetime.now(UTC) + timedelta(days=31))] == [LIEUX]
    assert list_accepted(told.platform.engine) == []
    delete_source(told.platform, find_deletable(told.platform, *LIEUX), "agent (exemple)")
    assert list_accepted(told.platform.engine, with_archived=True) == []
    assert told.platform.journal.verify() is None
