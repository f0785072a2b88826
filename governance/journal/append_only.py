"""The database itself refuses to change or remove an entry of the journal, whoever asks and by whatever program.

The chain proves a change afterwards; this stops one that was not meant as an attack: a script, a hand at a prompt. Who
owns the tables can take the guard away; on PostgreSQL the platform works as a role that does not own them.
"""

from sqlalchemy import Engine, text

from governance.state.database import alone

_STATEMENTS = {
    "sqlite": (
        """CREATE TRIGGER journal_append_only_update BEFORE UPDATE ON journal_entries BEGIN
           SELECT RAISE(ABORT, 'the journal is append-only: an entry is not changed'); END""",
        """CREATE TRIGGER journal_append_only_delete BEFORE DELETE ON journal_entries BEGIN
           SELECT RAISE(ABORT, 'the journal is append-only: an entry is not removed'); END""",
        # INSERT OR REPLACE removes a row without asking the trigger of removals.
        """CREATE TRIGGER journal_append_only_replace BEFORE INSERT ON journal_entries
           WHEN EXISTS (SELECT 1 FROM journal_entries WHERE sequence = NEW.sequence) BEGIN
           SELECT RAISE(ABORT, 'the journal is append-only: an entry is not replaced'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN RAISE EXCEPTION USING MESSAGE = 'the journal is append-only: no ' || lower(TG_OP); END$$""",
        """CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries
           FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()""",
    ),
}
_IS_THERE = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'journal_append_only_%'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname = 'journal_append_only' "
    "AND tgrelid = 'journal_entries'::regclass",
}


def protect(engine: Engine) -> None:
    """Put the guard on the table of entries, unless it is there."""
    question = text(_IS_THERE[engine.dialect.name])
    with engine.connect() as connection:
        if connection.execute(question).scalar_one():
            return
    with alone(engine) as connection:
        if not connection.execute(question).scalar_one():
            for statement in _STATEMENTS[engine.dialect.name]:
                connection.exec_driver_sql(statement)
