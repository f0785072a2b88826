"""The platform's Keycloak as the catalogue knows it: its addresses, and the keys that it signs with.

What is checked in a token is what ``governance/identity/tokens.py`` checks, which CKAN's environment cannot import.
"""

import threading
import time
from typing import Any

import jwt
import requests
from ckan.plugins import toolkit

CLIENT = "archipel-catalogue"
TIMEOUT = 10
"""Seconds of a question to Keycloak."""
Silent = requests.RequestException
"""What is raised where Keycloak gives no answer."""
_ALGORITHMS = ("ES256", "RS256")
_LEEWAY, _ASK_AGAIN_AFTER, _KEEP = 30, 30.0, 3600.0
"""Seconds: by which two clocks may differ; between two questions for keys that an unknown one causes, so that a flood
of forged tokens is no flood of questions; after which a key that was withdrawn is forgotten."""


def is_on() -> bool:
    """Whether there is a Keycloak to sign in at."""
    return bool(toolkit.config.get("archipel.sign_in.issuer"))


def address(which: str, what: str) -> str:
    """Address of Keycloak: as browsers see it (``issuer``), or as it is reached from here (``server``)."""
    return f"{toolkit.config[f'archipel.sign_in.{which}'].rstrip('/')}/protocol/openid-connect/{what}"


def claims_of(token: str, *needed: str) -> dict[str, Any]:
    """Return what a token says that Keycloak signed for the catalogue; of which kind it is the caller looks at.

    Raises:
        PyJWTError: algorithm, key, signature, issuer, audience or dates do not hold, or a claim is missing.
        Silent, ValueError: Keycloak does not say which keys are its own.
    """
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in _ALGORITHMS:
        raise jwt.InvalidAlgorithmError("not one of ours")
    key = _KEYS.find(header.get("kid"))
    if key.algorithm_name != header["alg"]:
        # A key is used with its own algorithm only, whatever the token's header asks for.
        raise jwt.InvalidAlgorithmError("not the key's")
    found: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=list(_ALGORITHMS),
        issuer=toolkit.config["archipel.sign_in.issuer"],
        audience=CLIENT,
        leeway=_LEEWAY,
        options={"require": ["exp", "iat", "iss", "aud", *needed]},
    )
    return found


class _Keys:
    """Keycloak's public keys, asked once, kept, and asked again when a new one appears."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str | None, jwt.PyJWK] = {}
        self._asked_at = float("-inf")

    def find(self, key_id: str | None) -> jwt.PyJWK:
        with self._lock:
            age = time.monotonic() - self._asked_at
            if age > _KEEP or (key_id not in self._known and age > _ASK_AGAIN_AFTER):
                answer = requests.get(address("server", "certs"), timeout=TIMEOUT, allow_redirects=False)
                answer.raise_for_status()
                told = jwt.PyJWKSet.from_dict(answer.json()).keys
                self._known = {key.key_id: key for key in told if key.public_key_use in (None, "sig")}
                self._asked_at = time.monotonic()
        if key_id is None or key_id not in self._known:
            raise jwt.InvalidKeyError("not one of the issuer's")
        return self._known[key_id]


_KEYS = _Keys()
