"""An issuer of the tests' own: real keys and real signatures, and whatever a realm may come to say of people.

Beside the tests with Keycloak: here an account changes between two questions, and wrong tokens can be signed.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from governance.federation import load_federation
from governance.identity.keycloak.desired import CONSOLE, ways_in
from governance.identity.keycloak.sign_in import Tokens
from governance.identity.keys import KeyFile
from governance.identity.logout_token import EVENT
from governance.identity.refusals import TokenError
from governance.identity.sign_in import SignInDesk
from governance.identity.tokens import TokenVerifier
from governance.identity.way_in import WayIn
from governance.journal.journal import Journal
from governance.settings import Settings
from governance.state.database import open_database

ISSUER = "https://identite.example/realms/essai"
DONGES = {"donges": {"siren": ["214400525"]}}


@dataclass
class OwnIssuer:
    """One account, and one session of it."""

    folder: Path
    seconds: int = 300
    """How long an access token holds."""
    is_silent: bool = False
    has_ended: bool = False
    asked: int = 0
    """How often it was asked again."""
    account: dict[str, Any] = field(default_factory=lambda: {"sub": "compte-1", "name": "Essai Une", "sid": "s-1"})
    said: dict[str, Any] = field(default_factory=lambda: {"memberships": DONGES, "roles": ["officer"]})
    identity: dict[str, Any] = field(default_factory=dict)
    """What the identity token says otherwise."""
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _refresh: str = ""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys.write_text(json.dumps({"keys": [{**public, "kid": "k", "alg": "ES256", "use": "sig"}]}))

    def sign(self, key: ec.EllipticCurvePrivateKey | None = None, **claims: Any) -> str:
        now = datetime.now(UTC)
        base = {"iss": ISSUER, "aud": "archipel-console", "iat": now, "exp": now + timedelta(seconds=self.seconds)}
        told = {name: value for name, value in {**base, **claims}.items() if value is not None}
        return jwt.encode(told, key or self._key, algorithm="ES256", headers={"kid": "k"})

    def logout_token(self, **claims: Any) -> str:
        told = {"sub": "compte-1", "sid": "s-1", "typ": "Logout", "jti": uuid4().hex, "events": {EVENT: {}}}
        return self.sign(**{**told, **claims})

    def way_in(self, state: str, nonce: str, verifier: str, language: str) -> str:
        if self.is_silent:
            raise TokenError("issuer_silent")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        self.codes["c"] = (challenge, nonce)
        return f"{ISSUER}/auth?state={state}&ui_locales={language}"

    def redeem(self, code: str, verifier: str) -> Tokens:
        challenge, nonce = self.codes.pop(code, ("", ""))
        given = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if challenge != given:
            raise TokenError("sign_in_refused")
        return self._tokens(nonce=nonce)

    def ask_again(self, refresh: str) -> Tokens:
        self.asked += 1
        if self.is_silent:
            raise TokenError("issuer_silent")
        if self.has_ended or refresh != self._refresh:
            raise TokenError("sign_in_refused")
        return self._tokens()

    def way_out(self, identity: str, language: str) -> str:
        if self.is_silent:
            raise TokenError("issuer_silent")
        return f"{ISSUER}/logout?id_token_hint={identity}"

    def _tokens(self, **identity: Any) -> Tokens:
        self._refresh = uuid4().hex
        return Tokens(
            access=self.sign(**{"typ": "Bearer", **self.account, **self.said}),
            refresh=self._refresh,
            identity=self.sign(**{"typ": "ID", **self.account, **identity, **self.identity}),
        )

    @property
    def keys(self) -> Path:
        return self.folder / "own-issuer.json"

    @property
    def refresh(self) -> str:
        return self._refresh


@dataclass(frozen=True)
class Desk:
    """A sign-in desk, its issuer and its journal."""

    settings: Settings
    issuer: OwnIssuer
    desk: SignInDesk
    journal: Journal

    def enter(self, to: str = "/fr/") -> str:
        """Sign in, and return the secret of the session."""
        address, sealed = self.desk.way.begin(to, "fr")
        return self.desk.finish(self.desk.way.begun(sealed), state_of(address), "c")


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def open_desk(folder: Path, federation: Path, database_url: str, **values: Any) -> Desk:
    """A desk whose issuer is the tests' own, on an empty state."""
    told = {"state_dir": folder, "federation_dir": federation, "database_url": database_url, "token_issuer": ISSUER}
    settings = Settings.model_validate({**told, **values})
    issuer, journal = OwnIssuer(folder), Journal.from_settings(settings)
    verifier = TokenVerifier(KeyFile(issuer.keys), ISSUER, "archipel-console")
    declared = load_federation(federation, {"example_sites": settings.example_sites_address})
    way = WayIn(settings, ways_in(settings)[CONSOLE], declared, journal, issuer, verifier)
    desk = SignInDesk(settings, way, open_database(database_url))
    return Desk(settings, issuer, desk, journal)
