"""Signing in and out: what becomes a session, how long it holds, and what ends it.

Roles are the issuer's and are asked again each time its access token has run out, so that what was taken away there is
gone here within minutes. A browser holds one random word; everything else lies in the platform's state.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine

from governance.federation import Federation
from governance.identity.keycloak.desired import CONSOLE
from governance.identity.keycloak.sign_in import TIMEOUT_SECONDS, KeycloakSignIn, Tokens
from governance.identity.logout_token import read_logout_token
from governance.identity.people import Person, person_of
from governance.identity.refusals import TokenError
from governance.identity.tokens import TokenVerifier, open_verifier
from governance.journal.journal import Journal
from governance.journal.keys import derive_key, load_key
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

BEGUN_FOR_SECONDS = 600
"""How long somebody may take to sign in at the issuer."""
_ASKED_FOR = timedelta(seconds=3 * TIMEOUT_SECONDS)
_LOOK_SECONDS = 0.1
_OVER = ("sign_in_refused", "token_without_organisation")


class Issuer(Protocol):
    """Whoever says who people are."""

    def way_in(self, state: str, nonce: str, verifier: str, language: str) -> str:
        """Return the address that a browser is sent to."""
        ...

    def redeem(self, code: str, verifier: str) -> Tokens:
        """Return what an authorization code gives."""
        ...

    def ask_again(self, refresh: str) -> Tokens:
        """Return what is said now about somebody."""
        ...

    def way_out(self, identity: str, language: str) -> str:
        """Return the address at which a browser leaves."""
        ...


@dataclass(frozen=True)
class Begun:
    """A sign-in under way: what the browser keeps of it, sealed, and where it came from."""

    state: str
    nonce: str
    verifier: str
    to: str
    language: str


class SignInDesk:
    """Signs people in and out, and says whose a browser's secret is. All calls may block."""

    def __init__(
        self,
        settings: Settings,
        federation: Federation,
        engine: Engine,
        journal: Journal,
        issuer: Issuer | None = None,
        verifier: TokenVerifier | None = None,
    ) -> None:
        self._federation, self._engine, self._journal = federation, engine, journal
        self._issuer = issuer or KeycloakSignIn(settings)
        self._verifier = verifier or open_verifier(settings, CONSOLE)
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._longest = timedelta(hours=settings.session_hours)
        self._begun = Fernet(base64.urlsafe_b64encode(derive_key(load_key(settings), "sign-in")))

    def begin(self, to: str, language: str) -> tuple[str, str]:
        """Return the issuer's address for a browser that wants to go `to`, and what it must bring back.

        Raises:
            TokenError: ``issuer_silent``.
        """
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), to, language)
        address = self._issuer.way_in(begun.state, begun.nonce, begun.verifier, language)
        return address, self._begun.encrypt(json.dumps(asdict(begun)).encode()).decode()

    def begun(self, sealed: str) -> Begun | None:
        """Return what a browser brings back; nothing where it is not ours or too old."""
        try:
            return Begun(**json.loads(self._begun.decrypt(sealed.encode(), ttl=BEGUN_FOR_SECONDS)))
        except InvalidToken:
            return None

    def finish(self, begun: Begun | None, state: str, code: str) -> str:
        """Make the session of somebody whom the issuer sent back, and return the secret of its cookie.

        Raises:
            TokenError: ``sign_in_lost``, it was not begun here; or what the issuer or the checks refused, which
                the journal has.
        """
        if begun is None or not hmac.compare_digest(begun.state, state):
            raise TokenError("sign_in_lost")
        told: Mapping[str, Any] = {}
        try:
            tokens = self._issuer.redeem(code, begun.verifier)
            told = self._verifier.claims_of(tokens.identity)
            if told.get("typ", "ID") != "ID" or told.get("nonce") != begun.nonce:
                raise TokenError("token_wrong_kind")
            secret = secrets.token_urlsafe(32)
            session = self._session(secret, tokens, told)
        except TokenError as error:
            who = str(told["sub"]) if told else None
            self._journal.append("sign_in", {"outcome": "refused", "reasons": [error.refusal.code]}, subject=who)
            raise
        store_session(self._engine, session)
        self._note("signed_in", session.person, roles=list(session.person.roles))
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
            tokens = self._issuer.ask_again(_unseal(secret, session).refresh)
            renewed = self._session(secret, tokens, {"sub": session.person.id, "sid": session.issuer_session})
        except TokenError as error:
            if error.refusal.code not in _OVER:
                let_others_ask(self._engine, session)
                raise
            end_session(self._engine, session.id)
            self._note("ended_by_issuer", session.person, reasons=[error.refusal.code])
            return None
        renew_session(self._engine, renewed)
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
            return self._issuer.way_out(_unseal(secret, session).identity, language)
        except TokenError:
            return None

    def end_by_issuer(self, logout_token: str) -> int:
        """End what a logout token names, and return how many sessions that were.

        Raises:
            TokenError: the token does not count; nothing ended.
        """
        ended = read_logout_token(self._verifier, logout_token, partial(note_token, self._engine))
        gone = end_sessions_of(self._engine, ended.subject, ended.issuer_session)
        for session in gone:
            self._note("ended_by_issuer", session.person)
        return len(gone)

    def _session(self, secret: str, tokens: Tokens, told: Mapping[str, Any]) -> Session:
        """What a session becomes by new tokens, which must be of the account and session that were told of."""
        claims = self._verifier.claims_of(tokens.access)
        if claims["sub"] != told["sub"] or not isinstance(told.get("sid"), str) or claims.get("sid") != told["sid"]:
            raise TokenError("token_wrong_kind")
        now = datetime.now(UTC)
        return Session(
            id=hashed(secret),
            issuer_session=told["sid"],
            person=person_of(claims, self._federation),
            tokens=_sealer(secret).encrypt(json.dumps(asdict(tokens)).encode()).decode(),
            seen_at=now,
            ends_at=now + self._longest,
            ask_again_at=datetime.fromtimestamp(claims["exp"], UTC),
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
        fields = {"outcome": outcome, "organisations": list(person.organisations), **more}
        self._journal.append("sign_in", fields, subject=person.id)


def hashed(secret: str) -> str:
    """Return what the state knows a browser's secret by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _sealer(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive_key(secret.encode(), "session-tokens")))


def _unseal(secret: str, session: Session) -> Tokens:
    return Tokens(**json.loads(_sealer(secret).decrypt(session.tokens.encode())))
