"""Sessions of people who are signed in. A row bears the hash of the browser's secret, never the secret.

What the issuer gave is sealed under a key that only the browser's secret yields: whoever reads the database alone can
neither enter a session nor ask the issuer anything in somebody's name.
"""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from governance.identity.people import Person
from governance.state.database import sessions, used_tokens

SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written this often, not at each page."""


class Session(BaseModel):
    """One session. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """SHA-256 of the browser's secret."""
    issuer_session: str
    """The issuer's own name of it (``sid``)."""
    person: Person
    tokens: str
    """Sealed: what the issuer is asked with, and told at the end."""
    seen_at: datetime
    ends_at: datetime
    """At the latest, whatever is done in it."""
    ask_again_at: datetime
    """From then on the issuer must say again who this is."""


def store_session(engine: Engine, session: Session) -> None:
    """Keep a new session, and forget those whose time is over."""
    now = datetime.now(UTC)
    with engine.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.ends_at < now))
        connection.execute(delete(used_tokens).where(used_tokens.c.until < now))
        connection.execute(insert(sessions).values(**_values(session), asked_until=now))


def find_session(engine: Engine, session_id: str, idle: timedelta) -> Session | None:
    """Return a session that still holds; one that was not used for ``idle`` or is over does not."""
    now = datetime.now(UTC)
    mine = (sessions.c.id == session_id, sessions.c.ends_at > now, sessions.c.seen_at > now - idle)
    with engine.connect() as connection:
        row = connection.execute(select(sessions).where(*mine)).one_or_none()
    if row is None:
        return None
    session = _to_session(row)
    if session.seen_at < now - SEEN_EVERY:
        with engine.begin() as connection:
            connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))
    return session


def take_to_ask(engine: Engine, session: Session, longest: timedelta) -> bool:
    """Take it upon oneself to ask the issuer again about a session; False where somebody else does.

    The issuer takes each refresh token once: two who asked with the same one would end the session.
    """
    now = datetime.now(UTC)
    mine = (
        sessions.c.id == session.id,
        sessions.c.ask_again_at == session.ask_again_at,
        sessions.c.asked_until <= now,
    )
    with engine.begin() as connection:
        return connection.execute(update(sessions).where(*mine).values(asked_until=now + longest)).rowcount == 1


def renew_session(engine: Engine, session: Session) -> None:
    """Keep what the issuer said anew about a session that is still there."""
    values = _values(session)
    changed = {name: values[name] for name in ("person", "tokens", "ask_again_at")}
    with engine.begin() as connection:
        mine = sessions.c.id == session.id
        connection.execute(update(sessions).where(mine).values(**changed, asked_until=datetime.now(UTC)))


def let_others_ask(engine: Engine, session: Session) -> None:
    """Give back what `take_to_ask` took: the issuer did not answer."""
    with engine.begin() as connection:
        connection.execute(update(sessions).where(sessions.c.id == session.id).values(asked_until=datetime.now(UTC)))


def end_session(engine: Engine, session_id: str) -> bool:
    """End a session; says whether there was one."""
    with engine.begin() as connection:
        return connection.execute(delete(sessions).where(sessions.c.id == session_id)).rowcount == 1


def end_sessions_of(engine: Engine, subject: str, issuer_session: str | None) -> list[Session]:
    """End what belongs to one session of the issuer, or to all of an account, and return it."""
    mine = [sessions.c.subject == subject]
    if issuer_session is not None:
        mine.append(sessions.c.issuer_session == issuer_session)
    with engine.begin() as connection:
        found = [_to_session(row) for row in connection.execute(select(sessions).where(*mine))]
        gone = [sessions.c.id == session.id for session in found]
        if gone:
            connection.execute(delete(sessions).where(or_(*gone)))
    return found


def note_token(engine: Engine, token_id: str, until: datetime) -> bool:
    """Note a token's id until an instant; False where it was noted already."""
    try:
        with engine.begin() as connection:
            connection.execute(insert(used_tokens).values(id=token_id, until=until))
    except IntegrityError:
        return False
    return True


def _values(session: Session) -> dict[str, object]:
    return {
        **session.model_dump(exclude={"person"}),
        "subject": session.person.id,
        "person": session.person.model_dump_json(),
    }


def _to_session(row: Row[tuple[object, ...]]) -> Session:
    values = {name: value for name, value in row._mapping.items() if name in Session.model_fields}
    return Session(**{**values, "person": Person.model_validate_json(values["person"])})
