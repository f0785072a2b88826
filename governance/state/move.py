"""The whole state from one database to another, as it is: the journal's chain stays the same to the letter."""

from collections.abc import Iterator

from sqlalchemy import Engine, Table, delete, func, insert, select

from governance.journal import tables as journal
from governance.state import database as state

_AT_ONCE = 1000


class StateThere(RuntimeError):
    """The database to move to holds a state already; nothing was moved."""


def move_state(source: Engine, target: Engine) -> int:
    """Copy every row into the tables of an empty state, in one transaction, and return how many there were.

    Raises:
        StateThere: the target has entries in its journal or receipts.
    """
    moved = 0
    journal.make_tables(source)
    with source.connect() as reading, state.alone(target) as writing:
        for table in (journal.entries, state.receipts):
            if writing.execute(select(func.count()).select_from(table)).scalar_one():
                raise StateThere(
                    f"{source.url.render_as_string()} holds a state, and so does {target.url.render_as_string()}. "
                    "Move the one that you do not want out of the state folder, then start again."
                )
        for table in _tables():
            if table is not journal.entries:
                writing.execute(delete(table))  # what a new state begins with, such as the journal's empty head
            for rows in reading.execute(select(table)).mappings().partitions(_AT_ONCE):
                writing.execute(insert(table), [dict(row) for row in rows])
                moved += len(rows)
    return moved


def _tables() -> Iterator[Table]:
    yield from (table for table in state.metadata.sorted_tables if table is not state.layout)
    yield from journal.metadata.sorted_tables
