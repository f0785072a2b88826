"""The installation's secret for pseudonyms, hashes and the journal's head: from settings, or made once.

Its own file because three things need it and none may invent its own: one key, one derivation for each use.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from governance.kept_secrets import keep_once
from governance.settings import Settings


def key_path(settings: Settings) -> Path:
    """Where the key lies when the settings hold none."""
    return settings.state_dir / "keys" / "pseudonym.key"


def load_key(settings: Settings) -> bytes:
    """The key of ``pseudonym_key``, else of the key file, made at the first call and readable by its owner only.

    Raises:
        OSError: the file cannot be read or made.
        ValueError: the file is there and too short to be a key.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value().encode()
    path = key_path(settings)
    key = keep_once(path, lambda: secrets.token_bytes(32))
    if len(key) < 32:
        raise ValueError(f"{path}: not a key of 32 bytes")
    return key


def derive_key(key: bytes, use: str) -> bytes:
    """A key of 32 bytes for one use; knowing it tells nothing about the others."""
    return hmac.new(key, use.encode(), hashlib.sha256).digest()
