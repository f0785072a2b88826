"""Verify a bearer token (RFC 6750, JWT access token profile RFC 9068) and say who presents it.

The same checks hold for the development issuer and for production: algorithm, key, signature, issuer,
audience, dates, kind, organisation. Who may read what is not in the token: it is the policy engine's answer.
"""

import hashlib
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from cachetools import LRUCache
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from governance.decisions.model import Subject
from governance.identity.issuer import jwks_path
from governance.identity.keys import KeyAddress, KeyFile, KeySource
from governance.identity.refusals import TokenError
from governance.settings import Settings

ALGORITHMS = ("ES256", "RS256")
_LEEWAY_SECONDS = 30
"""Two machines' clocks differ a little; more than this is a fault to mend."""
_LONGEST_TOKEN = 16_384
_MOST_KNOWN = 1_024
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_SIREN = re.compile(r"[0-9]{9}", re.ASCII)

_LEVELS: dict[str, Literal["low", "substantial", "high"]] = {
    "low": "low",
    "substantial": "substantial",
    "high": "high",
}
"""``acr`` values that count as a level of assurance (eIDAS, EU 910/2014 art. 8); any other is none."""
_CODES: tuple[tuple[type[PyJWTError], str], ...] = (
    (ExpiredSignatureError, "token_expired"),
    (ImmatureSignatureError, "token_not_yet_valid"),
    (InvalidAudienceError, "token_wrong_audience"),
    (InvalidIssuerError, "token_wrong_issuer"),
    (MissingRequiredClaimError, "token_claim_missing"),
    (InvalidSignatureError, "token_forged"),
    (InvalidAlgorithmError, "token_algorithm_refused"),
    (InvalidKeyError, "token_algorithm_refused"),
)
"""In this order: the first class that fits gives the code."""


def _organisation_of(claims: Mapping[str, Any]) -> str:
    """SIREN from ``org``, or from Keycloak's ``organization`` claim when it names exactly one."""
    found = claims.get("org")
    if found is None and isinstance(claims.get("organization"), dict) and len(claims["organization"]) == 1:
        attributes = next(iter(claims["organization"].values()))
        found = attributes.get("siren") if isinstance(attributes, dict) else None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str) or not _SIREN.fullmatch(found):
        raise TokenError("token_without_organisation")
    return found


def strings_of(value: object) -> tuple[str, ...]:
    """Return the texts of a claim that is a list; nothing where it is none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _hash_of(token: str) -> bytes:
    # Half a character pair may stand in a header; no token that was verified has one.
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _code_of(error: PyJWTError) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), "token_malformed")


@dataclass(frozen=True)
class _Known:
    """What came of a token that every check let through, and for which instants (seconds since 1970) that holds."""

    subject: Subject
    key: jwt.PyJWK
    since: float
    until: float


class TokenVerifier:
    """Checks tokens of one issuer for one audience; safe for threads.

    Who shows the same token again is not made to wait for the same signature: it is known by its hash until it ends,
    and no longer than the issuer has the key that signed it.
    """

    def __init__(self, keys: KeySource, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._known: LRUCache[bytes, _Known] = LRUCache(_MOST_KNOWN)
        self._lock = threading.Lock()

    def verify(self, token: str) -> Subject:
        """Return who presents the token.

        Raises:
            TokenError: with the code of the first check that failed.
        """
        return self.known(token) or self._verify_anew(token)

    def known(self, token: str) -> Subject | None:
        """Return who presents a token that was verified before and still would be; waits for nobody."""
        with self._lock:
            found = self._known.get(_hash_of(token))
        if found is None or not found.since <= time.time() < found.until:
            return None
        # The same object, so that a key that was read anew verifies anew.
        return found.subject if self._keys.known(found.key.key_id) is found.key else None

    def _verify_anew(self, token: str) -> Subject:
        began = time.time()
        claims, key = self._checked(token)
        subject = self._subject_of(claims)
        with self._lock:
            self._known[_hash_of(token)] = _Known(subject, key, began, int(claims["exp"]) + _LEEWAY_SECONDS)
        return subject

    def claims_of(self, token: str) -> dict[str, Any]:
        """Return what a token of this issuer and for this audience says; which kind it is of is not looked at.

        Raises:
            TokenError: with the code of the first check that failed.
        """
        return self._checked(token)[0]

    def _checked(self, token: str) -> tuple[dict[str, Any], jwt.PyJWK]:
        if len(token) > _LONGEST_TOKEN:
            raise TokenError("token_malformed")
        try:
            header = jwt.get_unverified_header(token)
        except (PyJWTError, ValueError, TypeError) as error:
            raise TokenError("token_malformed") from error
        if header.get("alg") not in ALGORITHMS:
            raise TokenError("token_algorithm_refused")
        key_id = header.get("kid")
        key = self._keys.find(key_id if isinstance(key_id, str) else None)
        if key.algorithm_name != header["alg"]:
            # A key is used with its own algorithm only, whatever the token's header asks for.
            raise TokenError("token_algorithm_refused")
        return self._claims(token, key), key

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except PyJWTError as error:
            raise TokenError(_code_of(error)) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise TokenError("token_malformed") from error

    def _subject_of(self, claims: Mapping[str, Any]) -> Subject:
        if claims.get("typ", "Bearer") != "Bearer":
            raise TokenError("token_wrong_kind")
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise TokenError("token_claim_missing")
        return Subject(
            id=subject,
            organisation=_organisation_of(claims),
            roles=strings_of(claims.get("roles")),
            assurance=_LEVELS.get(str(claims.get("acr")), "none"),
        )


def open_verifier(settings: Settings, audience: str | None = None) -> TokenVerifier:
    """Return the verifier that the settings describe: an issuer's address, else the development issuer's file.

    ``audience`` is that of the feeds unless it is given.
    """
    keys: KeySource = (
        KeyAddress(settings.token_jwks_url) if settings.token_jwks_url else KeyFile(jwks_path(settings.state_dir))
    )
    return TokenVerifier(keys, settings.token_issuer, audience or settings.token_audience)
