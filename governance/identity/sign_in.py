"""Sessions of the console: what begins one, how long it holds, and what ends it.

Roles are the issuer's and are asked again each time its access token has run out, so that what was taken away there is
gone here within minutes. A browser holds one random word; everything else lies in the platform's state.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from governance.identity.keycloak.sign_in import TIMEOUT_SECONDS, Tokens
from governance.identity.logout_token import read_logout_token
from governance.identity.people import Person
from governance.identity.refusals import TokenError
from governance.identity.way_in import Arrived, Begun, WayIn
from governance.journal.keys import derive_key
from governance.settings import Settings
from governance.state.sessions import (
    Session,
    end_session,
    end_sessions_of,
    find_session,
    let_others_ask,
    note_token,
    renew_session,
    store_session,
    take_to_ask,
)

_ASKED_FOR = timedelta(seconds=3 * TIMEOUT_SECONDS)
_LOOK_SECONDS = 0.1
_OVER = ("sign_in_refused", "token_without_organisation")


class SignInDesk:
    """Signs people in and out, and says whose a browser's secret is. All calls may block."""

    def __init__(self, settings: Settings, way: WayIn, engine: Engine) -> None:
        self.way, self._engine = way, engine
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._longest = timedelta(hours=settings.session_hours)

    def finish(self, begun: Begun | None, state: str, code: str) -> str:
        """Make the session of somebody whom the issuer sent back, and return the secret of its cookie.

        Raises:
            TokenError: as `WayIn.arrive`.
        """
        arrived = self.way.arrive(begun, state, code)
        secret = secrets.token_urlsafe(32)
        store_session(self._engine, self._session(secret, arrived))
        self._note("signed_in", arrived.person, roles=list(arrived.person.roles))
        return secret

    def session_of(self, secret: str) -> Session | None:
        """Return the session of a cookie, its person as the issuer knows them now; nothing where it has ended.

        Raises:
            TokenError: ``issuer_silent`` or ``issuer_unreachable``, so that nobody can say.
        """
        session = find_session(self._engine, hashed(secret), self._idle)
        if session is None or session.ask_again_at > datetime.now(UTC):
            return session
        if not take_to_ask(self._engine, session, _ASKED_FOR):
            return self._wait_for(session)
        try:
            tokens = self.way.issuer.ask_again(_unseal(secret, session).refresh)
            arrived = self.way.checked(tokens, session.person.id, session.issuer_session)
        except TokenError as error:
            if error.refusal.code not in _OVER:
                let_others_ask(self._engine, session)
                raise
            end_session(self._engine, session.id)
            self._note("ended_by_issuer", session.person, reasons=[error.refusal.code])
            return None
        renew_session(self._engine, self._session(secret, arrived))
        return find_session(self._engine, session.id, self._idle)

    def forget(self, secret: str) -> Session | None:
        """End a session here alone, and return it; nothing where there is none."""
        session = find_session(self._engine, hashed(secret), self._idle)
        if session is None or not end_session(self._engine, session.id):
            return None
        self._note("signed_out", session.person)
        return session

    def end(self, secret: str, language: str) -> str | None:
        """End a session and return where the browser ends it at the issuer; nothing where that does not answer."""
        session = self.forget(secret)
        if session is None:
            return None
        try:
            return self.way.issuer.way_out(_unseal(secret, session).identity, language)
        except TokenError:
            return None

    def end_by_issuer(self, logout_token: str) -> int:
        """End what a logout token names, and return how many sessions that were.

        Raises:
            TokenError: the token does not count; nothing ended.
        """
        ended = read_logout_token(self.way.verifier, logout_token, partial(note_token, self._engine))
        gone = end_sessions_of(self._engine, ended.subject, ended.issuer_session)
        for session in gone:
            self._note("ended_by_issuer", session.person)
        return len(gone)

    def _session(self, secret: str, arrived: Arrived) -> Session:
        now = datetime.now(UTC)
        return Session(
            id=hashed(secret),
            issuer_session=arrived.issuer_session,
            person=arrived.person,
            tokens=_sealer(secret).encrypt(json.dumps(asdict(arrived.tokens)).encode()).decode(),
            seen_at=now,
            ends_at=now + self._longest,
            ask_again_at=arrived.ask_again_at,
        )

    def _wait_for(self, session: Session) -> Session | None:
        """Wait for whoever asks the issuer about a session already."""
        until = time.monotonic() + _ASKED_FOR.total_seconds()
        while time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            now = find_session(self._engine, session.id, self._idle)
            if now is None or now.ask_again_at > datetime.now(UTC):
                return now
        raise TokenError("issuer_silent")

    def _note(self, outcome: str, person: Person, **more: list[str]) -> None:
        self.way.note(outcome, person.id, organisations=list(person.organisations), **more)


def hashed(secret: str) -> str:
    """Return what the state knows a browser's secret by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _sealer(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive_key(secret.encode(), "session-tokens")))


def _unseal(secret: str, session: Session) -> Tokens:
    return Tokens(**json.loads(_sealer(secret).decrypt(session.tokens.encode())))
