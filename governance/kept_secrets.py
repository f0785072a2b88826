"""Secrets made once for an installation, in files that their owner alone reads."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from governance.settings import Settings


def _draft(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    # Opened with its mode, so that at no moment anybody else could read it.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return draft


def write_privately(path: Path, content: str) -> None:
    """Write a file that its owner alone reads; readers see the old content or the new, never a half."""
    _draft(path, content.encode()).replace(path)


def keep_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return what a private file holds, made at the first call.

    Of several processes at once exactly one makes it, and none reads a half.

    Raises:
        OSError: the file cannot be read or made.
    """
    if not path.exists():
        draft = _draft(path, make())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def secret_path(settings: Settings, name: str) -> Path:
    """Return where a kept secret lies, whether it was made or not."""
    return settings.state_dir / "keys" / name


def kept_secret(settings: Settings, name: str) -> str:
    """Return the secret of that name, made at the first call: 64 characters at least."""
    return keep_once(secret_path(settings, name), lambda: secrets.token_urlsafe(64).encode()).decode()
