"""The development issuer: one signing key on this machine, and short tokens for declared organisations.

It stands in for Keycloak on a laptop. It refuses to work where a real issuer is set, so that a key lying in
a state folder never opens a production platform.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
from jwt.algorithms import ECAlgorithm

from governance.federation import Member, Partner
from governance.identity.signing_keys import kept_signing_key, key_id
from governance.lake import write_if_changed
from governance.settings import Settings

LONGEST_HOURS = 24.0


class IssuerError(ValueError):
    """The development issuer cannot mint this token; the message says why."""


def jwks_path(state_dir: Path) -> Path:
    """Path of the development issuer's public keys (JWKS, RFC 7517)."""
    return state_dir / "keys" / "jwks.json"


class DevelopmentIssuer:
    """Mints tokens under one key kept in the state folder."""

    def __init__(self, settings: Settings) -> None:
        if settings.token_jwks_url:
            raise IssuerError("token_jwks_url is set: tokens come from that issuer, not from this machine")
        self._settings = settings
        self._key = kept_signing_key(settings, "development-issuer.pem")
        self._id = key_id(self._key)
        self._publish()

    def _publish(self) -> None:
        """Write the public half where the verifier and ``/.well-known/jwks.json`` read it."""
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        keys = {"keys": [{**public, "kid": self._id, "alg": "ES256", "use": "sig"}]}
        content = json.dumps(keys, indent=1, sort_keys=True).encode()
        write_if_changed(jwks_path(self._settings.state_dir), content)

    def mint(self, organisation: Member | Partner, hours: float = 8.0, roles: tuple[str, ...] = ("reader",)) -> str:
        """Return a signed token of an organisation, valid for `hours` (at most 24).

        Raises:
            IssuerError: the duration is not between zero and 24 hours.
        """
        if not 0 < hours <= LONGEST_HOURS:
            raise IssuerError(f"hours must lie between 0 and {LONGEST_HOURS:g}")
        now = datetime.now(UTC)
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": f"machine:{organisation.id}",
            "org": organisation.siren,
            "roles": list(roles),
            "acr": "low",
            "typ": "Bearer",
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(hours=hours),
            "jti": uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._id, "typ": "at+jwt"})
