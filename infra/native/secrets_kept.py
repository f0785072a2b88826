"""Secrets made once for an installation, in files that their owner alone reads."""

import os
import secrets
from pathlib import Path

from governance.settings import Settings


def write_privately(path: Path, content: str) -> None:
    """Write a file that its owner alone reads; readers see the old content or the new, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    # Opened with its mode, so that at no moment anybody else could read it.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def secret_path(settings: Settings, name: str) -> Path:
    """Return where a kept secret lies, whether it was made or not."""
    return settings.state_dir / "keys" / name


def kept_secret(settings: Settings, name: str) -> str:
    """Return the secret of that name, made at the first call: 64 characters at least."""
    path = secret_path(settings, name)
    if not path.is_file():
        write_privately(path, secrets.token_urlsafe(64))
    return path.read_text(encoding="utf-8")
