"""The platform's own state in PostgreSQL: one role owns the tables, another works with them and cannot alter them.

Whoever has the platform's password can add to the journal and can neither change nor remove an entry, nor take away
the trigger that stops it.
"""

from sqlalchemy.engine import Engine

from governance.journal.tables import make_tables
from governance.settings import Settings
from governance.state.database import open_database
from governance.state.move import move_state
from infra.native.service import Say
from infra.native.services.databases import ensure_database, ensure_role, passwordless_address

ROLE = "archipel"
OWNER = "archipel_owner"
_RIGHTS = (
    f"REVOKE CONNECT ON DATABASE {ROLE} FROM PUBLIC",
    f"GRANT CONNECT ON DATABASE {ROLE} TO {ROLE}",
    f"GRANT USAGE ON SCHEMA public TO {ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"REVOKE UPDATE, DELETE ON journal_entries FROM {ROLE}",
    f"REVOKE DELETE ON journal_head FROM {ROLE}",
    f"REVOKE INSERT, UPDATE, DELETE ON state_layout FROM {ROLE}",
)


def state_address(settings: Settings) -> str:
    """Return the SQLAlchemy address of the platform's state in the full profile's PostgreSQL."""
    return passwordless_address(settings, ROLE)


def furnish_state(settings: Settings, say: Say) -> None:
    """Make the database, its tables and rights; bring over what an earlier start kept in SQLite.

    Nothing is done where the settings name another database: that one is its operator's.
    """
    if settings.database_url != state_address(settings):
        return
    ensure_database(settings, ROLE, OWNER)
    ensure_role(settings, ROLE)
    engine = open_database(passwordless_address(settings, ROLE, OWNER))
    make_tables(engine)
    _bring_over(settings, engine, say)
    with engine.begin() as connection:
        for statement in _RIGHTS:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _bring_over(settings: Settings, engine: Engine, say: Say) -> None:
    path = settings.state_dir / "state.sqlite"
    if not path.is_file():
        return
    rows = move_state(open_database(f"sqlite:///{path}"), engine)
    say(f"  brought over {rows} rows of the state from SQLite to PostgreSQL")
    for each in settings.state_dir.glob("state.sqlite*"):
        each.rename(each.with_name(each.name.replace("state.sqlite", "state-before-postgresql.sqlite")))
