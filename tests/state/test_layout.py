"""A state made by another version is refused in words and left as it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, inspect, text

from governance.commands.failures import in_words
from governance.state.database import LAYOUT, StateOfAnotherVersion, open_database


def test_new_state_bears_its_version_and_opens_again(database_url: str) -> None:
    open_database(database_url)
    open_database.cache_clear()
    with open_database(database_url).connect() as connection:
        assert connection.execute(text("SELECT version FROM state_layout")).scalar_one() == LAYOUT


@pytest.mark.parametrize("made", ["CREATE TABLE receipts (run_id TEXT)", "CREATE TABLE state_layout (version INTEGER)"])
def test_state_of_another_version_is_refused_in_words_and_not_touched(database_url: str, made: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text(made))
        if "layout" in made:
            connection.execute(text("INSERT INTO state_layout VALUES (1)"))
    before = inspect(engine).get_table_names()
    with pytest.raises(StateOfAnotherVersion, match=r"make clean") as refused:
        open_database(database_url)
    assert inspect(engine).get_table_names() == before
    assert "another version of Archipel" in (in_words(refused.value) or "")


def test_several_may_open_a_new_state_at_once(database_url: str) -> None:
    def open_anew(_: int) -> None:
        open_database.__wrapped__(database_url).dispose()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_anew, range(8)))
    with open_database(database_url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM state_layout")).scalar_one() == 1
