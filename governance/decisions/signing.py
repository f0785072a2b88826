"""The signature of a bundle, as OPA verifies it: a JWT (ES256) over the SHA-256 of every file.

Source: Open Policy Agent, "Bundles", section "Signing" (``.signatures.json``).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import der_to_raw_signature

from governance.identity.signing_keys import kept_signing_key, key_id
from governance.settings import Settings

ALGORITHM = "ES256"
KEY_FILE = "policy-bundles.pem"


def canonical(document: Any) -> bytes:
    """JSON as OPA writes it again before it hashes it: compact, keys sorted, nothing escaped but what Go escapes."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class BundleKey:
    """The installation's key for bundles; ``id`` is its JWK thumbprint."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.id = key_id(key)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The key of this installation, made at the first call.

        Raises:
            SigningKeyError: its file holds something else.
            OSError: it cannot be read or made.
        """
        return cls(kept_signing_key(settings, KEY_FILE))

    @property
    def public_pem(self) -> str:
        """The half that the engine verifies with."""
        key = self._key.public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, files: Mapping[str, bytes], scope: str) -> bytes:
        """Return ``.signatures.json`` of a bundle; one scope's signature is none of another's.

        Deterministic (RFC 6979), so that equal declarations give an equal archive and nothing is written again.
        """
        told = [
            {"name": name, "hash": hashlib.sha256(content).hexdigest(), "algorithm": "SHA-256"}
            for name, content in sorted(files.items())
        ]
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.id}
        signed = ".".join(_base64url(canonical(part)) for part in (header, {"files": told, "scope": scope}))
        der = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        token = f"{signed}.{_base64url(der_to_raw_signature(der, self._key.curve))}"
        return canonical({"signatures": [token]})
