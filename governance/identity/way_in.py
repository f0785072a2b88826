"""The way to the issuer and back: what a browser is sent with, and who it is that comes back.

What has to be remembered meanwhile goes with the browser, sealed: nothing is kept for those who never come back.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken

from governance.federation import Federation
from governance.identity.keycloak.desired import Way
from governance.identity.keycloak.sign_in import KeycloakSignIn, Tokens
from governance.identity.people import Person, person_of
from governance.identity.refusals import TokenError
from governance.identity.tokens import TokenVerifier, open_verifier
from governance.journal.journal import Journal
from governance.journal.keys import derive_key, load_key
from governance.settings import Settings

BEGUN_FOR_SECONDS = 600
"""How long somebody may take to sign in at the issuer."""


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
    """A sign-in under way: what the browser keeps of it, and where it came from."""

    state: str
    nonce: str
    verifier: str
    to: str
    language: str


@dataclass(frozen=True)
class Arrived:
    """Somebody whom the issuer vouches for, in a session of its own, until it is to be asked again."""

    person: Person
    issuer_session: str
    ask_again_at: datetime
    tokens: Tokens


class WayIn:
    """One client of the issuer; all calls but `begun` may wait for it."""

    def __init__(
        self,
        settings: Settings,
        way: Way,
        federation: Federation,
        journal: Journal,
        issuer: Issuer | None = None,
        verifier: TokenVerifier | None = None,
    ) -> None:
        self._way, self._federation, self._journal = way, federation, journal
        self.issuer = issuer or KeycloakSignIn(settings, way)
        self.verifier = verifier or open_verifier(settings, way.client)
        key = derive_key(load_key(settings), f"sign-in:{way.client}")
        self._sealer = Fernet(base64.urlsafe_b64encode(key))

    def begin(self, to: str, language: str) -> tuple[str, str]:
        """Return the issuer's address for a browser that wants to go `to`, and what it must bring back.

        Raises:
            TokenError: ``issuer_silent``.
        """
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), to, language)
        address = self.issuer.way_in(begun.state, begun.nonce, begun.verifier, language)
        return address, self._sealer.encrypt(json.dumps(asdict(begun)).encode()).decode()

    def begun(self, sealed: str) -> Begun | None:
        """Return what a browser brings back; nothing where it is not ours or too old."""
        try:
            return Begun(**json.loads(self._sealer.decrypt(sealed.encode(), ttl=BEGUN_FOR_SECONDS)))
        except InvalidToken:
            return None

    def arrive(self, begun: Begun | None, state: str, code: str) -> Arrived:
        """Return who comes back from the issuer.

        Raises:
            TokenError: ``sign_in_lost``, it was not begun here; or what the issuer or the checks refused, which
                the journal has.
        """
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode()):
            raise TokenError("sign_in_lost")
        told: Mapping[str, Any] = {}
        try:
            tokens = self.issuer.redeem(code, begun.verifier)
            told = self.verifier.claims_of(tokens.identity)
            if told.get("typ", "ID") != "ID" or told.get("nonce") != begun.nonce:
                raise TokenError("token_wrong_kind")
            return self.checked(tokens, str(told["sub"]), told.get("sid"))
        except TokenError as error:
            self.note("refused", str(told["sub"]) if told else None, reasons=[error.refusal.code])
            raise

    def checked(self, tokens: Tokens, subject: str, issuer_session: object) -> Arrived:
        """Return whom an access token tells of, which must be of that account and that session of the issuer's.

        Raises:
            TokenError: with the first check that failed.
        """
        claims = self.verifier.claims_of(tokens.access)
        if claims["sub"] != subject or not isinstance(issuer_session, str) or claims.get("sid") != issuer_session:
            raise TokenError("token_wrong_kind")
        person = person_of(claims, self._federation)
        return Arrived(person, issuer_session, datetime.fromtimestamp(claims["exp"], UTC), tokens)

    def note(self, outcome: str, subject: str | None, **more: list[str]) -> None:
        """Write into the journal what became of somebody, without a name."""
        self._journal.append("sign_in", {"outcome": outcome, **more}, subject=subject, target=self._way.client)
