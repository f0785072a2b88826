"""The installation's secret for pseudonyms, hashes and the journal's head: from settings, or made once.

Its own file because three things need it and none may invent its own: one key, one derivation for each use.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

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
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) < 32:
        raise ValueError(f"{path}: not a key of 32 bytes")
    return key


def derive_key(key: bytes, use: str) -> bytes:
    """A key of 32 bytes for one use; knowing it tells nothing about the others."""
    return hmac.new(key, use.encode(), hashlib.sha256).digest()


def _make(path: Path) -> None:
    """Write a new key so that of several processes at once exactly one wins, and none reads a half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
