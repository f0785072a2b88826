"""Keys that this installation signs with: one elliptic-curve key for each use, made once and kept privately."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from governance.kept_secrets import keep_once, secret_path
from governance.settings import Settings


class SigningKeyError(ValueError):
    """A key's file does not hold a key that we sign with; the message names it."""


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def kept_signing_key(settings: Settings, name: str) -> ec.EllipticCurvePrivateKey:
    """Return the key of that file name (P-256, PEM), made at the first call.

    Raises:
        SigningKeyError: the file holds something else.
        OSError: it cannot be read or made.
    """
    pem = keep_once(secret_path(settings, name), _new_key)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise SigningKeyError(f"keys/{name} holds no key; remove it and a new one is made") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningKeyError(f"keys/{name} holds no elliptic-curve key; remove it and a new one is made")
    return key


def key_id(key: ec.EllipticCurvePrivateKey) -> str:
    """Id of a key: its JWK thumbprint (RFC 7638), so that two never share one by chance."""
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    members = {name: public[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
